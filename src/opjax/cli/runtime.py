"""What must be set before JAX starts."""

from __future__ import annotations

import os


def prepare_jax() -> None:
    """Ask for double precision through the environment, which JAX reads when it is first imported.

    What the person has set stands.
    """
    os.environ.setdefault("JAX_ENABLE_X64", "1")

"""What must be set before JAX starts: double precision, and one CPU device for each chain."""

from __future__ import annotations

import os


def prepare_jax(devices: int) -> None:
    """Set JAX up through the environment, which it reads when it is first imported.

    What the person has set stands.

    Arguments:
        devices: how many CPU devices to offer, so that chains run side by side.
    """
    os.environ.setdefault("JAX_ENABLE_X64", "1")
    if "xla_force_host_platform_device_count" not in os.environ.get("XLA_FLAGS", ""):
        os.environ.setdefault("JAX_NUM_CPU_DEVICES", str(max(1, devices)))

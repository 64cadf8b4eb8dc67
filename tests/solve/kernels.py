"""What the tests of one kernel share."""

from __future__ import annotations

import jax
import pytest

from opjax.solve import one_kernel

NEEDED = pytest.mark.skipif(
    jax.__version_info__[:2] > one_kernel.TESTED[1],
    reason="no kernel is made with so new a version of JAX",
)

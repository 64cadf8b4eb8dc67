"""Array namespaces: what differs between NumPy, JAX, PyTorch and the Array API standard stands here, and only here."""

from opjax.backends.base import Array as Array
from opjax.backends.base import ArrayFunction as ArrayFunction
from opjax.backends.base import Backend as Backend
from opjax.backends.base import DType as DType
from opjax.backends.base import Namespace as Namespace
from opjax.backends.base import Values as Values
from opjax.backends.registry import backend_for as backend_for
from opjax.backends.registry import backend_of as backend_of

"""opjax: write a dynamical model once, as text, and get everything from it."""

from opjax.compile.compiled import CompiledRhs as CompiledRhs
from opjax.errors import Diagnostic as Diagnostic
from opjax.errors import OpjaxError as OpjaxError
from opjax.errors import OpjaxWarning as OpjaxWarning
from opjax.model import Model as Model
from opjax.model import compile_rhs as compile_rhs
from opjax.model import compile_rhs as compile_spec
from opjax.model import from_dict as from_dict
from opjax.model import load as load
from opjax.model import loads as loads
from opjax.source import Limits as Limits

__all__ = [
    "CompiledRhs",
    "Diagnostic",
    "Limits",
    "Model",
    "OpjaxError",
    "OpjaxWarning",
    "compile_rhs",
    "compile_spec",
    "from_dict",
    "load",
    "loads",
]
__version__ = "0.1.0"

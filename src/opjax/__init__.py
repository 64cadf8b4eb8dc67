"""opjax: write a dynamical model once, as text, and get everything from it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opjax.compile.cache import cache_info as cache_info
    from opjax.compile.cache import clear_cache as clear_cache
    from opjax.compile.compiled import CompiledRhs as CompiledRhs
    from opjax.errors import Diagnostic as Diagnostic
    from opjax.errors import OpjaxError as OpjaxError
    from opjax.errors import OpjaxWarning as OpjaxWarning
    from opjax.interop.op_system import InvariantCheck as InvariantCheck
    from opjax.interop.op_system import QualificationConfig as QualificationConfig
    from opjax.interop.op_system import QualificationFixture as QualificationFixture
    from opjax.interop.op_system import QualificationReport as QualificationReport
    from opjax.interop.op_system import normalize_expr_rhs as normalize_expr_rhs
    from opjax.interop.op_system import normalize_rhs as normalize_rhs
    from opjax.interop.op_system import normalize_transitions_rhs as normalize_transitions_rhs
    from opjax.interop.op_system import qualify_rhs as qualify_rhs
    from opjax.interop.op_system import reaction_balances as reaction_balances
    from opjax.interop.op_system import validate_spec as validate_spec
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
    "InvariantCheck",
    "Limits",
    "Model",
    "OpjaxError",
    "OpjaxWarning",
    "QualificationConfig",
    "QualificationFixture",
    "QualificationReport",
    "cache_info",
    "clear_cache",
    "compile_rhs",
    "compile_spec",
    "from_dict",
    "load",
    "loads",
    "normalize_expr_rhs",
    "normalize_rhs",
    "normalize_transitions_rhs",
    "qualify_rhs",
    "reaction_balances",
    "validate_spec",
]
__version__ = "0.1.0"


if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """A public name, imported when it is first used: the compiler is a hundred modules."""
        match name:
            case "CompiledRhs":
                from opjax.compile import compiled as home
            case "Diagnostic" | "OpjaxError" | "OpjaxWarning":
                from opjax import errors as home
            case "cache_info" | "clear_cache":
                from opjax.compile import cache as home
            case "Limits":
                from opjax import source as home
            case "Model" | "compile_rhs" | "compile_spec" | "from_dict" | "load" | "loads":
                from opjax import model as home
            case _ if name in __all__:
                from opjax.interop import op_system as home
            case _:
                raise AttributeError(f"module 'opjax' has no attribute {name!r}")
        value: object = vars(home)["compile_rhs" if name == "compile_spec" else name]
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    """The public names, also before they are imported."""
    return [*globals(), *__all__]

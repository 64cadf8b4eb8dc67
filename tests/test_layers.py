"""The floors of the house, read off the source: who may import whom, budgets, and calls that user text must not reach.

`problems(root)` reads a source tree without importing it and returns sentences. The last tests give it small trees
with one defect each, so that a rule which stops working is seen.
"""

from __future__ import annotations

import ast
import io
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "opjax"

# Top to bottom. A room imports from lower floors only; rooms on one floor do not know each other.
FLOORS: tuple[frozenset[str], ...] = (
    frozenset({"__main__"}),
    frozenset({"cli"}),
    frozenset({"__init__"}),
    frozenset({"interop"}),
    frozenset({"model"}),
    frozenset({"pipelines", "infer", "show"}),
    frozenset({"solve"}),
    frozenset({"stages"}),
    frozenset({"compile", "passes", "spec"}),
    frozenset({"backends", "ir", "syntax"}),
    frozenset({"trees"}),
    frozenset({"errors"}),
    frozenset({"traverse", "source"}),
    frozenset({"records"}),
)
FLOOR_OF = {room: height for height, rooms in enumerate(reversed(FLOORS)) for room in rooms}

# Packages from elsewhere, and where they may be imported: rooms, or single modules. A package that is not in this
# table may not be imported at all; a new one also needs its reason in docs/dependencies.md.
USES_JAX = frozenset(
    {"backends/jax.py", "backends/jax_functions.py", "backends/jax_ways.py", "trees", "solve", "infer", "pipelines"}
)
HOMES: dict[str, frozenset[str]] = {
    "array_api_compat": frozenset({"backends"}),
    "arviz": frozenset({"infer"}),
    "diffrax": frozenset({"solve"}),
    "equinox": frozenset({"trees", "solve", "pipelines"}),
    "jax": USES_JAX,
    "jaxtyping": frozenset({"compile", "trees", "solve", "infer", "pipelines"}),
    "lark": frozenset({"syntax"}),
    "lineax": frozenset({"solve"}),
    "matplotlib": frozenset({"infer", "cli"}),
    "numpy": frozenset(FLOOR_OF) - {"records", "source", "traverse", "errors", "syntax", "model", "stages", "__init__"},
    "numpyro": frozenset({"infer"}),
    "optimistix": frozenset({"solve"}),
    "rich": frozenset({"cli", "infer"}),
    "ruamel": frozenset({"spec"}),
    "scipy": frozenset({"backends/numpy.py"}),
    "typer": frozenset({"cli"}),
    "xarray": frozenset({"solve", "infer"}),
}

# Calls through which text could become behaviour. Each exception is one module with its reason.
RUNS_CODE: dict[str, str] = {
    "compile/kernel.py": "runs the function that emission wrote from the typed program, with names that it made up",
    "syntax/patterns.py": "runs the function that makes the nodes of a form, with names that it made up",
}
READS_BY_NAME: dict[str, str] = {
    "stages.py": "the array library that a pickled function was compiled for",
    "syntax/nodes.py": "the field names of our own dataclasses",
    "ir/substitute.py": "the field names of our own dataclasses",
}
FORBIDDEN_CALLS = frozenset({"eval", "exec", "compile", "__import__", "sympify", "parse_expr", "lambdify"})
BY_NAME_CALLS = frozenset({"getattr", "attrgetter", "methodcaller", "import_module"})

MODULE_LINES = 400
FUNCTION_LINES = 50
PARAMETERS = 5
# A command's options are its parameters: that is how the command line is declared.
MANY_PARAMETERS = frozenset({"cli"})
SUPPRESSIONS = ("noqa", "type: ignore", "pyright:", "ruff:", "pragma: no cover", "fmt: off", "fmt: skip")


class Module(NamedTuple):
    """One file: its path inside the package, its room, its text and syntax tree."""

    path: str
    room: str
    text: str
    tree: ast.Module


class Import(NamedTuple):
    """One imported module, as a dotted name, and the line that says so."""

    name: str
    line: int


def modules(root: Path) -> list[Module]:
    found: list[Module] = []
    for file in sorted(root.rglob("*.py")):
        path = file.relative_to(root).as_posix()
        text = file.read_text(encoding="utf-8")
        found.append(Module(path, path.split("/")[0].removesuffix(".py"), text, ast.parse(text, path)))
    return found


def imports(module: Module) -> Iterator[Import]:
    """Every import of a module: at the top, inside functions, under TYPE_CHECKING, and by a constant name."""
    package = ["opjax", *module.path.split("/")[:-1]]
    for node in ast.walk(module.tree):
        match node:
            case ast.Import(names=names):
                yield from (Import(alias.name, node.lineno) for alias in names)
            case ast.ImportFrom(module=name, names=names, level=level):
                above = ".".join(package[: len(package) - level + 1]) if level else ""
                base = ".".join(part for part in (above, name) if part)
                # `from opjax import syntax` imports opjax.syntax; `from opjax.syntax import X` imports opjax.syntax
                yield from (Import(f"{base}.{alias.name}" if base == "opjax" else base, node.lineno) for alias in names)
            case ast.Call(func=func, args=[ast.Constant(value=str(name)), *_]) if _called(func) == "import_module":
                yield Import(name, node.lineno)
            case _:
                pass


def _called(func: ast.expr) -> str:
    """The name that is called: of a plain name, of `builtins.name`, and of a few functions of modules."""
    match func:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id="builtins" | "importlib" | "operator" | "sympy"), attr=name):
            return name
        case _:
            return ""


def target_room(name: str) -> str | None:
    """The room that a dotted name of this package lies in; None for other packages."""
    parts = name.split(".")
    if parts[0] != "opjax":
        return None
    return parts[1] if len(parts) > 1 and parts[1] in FLOOR_OF else "__init__"


def floor_problems(module: Module) -> Iterator[str]:
    if module.room not in FLOOR_OF:
        yield f"{module.path}: the room '{module.room}' stands on no floor: add it to FLOORS"
        return
    for name, line in imports(module):
        room = target_room(name)
        if room is None:
            yield from package_problems(module, name, line)
        elif room != module.room and FLOOR_OF[room] >= FLOOR_OF[module.room]:
            side = "beside" if FLOOR_OF[room] == FLOOR_OF[module.room] else "above"
            yield f"{module.path}:{line}: '{module.room}' imports '{room}', which is {side} it"


def package_problems(module: Module, name: str, line: int) -> Iterator[str]:
    package = name.partition(".")[0]
    if package in sys.stdlib_module_names:
        return
    homes = HOMES.get(package)
    if homes is None:
        yield f"{module.path}:{line}: '{package}' is not a dependency: give it a reason and a home"
    elif module.room not in homes and module.path not in homes:
        yield f"{module.path}:{line}: '{package}' is imported outside its home ({', '.join(sorted(homes))})"


def call_problems(module: Module) -> Iterator[str]:
    if module.path not in RUNS_CODE:
        yield from code_calls(module)
    if module.path not in READS_BY_NAME:
        yield from by_name_calls(module)


def code_calls(module: Module) -> Iterator[str]:
    for node in calls(module):
        name = _called(node.func)
        if name in FORBIDDEN_CALLS:
            yield f"{module.path}:{node.lineno}: {name}() could run text"


def by_name_calls(module: Module) -> Iterator[str]:
    for node in calls(module):
        name = _called(node.func)
        chosen = node.args[1:2] if name == "getattr" else node.args[:1]
        if name in BY_NAME_CALLS and not all(isinstance(argument, ast.Constant) for argument in chosen):
            yield f"{module.path}:{node.lineno}: {name}() with a name that is not written in the code"


def calls(module: Module) -> Iterator[ast.Call]:
    return (node for node in ast.walk(module.tree) if isinstance(node, ast.Call))


def budget_problems(module: Module) -> Iterator[str]:
    lines = module.text.count("\n")
    if lines > MODULE_LINES:
        yield f"{module.path}: {lines} lines, more than {MODULE_LINES}"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = function_lines(node)
            if length > FUNCTION_LINES:
                yield f"{module.path}:{node.lineno}: {node.name} has {length} lines, more than {FUNCTION_LINES}"
            count = parameter_count(node)
            if count > PARAMETERS and module.room not in MANY_PARAMETERS:
                yield f"{module.path}:{node.lineno}: {node.name} has {count} parameters, more than {PARAMETERS}"


def function_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The lines of a function without its decorators and its docstring: those may be as long as they need."""
    last = node.end_lineno or node.lineno
    docstring = node.body[0] if ast.get_docstring(node, clean=False) is not None else None
    return last - node.lineno + 1 - ((docstring.end_lineno or 0) - docstring.lineno + 1 if docstring else 0)


def parameter_count(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    arguments = node.args
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return len(names) - (names[:1] in (["self"], ["cls"]))


def suppression_problems(module: Module) -> Iterator[str]:
    if not any(word in module.text for word in SUPPRESSIONS):
        return
    for token in tokenize.generate_tokens(io.StringIO(module.text).readline):
        if token.type == tokenize.COMMENT and any(word in token.string for word in SUPPRESSIONS):
            yield f"{module.path}:{token.start[0]}: a lint is silenced: {token.string}"


RULES = (floor_problems, call_problems, budget_problems, suppression_problems)


def problems(root: Path) -> list[str]:
    return [problem for module in modules(root) for rule in RULES for problem in rule(module)]


# --- this project


@pytest.fixture(scope="module")
def house() -> list[Module]:
    """All modules of opjax, parsed once."""
    return modules(SOURCE)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__.removesuffix("_problems"))
def test_the_house_stands(house: list[Module], rule) -> None:
    found = [problem for module in house for problem in rule(module)]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(("table", "rule"), [(RUNS_CODE, code_calls), (READS_BY_NAME, by_name_calls)])
def test_every_exception_is_still_needed(house: list[Module], table: dict[str, str], rule) -> None:
    """An allowance for a module that is gone, or that no longer needs it, is a hole."""
    needed = {module.path for module in house if any(rule(module))}
    assert needed == set(table)


ARRAY_FRAMEWORKS = ("numpy", "jax", "jaxlib", "torch", "scipy", "xarray", "pandas")
HEAVY = (*ARRAY_FRAMEWORKS, "diffrax", "equinox", "numpyro", "arviz", "matplotlib", "sympy", "typer", "rich")


def run_python(code: str) -> str:
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(SOURCE.parent)!r})\n{code}"]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


def test_import_opjax_loads_no_framework() -> None:
    loaded = run_python(f"import opjax; print(*[name for name in {HEAVY!r} if name in sys.modules])")
    assert loaded.split() == []


# --- the rules can fail


def tree(root: Path, **files: str) -> Path:
    """A small package: keyword `a__b` is the file a/b.py."""
    for name, text in files.items():
        file = root / (name.replace("__", "/", 1) + ".py" if not name.startswith("__") else f"{name}.py")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return root


LONG_FUNCTION = "def f():\n" + "    x = 1\n" * 50
LONG_DOCSTRING = 'def f():\n    """One.\n' + "    more\n" * 60 + '    """\n    return 1\n'

BAD = {
    "upward": ({"source": "import opjax.errors\n"}, "'source' imports 'errors', which is above it"),
    "upward by from": ({"ir__a": "from opjax.compile.emit import f\n"}, "'ir' imports 'compile', which is above it"),
    "from the package": ({"ir__a": "from opjax import spec\n"}, "'ir' imports 'spec', which is above it"),
    "the package itself": ({"solve__a": "import opjax\n"}, "'solve' imports '__init__', which is above it"),
    "sibling": ({"spec__a": "from opjax.passes import run\n"}, "'spec' imports 'passes', which is beside it"),
    "sibling below": ({"traverse": "import opjax.source\n"}, "'traverse' imports 'source', which is beside it"),
    "inside a function": ({"ir__a": "def f():\n    import opjax.stages\n"}, "a.py:2: 'ir' imports 'stages'"),
    "for types only": (
        {"ir__a": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from opjax.model import Model\n"},
        "a.py:3: 'ir' imports 'model'",
    ),
    "relative": ({"ir__a": "from ..compile import emit\n"}, "'ir' imports 'compile'"),
    "relative to the package": ({"ir__a": "from .. import compile\n"}, "'ir' imports 'compile'"),
    "by a constant name": ({"ir__a": "import importlib\nimportlib.import_module('opjax.solve')\n"}, "imports 'solve'"),
    "a room without a floor": ({"attic__a": "x = 1\n"}, "the room 'attic' stands on no floor"),
    "framework": ({"compile__a": "import jax.numpy as jnp\n"}, "'jax' is imported outside its home"),
    "framework in a function": ({"spec__a": "def f():\n    import numpyro\n"}, "'numpyro' is imported outside its"),
    "wrong backend": ({"backends__numpy": "import jax\n"}, "'jax' is imported outside its home"),
    "never": ({"compile__a": "import sympy\n"}, "'sympy' is not a dependency"),
    "eval": ({"ir__a": "eval('1')\n"}, "eval() could run text"),
    "builtins": ({"ir__a": "import builtins\nbuiltins.exec('1')\n"}, "exec() could run text"),
    "getattr": ({"ir__a": "def f(x, name):\n    return getattr(x, name)\n"}, "getattr() with a name that is not"),
    "import by name": (
        {"ir__a": "from importlib import import_module\nimport_module(input())\n"},
        "import_module() with a",
    ),
    "long module": ({"ir__a": "x = 1\n" * 401}, "401 lines, more than 400"),
    "long function": ({"ir__a": LONG_FUNCTION}, "f has 51 lines, more than 50"),
    "many parameters": ({"ir__a": "def f(a, b, c, d, *, e, g): ...\n"}, "f has 6 parameters, more than 5"),
    "suppression": ({"ir__a": "x = 1  # no" + "qa\n"}, "a lint is silenced"),
}


@pytest.mark.parametrize(("files", "sentence"), BAD.values(), ids=BAD)
def test_a_bad_tree_is_caught(tmp_path: Path, files: dict[str, str], sentence: str) -> None:
    found = problems(tree(tmp_path, **files))
    assert len(found) == 1
    assert sentence in found[0]


def test_a_good_tree_has_no_problems(tmp_path: Path) -> None:
    good = tree(
        tmp_path,
        __init__="from opjax.model import Model as Model\n",
        cli__main="import typer\nimport opjax\ndef fit(a, b, c, d, e, f, g): ...\n",
        model="from opjax import stages\n",
        compile__kernel="from opjax.ir.nodes import f\nimport numpy as np\nexec('')\nx = {}\ngetattr(x, 'items')\n",
        ir__nodes="from opjax.ir import types\nfrom . import printer\nimport re\nre.compile('')\n" + LONG_DOCSTRING,
        backends__jax="import jax\n",
        syntax__a="x = '# noqa is text here'\ndef f(self, a, b, c, d, e): ...\n",
    )
    assert problems(good) == []

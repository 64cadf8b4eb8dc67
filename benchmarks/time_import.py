"""How long does `import opjax` take, and what does it load?

Fresh processes in turns with an empty one. Aim: under 0.3 s, and no array framework. Public names are imported when
they are first used, so `import opjax` alone says little: the row of `loads` is what a program that reads a model pays.
`opjax --help` is the first thing that a person sees of the command line; `opjax check` on a model of 100 lines should
take less than a second in all. Every process finds the bytecode of an installed package, which the first one writes.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import harness

COMMAND = "import sys; from opjax.cli import main;"
STATEMENTS = {
    "nothing": "pass",
    "import opjax": "import opjax",
    "from opjax import loads": "from opjax import loads",
    "import numpy": "import numpy",
    "import jax": "import jax",
    "opjax --help": f"{COMMAND} sys.argv = ['opjax', '--help']; main()",
    "opjax check, 100 lines": f"{COMMAND} sys.argv = ['opjax', 'check', 'chain.ojx']; main()",
}
FRAMEWORKS = ("numpy", "scipy", "jax", "torch", "xarray", "diffrax", "numpyro", "matplotlib")
LOADED = f"import sys, opjax; opjax.loads; print(*[name for name in {FRAMEWORKS!r} if name in sys.modules])"


def chain() -> str:
    """A model of 100 lines: a chain of 32 states with saturated rates."""
    parameters = [f"    k{i} = 0.{i + 1}" for i in range(31)]
    states = [f"    x{i} = {i + 1}" for i in range(32)]
    flows = [f"    x{i} -> x{i + 1} @ k{i}*x{(i + 3) % 32}/(1 + x{i + 1})" for i in range(31)]
    parts = ["model Chain:", "  # a chain of saturated steps", "  params:", *parameters, "  states:", *states]
    return "\n".join([*parts, "  dynamics:", *flows, "    # its last state stays", ""])


def run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh process, in a folder that keeps bytecode."""
    own = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    own["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")
    if "PYTHONPATH" in own:
        own["PYTHONPATH"] = os.pathsep.join(str(Path(part).resolve()) for part in own["PYTHONPATH"].split(os.pathsep))
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder, env=own)


def main() -> None:
    """Measure and write the page."""
    page = harness.Page(__file__, __doc__ or "")
    with tempfile.TemporaryDirectory() as name:
        measure(page, Path(name))
    page.finish()


def measure(page: harness.Page, folder: Path) -> None:
    """Time the processes in turns."""
    (folder / "chain.ojx").write_text(chain(), encoding="utf-8")
    seconds: dict[str, list[float]] = {name: [] for name in STATEMENTS}
    for code in STATEMENTS.values():
        run(code, folder)
    for _ in range(1 if page.quick else 15):
        for name, code in STATEMENTS.items():
            seconds[name].append(harness.once(lambda code=code: run(code, folder)))
    empty = statistics.median(seconds["nothing"])
    rows = []
    for name, values in seconds.items():
        median = statistics.median(values)
        rows.append([name, harness.milliseconds(median), harness.milliseconds(max(0.0, median - empty))])
    page.table("Milliseconds of a process", ["statement", "whole process", "without the interpreter"], rows)
    loaded = run(LOADED, folder)
    page.note(f"Array frameworks loaded by `from opjax import loads`: {loaded.stdout.strip() or 'none'}.")


if __name__ == "__main__":
    main()

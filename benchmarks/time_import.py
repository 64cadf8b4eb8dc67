"""How long does `import opjax` take, and what does it load?

Fresh processes in turns with an empty one. Aim: under 0.3 s, and no array framework. Public names are imported when
they are first used, so `import opjax` alone says little: the row of `loads` is what a program that reads a model pays.
`opjax --help` is the first thing that a person sees of the command line.
"""

from __future__ import annotations

import statistics
import subprocess
import sys

import harness

STATEMENTS = {
    "nothing": "pass",
    "import opjax": "import opjax",
    "from opjax import loads": "from opjax import loads",
    "import numpy": "import numpy",
    "import jax": "import jax",
    "opjax --help": "import sys; sys.argv = ['opjax', '--help']; from opjax.cli import main; main()",
}
FRAMEWORKS = ("numpy", "scipy", "jax", "torch", "xarray", "diffrax", "numpyro", "matplotlib")
LOADED = f"import sys, opjax; opjax.loads; print(*[name for name in {FRAMEWORKS!r} if name in sys.modules])"


def run(code: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh process."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)


def main() -> None:
    """Measure and write the page."""
    page = harness.Page(__file__, __doc__ or "")
    seconds: dict[str, list[float]] = {name: [] for name in STATEMENTS}
    for _ in range(3 if page.quick else 15):
        for name, code in STATEMENTS.items():
            seconds[name].append(harness.once(lambda code=code: run(code)))
    empty = statistics.median(seconds["nothing"])
    rows = []
    for name, values in seconds.items():
        median = statistics.median(values)
        rows.append([name, harness.milliseconds(median), harness.milliseconds(max(0.0, median - empty))])
    page.table("Milliseconds of a process", ["statement", "whole process", "without the interpreter"], rows)
    loaded = run(LOADED)
    page.note(f"Array frameworks loaded by `from opjax import loads`: {loaded.stdout.strip() or 'none'}.")
    page.finish()


if __name__ == "__main__":
    main()

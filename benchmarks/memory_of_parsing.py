"""How much memory and time does a model of 1 MB take to parse, to check and to compile?

The models are made for the purpose: many small equations, few large ones, one huge sum. Each is read in a fresh
process; memory is the process' peak above what it had after its imports.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import harness

SIZE = 2**20
CHILD = """
import json, resource, sys, time
import numpy, opjax
opjax.compile_rhs("model M:\\n  states:\\n    x = 1\\n  dynamics:\\n    x' = -x\\n", xp=numpy)
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before, start = peak(), time.perf_counter()
model = opjax.load(sys.argv[1])
loaded, read = peak(), time.perf_counter()
opjax.compile_rhs(model, xp=numpy)
print(json.dumps([read - start, time.perf_counter() - read, loaded - before, peak() - before]))
"""


def many_equations(size: int) -> str:
    """A ring of states, each with its own short equation."""
    count = size // 60
    states = "".join(f"    x{i} = 1\n" for i in range(count))
    equations = "".join(f"    x{i}' = k*(x{(i + 1) % count} - x{i}) - x{i}^2\n" for i in range(count))
    return f"model Ring:\n  params:\n    k = 1\n  states:\n{states}  dynamics:\n{equations}"


def long_equations(size: int) -> str:
    """Ten states, each with a sum of thousands of terms."""
    count = size // 10 // 18
    states = "".join(f"    x{i} = 1\n" for i in range(10))
    terms = [[f"{1 + j / 8}*x{(i + j) % 10}*exp(-k)" for j in range(count)] for i in range(10)]
    equations = "".join(f"    x{i}' = {' + '.join(row)}\n" for i, row in enumerate(terms))
    return f"model Long:\n  params:\n    k = 1\n  states:\n{states}  dynamics:\n{equations}"


def one_sum(size: int) -> str:
    """One equation that is a single sum."""
    terms = " + ".join(["k*x"] * (size // 6))
    return f"model Sum:\n  params:\n    k = 1\n  states:\n    x = 1\n  dynamics:\n    x' = {terms}\n"


MODELS: dict[str, Callable[[int], str]] = {
    "many short equations": many_equations,
    "ten long equations": long_equations,
    "one sum": one_sum,
}


def row(name: str, text: str, folder: Path) -> list[str]:
    """One line of the table."""
    file = folder / "model.ojx"
    file.write_text(text, encoding="utf-8")
    command = [sys.executable, "-c", CHILD, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name}: {done.stderr}")
    load_seconds, compile_seconds, loaded, compiled = json.loads(done.stdout)
    kilobyte = 1 if sys.platform == "darwin" else 1024  # what the system counts in
    memory = [f"{value * kilobyte / 2**20:.0f}" for value in (loaded, compiled)]
    return [name, f"{len(text) / 2**20:.2f}", f"{load_seconds:.2f}", memory[0], f"{compile_seconds:.2f}", memory[1]]


def main() -> None:
    """Measure and write the page."""
    page = harness.Page(__file__, __doc__ or "")
    size = SIZE // 16 if page.quick else SIZE
    with tempfile.TemporaryDirectory() as folder:
        rows = [row(name, make(size), Path(folder)) for name, make in MODELS.items()]
    columns = ["model", "text, MB", "load, s", "peak, MB", "compile, s", "peak after it, MB"]
    page.table("", columns, rows)
    page.finish()


if __name__ == "__main__":
    main()

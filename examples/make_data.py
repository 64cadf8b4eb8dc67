"""The synthetic data of the examples: weekly cases for sir.ojx, population and contacts for seir_age.ojx.

Run it to write sir.csv anew and to print the arrays that seir_age.ojx and seir_age.yaml contain.
Only NumPy and SciPy are used, so the data do not depend on what they are used to check.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.integrate import solve_ivp

HERE = Path(__file__).parent

# The truth behind sir.csv, by the names of sir.ojx.
SIR = {"N0": 1e6, "beta": 0.35, "gamma": 0.175, "i0": 2e-4, "rho": 0.25, "k": 20.0}
WEEKS = 20

AGES = [f"{low}-{low + 4}" for low in range(0, 75, 5)] + ["75+"]
POPULATION = np.array([550, 570, 590, 600, 620, 650, 680, 690, 680, 660, 670, 650, 600, 540, 450, 800]) * 1000.0


def sir_cases() -> np.ndarray:
    """Reported cases of each week, shape (WEEKS,): infections times rho, with negative binomial noise."""

    def derivative(_: float, y: np.ndarray) -> list[float]:
        susceptible, infected, _ = y
        infection = SIR["beta"] * susceptible * infected / SIR["N0"]
        return [-infection, infection - SIR["gamma"] * infected, infection]

    weeks = 7.0 * np.arange(WEEKS + 1)
    start = [SIR["N0"] * (1 - SIR["i0"]), SIR["N0"] * SIR["i0"], 0.0]
    run = solve_ivp(derivative, (0, weeks[-1]), start, t_eval=weeks, rtol=1e-10, atol=1e-8)
    mean = SIR["rho"] * np.diff(run.y[2])
    return np.random.default_rng(2020).negative_binomial(SIR["k"], SIR["k"] / (SIR["k"] + mean))


def contact_matrix() -> np.ndarray:
    """Contacts per day of a person of one age (row) with people of another (column), shape (16, 16).

    A sum of what contact surveys see: people of the same age, parents and children, school classes, colleagues.
    Every part is symmetric per pair of people, so all contacts are reciprocal but for the rounding.
    """
    middle = np.arange(len(AGES)) * 5 + 2.5
    gap = np.abs(middle[:, None] - middle)
    school = ((middle > 5) & (middle < 20)).astype(float)
    work = ((middle > 20) & (middle < 65)).astype(float)
    per_pair = (
        0.25
        + 1.6 * np.exp(-gap / 6)
        + 0.9 * np.exp(-0.5 * ((gap - 28) / 6) ** 2)
        + 5.0 * np.outer(school, school) * np.exp(-gap / 2.5)
        + 0.45 * np.outer(work, work)
    )
    return np.round(per_pair * POPULATION / POPULATION.mean(), 2)


def main() -> None:
    """Write sir.csv and print the arrays of seir_age."""
    lines = [f"{7 * (week + 1)},{cases}" for week, cases in enumerate(sir_cases())]
    (HERE / "sir.csv").write_text("\n".join(["time,cases", *lines, ""]), encoding="utf-8")
    print("Npop:", [int(n) for n in POPULATION])
    print("C:")
    for row in contact_matrix():
        print("  [" + ", ".join(f"{value:.2f}" for value in row) + "],")


if __name__ == "__main__":
    main()

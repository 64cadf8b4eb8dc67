"""A picture of a solution: a panel for each state, a line for each of its cells."""

from __future__ import annotations

import math
from typing import Any

MOST_PANELS = 16
"""States that are drawn; more could not be read."""
MOST_LINES = 60
"""Cells of one state that are drawn, evenly chosen among all."""
MOST_NAMED = 8
"""Lines that have a name each; of more, the first and the last have, and colours go from dark to light."""


def states_figure(states: Any) -> Any:
    """A solution over time.

    Arguments:
        states: an xarray dataset whose variables have the dimension ``time`` and those of their axes.

    Returns:
        A matplotlib figure with one panel for each state.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    names = [str(name) for name in states.data_vars]
    shown = names[:MOST_PANELS]
    columns = 1 if len(shown) == 1 else 2 if len(shown) <= 4 else 3 if len(shown) <= 9 else 4
    rows = math.ceil(len(shown) / columns)
    figure: Any = Figure(figsize=(6.0 if columns == 1 else 4.6 * columns, 0.6 + 2.6 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(rows, columns, sharex=True, squeeze=False).flat
    for place, ax in enumerate(panels):
        if place >= len(shown):
            ax.set_visible(False)
            continue
        _draw(ax, states[shown[place]])
        last = place + columns >= len(shown)
        ax.tick_params(labelbottom=last)
        ax.set_xlabel(_with_unit("time", states["time"]) if last else "")
    left_out = f" ({MOST_PANELS} of {len(names)} states)" if len(names) > MOST_PANELS else ""
    figure.suptitle(f"{states.attrs.get('model', '')}{left_out}", x=0.01, ha="left")
    return figure


def _draw(ax: Any, state: Any) -> None:
    """The lines of a state, with names or with colours in their order."""
    from matplotlib import colormaps

    values = state.transpose("time", ...)
    axes: list[list[object]] = [values[axis].values.tolist() for axis in values.dims[1:]]
    count = math.prod(len(labels) for labels in axes)
    flat = values.values.reshape(values.shape[0], count)
    most = min(count, MOST_LINES)
    chosen = sorted({round(k * (count - 1) / max(1, most - 1)) for k in range(most)})
    few = len(chosen) <= MOST_NAMED
    for place, cell in enumerate(chosen):
        name = _cell_name(cell, axes) if few or cell in (0, count - 1) else "_"
        colour = f"C{place}" if few else colormaps["viridis"](0.95 * place / (len(chosen) - 1))
        ax.plot(values["time"].values, flat[:, cell], color=colour, label=name, linewidth=1.3)
    if len(chosen) > 1:
        title = ", ".join(map(str, values.dims[1:])) + ("" if few else f"\n(first and last of {count})")
        ax.legend(title=title, loc="center left", bbox_to_anchor=(1, 0.5), frameon=False, fontsize=8, title_fontsize=8)
    ax.set_title(_with_unit(str(state.name), state), loc="left", fontsize=10)
    ax.spines[["top", "right"]].set_visible(False)


def _cell_name(cell: int, axes: list[list[object]]) -> str:
    """The labels of a cell, the last axis fastest."""
    found: list[str] = []
    for labels in reversed(axes):
        cell, place = divmod(cell, len(labels))
        found.insert(0, _label(labels[place]))
    return ", ".join(found)


def _label(point: object) -> str:
    return f"{point:g}" if isinstance(point, float) else str(point)


def _with_unit(name: str, values: Any) -> str:
    unit = values.attrs.get("units", "")
    return f"{name} ({unit})" if unit else name

"""Pictures of a posterior; the one module that draws."""

from __future__ import annotations

import itertools
import math
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from opjax.compile.arguments import refuse
from opjax.errors import catalogue
from opjax.infer.schedule import uses_incidence

if TYPE_CHECKING:
    from opjax.infer.posterior import Posterior

MOST_PANELS = 16
"""Cells of one observation that are drawn; more could not be read."""
CURVE_POINTS = 200
CURVE_DRAWS = 250
"""Times, and draws of each chain, that a curve between the observations is computed from."""
BANDS = ((0.05, 0.95, 0.18), (0.25, 0.75, 0.34))
"""Quantiles and opacity of the bands, the widest first."""
NEAR_ZERO = 0.5
"""What is never below zero is drawn from zero on, unless all of it lies above this part of the panel."""
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
"""One for each observation; told apart by people who see fewer colours too (Okabe and Ito 2008)."""
INK = "#333333"
LONG_UNITS = frozenset({"second", "minute", "hour", "day", "week", "month", "year"})
"""Units of time that are words, which have a plural."""


@dataclass(slots=True, eq=False)
class Panel:
    """One cell of one observation.

    Arguments:
        title: its name.
        times, data: what was observed, nan where nothing was.
        at, draws: the times of the predictions, and the predictions, shape [sets, times].
        colour: of line and bands.
    """

    title: str
    times: np.ndarray
    data: np.ndarray
    at: np.ndarray
    draws: np.ndarray
    colour: str


def predictive_figure(posterior: Posterior, path: str | os.PathLike[str] | None = None) -> Any:
    """The data against what the posterior predicts: median and central intervals of 50 % and 90 % for new observations.

    Arguments:
        posterior: of a fit.
        path: where to save the figure; None: nowhere.

    Returns:
        A matplotlib figure with one panel for each observation and cell.

    Raises:
        OpjaxError: E0906 if matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as missing:
        raise refuse(catalogue.MISSING_EXTRA, package="matplotlib", extra="plot") from missing
    panels = _panels(posterior)
    columns = columns_for(len(panels))
    rows = math.ceil(len(panels) / columns)
    size = (8.0 if columns == 1 else 4.6 * min(columns, 3), 1.0 + (2.6 if columns == 1 else 2.1) * rows)
    figure: Any = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, sharex=True, squeeze=False)
    for place, ax in enumerate(axes.flat):
        if place < len(panels):
            _draw(ax, panels[place])
            last = place + columns >= len(panels)
            ax.tick_params(labelbottom=last)
            ax.set_xlabel(_time_label(posterior) if last else "", fontsize=9, color=INK)
        else:
            ax.set_visible(False)
    _frame(figure, axes[0, 0], posterior)
    if path is not None:
        figure.savefig(os.fspath(path), dpi=150)
    return figure


def columns_for(count: int) -> int:
    """How many panels stand side by side: few rows, and no panel alone in one."""
    if count <= 3:
        return 1
    return 2 if count == 4 else 3 if count in (5, 6, 9) else 4


def _frame(figure: Any, first: Any, posterior: Posterior) -> None:
    """Title and legend."""
    system = posterior.model.system
    sizes = posterior.draws.sizes
    figure.suptitle(system.doc.rstrip(".") or system.name, x=0.01, ha="left", fontsize=12, color=INK)
    handles, labels = first.get_legend_handles_labels()
    handles = [_as_drawn(handle, place) for place, handle in enumerate(handles)]
    title = f"new observations as {sizes['chain'] * sizes['draw']} draws of the posterior predict them"
    title += _not_shown(posterior)
    style = {"frameon": False, "fontsize": 8, "title_fontsize": 8}
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), title=title, **style)


def _as_drawn(handle: Any, place: int) -> Any:
    """The sign of a band in the legend, as dark as the band over the wider ones."""
    from matplotlib.patches import Patch

    if place >= len(BANDS):
        return handle
    clear = math.prod(1 - opacity for _, _, opacity in BANDS[: place + 1])
    return Patch(facecolor=handle.get_facecolor()[0][:3], alpha=1 - clear, linewidth=0)


def _not_shown(posterior: Posterior) -> str:
    """What the panels leave out, in words."""
    found: list[str] = []
    for name, own in posterior.model.observed.items():
        cells = math.prod(own.shape[1:])
        if cells > MOST_PANELS:
            found.append(f"; {MOST_PANELS} of the {cells} cells of {name}")
    return "".join(found)


def _time_label(posterior: Posterior) -> str:
    """Such as ``time (days since 2020-03-01)``."""
    system = posterior.model.system
    unit = f"{system.time_unit}s" if system.time_unit in LONG_UNITS else system.time_unit
    since = f"since {system.time_origin}" if system.time_origin else ""
    inside = " ".join(part for part in (unit, since) if part)
    return f"time ({inside})" if inside else "time"


def _draw(ax: Any, panel: Panel) -> None:
    from matplotlib.ticker import MaxNLocator

    for low, high, opacity in BANDS:
        edges = np.nanquantile(panel.draws, (low, high), axis=0)
        name = f"{100 * (high - low):.0f} % interval"
        ax.fill_between(panel.at, *edges, color=panel.colour, alpha=opacity, linewidth=0, label=name)
    middle = np.nanmedian(panel.draws, axis=0)
    ax.plot(panel.at, middle, color=panel.colour, linewidth=1.5, label="median")
    ax.plot(panel.times, panel.data, "o", color=INK, markersize=3.5, label="data", clip_on=False, zorder=3)
    ax.set_title(panel.title, loc="left", fontsize=10, color=INK)
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(colors=INK, labelsize=8)
    ax.margins(x=0.02)
    if np.array_equal(panel.times, np.round(panel.times)):
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    if begins_at_zero(panel):
        ax.set_ylim(0, _top(panel))


def begins_at_zero(panel: Panel) -> bool:
    """Whether zero belongs into a panel: nothing is below it, and something comes near."""
    lowest = min(float(np.nanmin(panel.data)), float(np.nanmin(np.nanquantile(panel.draws, BANDS[0][0], axis=0))))
    return bool(np.nanmin(panel.draws) >= 0) and lowest < NEAR_ZERO * _top(panel)


def _top(panel: Panel) -> float:
    """The upper end of a panel: room for the data and for the widest band, not for its last spike."""
    highest = np.nanquantile(panel.draws, BANDS[0][1], axis=0)
    usual = float(np.nanquantile(highest, 0.98)) * 1.3
    return 1.08 * max(float(np.nanmax(panel.data)), min(float(np.nanmax(highest)), usual), 1e-300)


def _panels(posterior: Posterior) -> list[Panel]:
    """The panels in the order of the model."""
    observations = posterior.model.system.observations
    curves = _curves(posterior)
    panels: list[Panel] = []
    for place, name in enumerate(posterior.model.observed):
        predicted = curves[name] if name in curves else posterior.tree["posterior_predictive"].to_dataset()[name]
        data = posterior.tree["observed_data"].to_dataset()[name]
        own_time, curve_time = str(data.dims[0]), str(predicted.dims[2])
        axes = [str(dim) for dim in data.dims[1:]]
        labels = [[f"{p:g}" if isinstance(p, float) else str(p) for p in data[axis].values.tolist()] for axis in axes]
        cells = itertools.product(*(range(len(own)) for own in labels))
        for cell in itertools.islice(cells, MOST_PANELS):
            shown = ", ".join(own[where] for own, where in zip(labels, cell, strict=True))
            draws = np.asarray(predicted.values, float).reshape(-1, *predicted.shape[2:])
            panels.append(
                Panel(
                    title=f"{name}[{shown}]" if cell else observations[name].doc or name,
                    times=np.asarray(data[own_time].values),
                    data=np.asarray(data.values)[(slice(None), *cell)],
                    at=np.asarray(predicted[curve_time].values),
                    draws=draws[(slice(None), slice(None), *cell)],
                    colour=COLOURS[place % len(COLOURS)],
                )
            )
    return panels


def _curves(posterior: Posterior) -> dict[str, Any]:
    """Predictions between the observations, where an observation is not what has flowed since the one before."""
    model = posterior.model
    if any(uses_incidence(model.system.observations[name]) for name in model.observed):
        return {}
    times = np.linspace(float(model.when.times[0]), float(model.when.times[-1]), CURVE_POINTS)
    dataset = posterior.curves(times, draws=max(1, CURVE_DRAWS // posterior.draws.sizes["chain"]))
    return {name: dataset[name] for name in model.observed}

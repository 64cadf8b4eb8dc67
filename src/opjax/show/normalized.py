"""The derivatives and aliases of a model as text by name, as op_system's normalized form has them."""

from __future__ import annotations

from collections.abc import Mapping

from opjax.ir.system import Alias, System
from opjax.show.naming import Named, alias_names, taken_names, with_shared
from opjax.show.plain import Plain
from opjax.show.writer import Writer


def equations(system: System) -> dict[str, str]:
    """The derivative of each state, with the aliases of the model by their names: ``{"S": "-beta*S*I/N"}``."""
    writer = _writer(system)
    return {_declared(s.name, s.axes): writer.write(system.rates[s.name]).text for s in system.states.values()}


def aliases(system: System) -> dict[str, str]:
    """What each alias of the model stands for."""
    writer = _writer(system)
    return {_declared(a.name, a.axes): writer.define(a.value).text for a in system.aliases.values()}


def _writer(system: System) -> Writer:
    known: Mapping[str, Alias] = system.aliases
    roots = [*(alias.value for alias in known.values()), *system.rates.values()]
    names: dict[int, Named] = with_shared(system, alias_names(system), roots)
    own = {named.name for named in alias_names(system).values()}
    return Writer(system, Plain(taken_names(system)), {n: named for n, named in names.items() if named.name in own})


def _declared(name: str, axes: tuple[str, ...]) -> str:
    return f"{name}[{', '.join(axes)}]" if axes else name

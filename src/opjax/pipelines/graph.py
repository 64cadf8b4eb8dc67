"""Operators whose values are used in several places: a tuple of operators, and a plan of who calls whom."""

from __future__ import annotations

import graphlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

from opjax.pipelines.arguments import check_operator
from opjax.pipelines.node import Input, Node
from opjax.pipelines.operator import Operator, static
from opjax.pipelines.sharing import refuse_shared
from opjax.pipelines.untyped import jax


class Step(NamedTuple):
    """One call: the place of its operator, the values that it takes, and their places in its arguments."""

    slot: int
    numbers: tuple[int, ...]
    structure: Any


class Graph(Operator):
    """Operators with several inputs and outputs, where a value is used as often as it is needed.

    Each distinct operator stands in it once, so an operator that is called twice has one set of parameters, and its
    gradients add up; each value is computed once. Values are numbered: first the inputs, then the steps.

    Write one with `Graph.build`; the arguments below are what files hold.

    Arguments:
        operators: the distinct operators.
        plan: the calls in order, each ``{"call": slot, "args": [...], "kwargs": {...}}``; an argument is the number of
            an earlier value, or a tuple, list or mapping of such numbers.
        inputs: the names of the inputs.
        outputs: the number of each output, by name; or one number, and the result is that value itself.

    Raises:
        ValueError: for a number that stands for no earlier value.
    """

    operators: tuple[Operator, ...]
    plan: tuple[Step, ...] = static()
    inputs: tuple[str, ...] = static()
    outputs: tuple[tuple[str, int], ...] | int = static()

    def __init__(
        self,
        operators: Sequence[Operator],
        plan: Sequence[Mapping[str, Any]],
        inputs: Sequence[str],
        outputs: Mapping[str, int] | int,
    ) -> None:
        self.operators = tuple(operators)
        self.plan = tuple(_step_of(row) for row in plan)
        self.inputs = tuple(inputs)
        self.outputs = outputs if isinstance(outputs, int) else tuple(outputs.items())
        self._check()
        refuse_shared(self.operators)

    def _check(self) -> None:
        for i, operator in enumerate(self.operators):
            check_operator(f"operators[{i}]", operator)
        for place, step in enumerate(self.plan, start=len(self.inputs)):
            if not 0 <= step.slot < len(self.operators):
                raise ValueError(f"step {place} calls operator {step.slot}; there are {len(self.operators)}")
            for number in step.numbers:
                if not 0 <= number < place:
                    raise ValueError(f"step {place} takes value {number}, which does not stand before it")
        values = len(self.inputs) + len(self.plan)
        outputs = (("", self.outputs),) if isinstance(self.outputs, int) else self.outputs
        for name, number in outputs:
            if not 0 <= number < values:
                raise ValueError(f"the output '{name}' is value {number}; there are {values}")

    @classmethod
    def build(cls, inputs: Mapping[str, Input], outputs: Mapping[str, Node] | Node) -> Graph:
        """The graph between inputs and outputs.

        Arguments:
            inputs: the inputs, by the names that callers write.
            outputs: the nodes that are returned, by name; or one node, and the result is its value.

        Returns:
            The graph, a pytree of its distinct operators.

        Raises:
            TypeError: for something that is no node.
            ValueError: for a cycle, for an input that is not declared, and if there is no output.

        Example:
            >>> from opjax.pipelines import Graph, Input
            >>> x, y = Input("x"), Input("y")
            >>> total = x + y
            >>> Graph.build({"x": x, "y": y}, {"square": total * total})(1.0, 2.0)["square"].tolist()
            9.0
        """
        return _build(inputs, outputs)

    def get_config(self) -> dict[str, Any]:
        """The operators and the plan, in the form that files hold."""
        plan = [_row_of(step) for step in self.plan]
        outputs = self.outputs if isinstance(self.outputs, int) else dict(self.outputs)
        return {"operators": list(self.operators), "plan": plan, "inputs": list(self.inputs), "outputs": outputs}

    def _apply(self, *args: Any, **kwargs: Any) -> Any:
        values = self._bound(args, kwargs)
        for step in self.plan:
            found, named = jax.tree.unflatten(step.structure, [values[number] for number in step.numbers])
            values.append(self.operators[step.slot](*found, **named))
        if isinstance(self.outputs, int):
            return values[self.outputs]
        return {name: values[number] for name, number in self.outputs}

    def _bound(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        """The inputs in their order."""
        names = ", ".join(self.inputs)
        if args and kwargs:
            raise TypeError(f"give the inputs ({names}) all by position or all by name")
        if args:
            if len(args) != len(self.inputs):
                raise TypeError(f"the graph has {len(self.inputs)} inputs ({names}), {len(args)} are given")
            return list(args)
        unknown = [name for name in kwargs if name not in self.inputs]
        if unknown:
            raise TypeError(f"the graph has no input {', '.join(unknown)}; its inputs are {names}")
        missing = [name for name in self.inputs if name not in kwargs]
        if missing:
            raise ValueError(f"missing inputs: {', '.join(missing)}")
        return [kwargs[name] for name in self.inputs]


def _build(inputs: Mapping[str, Input], outputs: Mapping[str, Node] | Node) -> Graph:
    single = isinstance(outputs, Node)
    for place, nodes in (("inputs", inputs), ("outputs", outputs)):
        if not isinstance(cast("object", nodes), Mapping) and not (single and place == "outputs"):
            raise TypeError(f"{place} is a mapping from names to nodes, not {nodes!r}")
    if not single and not outputs:
        raise ValueError("a graph without outputs has no result: give one or more")
    wanted = [outputs] if single else list(outputs.values())
    for node in (*inputs.values(), *wanted):
        if not isinstance(cast("object", node), Node):
            raise TypeError(f"inputs and outputs of a graph are nodes, not {node!r}")
    if len({id(node) for node in inputs.values()}) < len(inputs):
        raise ValueError(f"one input stands under two names ({', '.join(inputs)}): make an Input for each")
    number = {id(node): i for i, node in enumerate(inputs.values())}
    operators: list[Operator] = []
    slots: dict[int, int] = {}
    plan: list[dict[str, Any]] = []
    for node in _sorted(wanted):
        if id(node) in number:
            continue
        if node.operator is None:
            raise ValueError(f"{node!r} is not declared in inputs")
        if id(node.operator) not in slots:
            slots[id(node.operator)] = len(operators)
            operators.append(node.operator)
        numbers = [number[id(parent)] for parent in node.parents]
        number[id(node)] = len(inputs) + len(plan)
        plan.append(_row_of(Step(slots[id(node.operator)], tuple(numbers), node.structure)))
    found = number[id(outputs)] if single else {name: number[id(node)] for name, node in outputs.items()}
    return Graph(operators, plan, list(inputs), found)


def _sorted(wanted: list[Node]) -> list[Node]:
    """All nodes that the wanted ones need, each behind its parents."""
    nodes: dict[int, Node] = {}
    sorter: graphlib.TopologicalSorter[int] = graphlib.TopologicalSorter()
    stack = list(reversed(wanted))
    while stack:
        node = stack.pop()
        if id(node) in nodes:
            continue
        nodes[id(node)] = node
        parents = node.parents
        sorter.add(id(node), *(id(parent) for parent in parents))
        stack.extend(reversed(parents))
    try:
        return [nodes[identity] for identity in sorter.static_order()]
    except graphlib.CycleError as error:
        names = " -> ".join(repr(nodes[identity]) for identity in error.args[1])
        raise ValueError(f"the graph has a cycle: {names}") from error


def _step_of(row: Mapping[str, Any]) -> Step:
    """A step of a file."""
    if set(row) - {"call", "args", "kwargs"} or not isinstance(row.get("call"), int):
        raise ValueError(f"a step has 'call' (a number), 'args' and 'kwargs', not {dict(row)!r}")
    numbers, structure = jax.tree.flatten((tuple(row.get("args", ())), dict(row.get("kwargs", {}))))
    for number in numbers:
        if not isinstance(number, int) or isinstance(number, bool):
            raise ValueError(f"an argument of a step is the number of a value, not {number!r}")
    return Step(row["call"], tuple(numbers), structure)


def _row_of(step: Step) -> dict[str, Any]:
    args, kwargs = jax.tree.unflatten(step.structure, step.numbers)
    return {"call": step.slot, "args": list(args), **({"kwargs": kwargs} if kwargs else {})}

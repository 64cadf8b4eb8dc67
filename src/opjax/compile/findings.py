"""What there is to say about a program after its passes: the records of `opjax.compile.explanation`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from opjax.compile.coalesced import as_compiled
from opjax.compile.costs import Counter, is_moved
from opjax.compile.explanation import (
    ContractionRecord,
    Explanation,
    Extent,
    GroupRecord,
    PassRecord,
    SumsRecord,
    TemporaryRecord,
)
from opjax.compile.function_text import Output
from opjax.compile.scalars import program_of_numbers
from opjax.ir.brief import brief, letter_of
from opjax.ir.nodes import (
    AnyNode,
    Apply,
    Contract,
    Gather,
    IntegerPower,
    Join,
    Opaque,
    Reduce,
    Segment,
    Symbol,
    View,
)
from opjax.ir.program import Optimise, Program, Step
from opjax.ir.types import Dims, sorted_dims

MOST_WRITTEN = 10**12
MANY_SCALARS = 100
MUCH_LARGER = 4
OF_TERMS = "the terms of all sums stand in one vector, which is added up at once"
Operation = Apply | IntegerPower


@dataclass(frozen=True, slots=True)
class Subject:
    """What is explained.

    Arguments:
        model: its name.
        namespace: the name of the array library.
        differentiable: whether that library differentiates.
        program: what is computed, before the passes; all its axes have a size.
        states: the numbers in the state vector.
        outputs: the numbers in the result.
        itemsize: the bytes of one number.
        numbers: whether the library leaves scalars to Python's numbers, where that is quicker.
        wanted: the values that are wanted, with the axes that they come in.
    """

    model: str
    namespace: str
    differentiable: bool
    program: Program
    states: int
    outputs: int
    itemsize: int = 8
    numbers: bool = False
    wanted: tuple[Output, ...] = ()


def explain(subject: Subject, optimise: Optimise) -> Explanation:
    """Run the passes again, and say what they did and what came out.

    Arguments:
        subject: what is explained.
        optimise: runs the passes.
    """
    steps: list[Step] = []
    final = optimise(
        subject.program, subject.differentiable, lambda step: steps.append(as_compiled(step, subject.wanted))
    )
    counter = Counter(final, subject.itemsize, subject.outputs)
    found = _Findings(subject, final, counter)
    largest = found.largest()
    return Explanation(
        model=subject.model,
        namespace=subject.namespace,
        itemsize=subject.itemsize,
        states=subject.states,
        written=written_operations(subject.program),
        shared=_operations(subject.program),
        operations=_operations(final),
        passes=tuple(_pass(step) for step in steps),
        contractions=tuple(found.contractions()),
        groups=tuple(sorted(found.groups(), key=lambda group: -group.equations)),
        sums=tuple(_sums(node, counter.cells(node.dims)) for node in found.segments),
        largest=largest,
        costs=counter.costs(),
        numbers=_numbers(subject, final, optimise),
        obstacles=tuple(found.obstacles(steps, largest)),
    )


def written_operations(program: Program) -> int:
    """The operations of a program whose every use of a shared expression is written out; at most 10**12."""
    size: dict[int, int] = {}
    for node in program.nodes:
        below = sum(size[operand.number] for operand in node.operands)
        size[node.number] = min(MOST_WRITTEN, below + bool(node.operands))
    return min(MOST_WRITTEN, sum(size[root.number] for root in program.roots.values()))


def _numbers(subject: Subject, final: Program, optimise: Optimise) -> int:
    """The operations that are computed one by one, with Python's numbers, and not by the final program; else 0."""
    usual = subject.numbers and subject.itemsize == 8
    wanted = [(output.name, output.axes) for output in subject.wanted]
    scalars = program_of_numbers(subject.program, final, optimise, wanted) if usual else None
    return 0 if scalars is None or scalars is final else _operations(scalars)


def _operations(program: Program) -> int:
    return sum(bool(n.operands) and not (isinstance(n, View) and not is_moved(n)) for n in program.nodes)


def _sums(node: Segment, size: int) -> SumsRecord:
    """Some sums, without what is read for none of them."""
    return SumsRecord(size, sum(position < size for position in node.positions))


def _pass(step: Step) -> PassRecord:
    before, after = _operations(step.before), _operations(step.after)
    return PassRecord(step.name, step.purpose, before, after, step.fired, step.remark)


@dataclass(slots=True)
class _Findings:
    subject: Subject
    final: Program
    counter: Counter
    nodes: list[AnyNode] = field(init=False)
    segments: list[Segment] = field(init=False)
    readers: dict[int, list[AnyNode]] = field(default_factory=dict[int, list[AnyNode]])
    numbered: dict[int, str] = field(default_factory=dict[int, str])

    def __post_init__(self) -> None:
        self.nodes = self.counter.nodes
        self.segments = [node for node in self.nodes if isinstance(node, Segment)]
        for node in self.nodes:
            for operand in node.operands:
                self.readers.setdefault(operand.number, []).append(node)

    def named(self, node: AnyNode, indices: str) -> str | None:
        """What a part of an expression is called."""
        name = self.numbered.get(node.number) or self.final.names.get(node.number)
        return None if name is None else name + indices

    def extent(self, dims: Dims) -> Extent:
        """A shape by the names of the axes."""
        terms = {node.operand.dims[0].axis for node in self.segments}
        known = self.subject.program.axes
        return tuple(
            (str(d) if d.axis in known else "terms" if d.axis in terms else "equations", self.counter.cells((d,)))
            for d in dims
        )

    def contractions(self) -> Iterator[ContractionRecord]:
        """The sums of products, operands first."""
        spanned: dict[int, Dims] = {}
        for node in self.counter.working:
            if not isinstance(node, Contract):
                continue
            factors = tuple(brief(factor, self.named) for factor in node.factors)
            spanned[node.number] = sorted_dims(*(spanned.get(f.number, f.dims) for f in node.factors))
            yield ContractionRecord(
                factors,
                tuple(map(str, node.over)),
                self.extent(node.dims),
                self.counter.operations(node)[0],
                self.counter.cells(spanned[node.number]),
            )
            self.numbered[node.number] = f"#{len(self.numbered) + 1}"

    def groups(self) -> Iterator[GroupRecord]:
        """The shapes that re-rolling found: each has an axis of its own."""
        apart = {node.operand.dims for node in self.segments}
        found: dict[Dims, list[Operation]] = {}
        for node in self.nodes:
            if isinstance(node, Apply | IntegerPower) and self.is_new(node.dims) and node.dims not in apart:
                found.setdefault(node.dims, []).append(node)
        for dims, members in found.items():
            inner = {operand.number for node in members for operand in node.operands}
            tops = [node for node in members if node.number not in inner]
            texts = [brief(top, _Slots(dims, {n.number for n in members}, self)) for top in tops]
            yield GroupRecord("; ".join(texts), self.counter.cells(dims), len(members))

    def is_new(self, dims: Dims) -> bool:
        """Whether a value runs over an axis that a pass has made."""
        return len(dims) == 1 and dims[0].axis not in self.subject.program.axes

    def largest(self) -> TemporaryRecord | None:
        """The largest array that is neither read from outside nor returned."""
        returned = {root.number for root in self.final.roots.values()}
        for root in self.final.roots.values():
            if isinstance(root, View) and not is_moved(root):
                returned.add(root.operand.number)
        arrays = [node for node in self.counter.arrays() if node.number not in returned]
        if not arrays:
            return None
        node = max(arrays, key=lambda n: (self.counter.bytes(n), -n.number))
        moved = type(node).__name__.lower() if isinstance(node, Gather | Join) else ""
        text = brief(node, lambda part, indices: None if part is node else self.named(part, indices))
        reason = self.reason(node) if self.counter.cells(node.dims) > self.known() else ""
        text = f"{moved}({text})" if moved else text
        return TemporaryRecord(text, self.extent(node.dims), self.counter.bytes(node), reason)

    def known(self) -> int:
        """The elements of the largest array that comes in or goes out; the scalar parameters count as one."""
        tables = [self.counter.cells(node.dims) for node in self.nodes if isinstance(node, Symbol)]
        return max(self.subject.states, self.subject.outputs, tables.count(1), *tables)

    def reason(self, node: AnyNode) -> str:
        """Why an array has to be larger than all that comes in and goes out."""
        reader = self.readers[node.number][0]
        while isinstance(reader, Apply | IntegerPower | View) and self.readers.get(reader.number):
            reader = self.readers[reader.number][0]
        dims = ", ".join(f"{name} {size}" for name, size in self.extent(node.dims))
        match reader:
            case Segment():
                return OF_TERMS
            case Contract() if isinstance(node, Contract):
                return f"the product of the first factors of a sum still depends on all of {dims}"
            case Contract():
                return f"a factor of the product depends on all of {dims}"
            case Reduce(reduction="sum"):
                return f"the sum runs over something that is no product, and depends on all of {dims}"
            case Reduce():
                return f"the {reader.reduction} is taken of values that depend on all of {dims}"
            case _:
                return f"its values depend on all of {dims}"

    def obstacles(self, steps: Iterable[Step], largest: TemporaryRecord | None) -> Iterator[str]:
        """What keeps the model from being faster."""
        scalars = sum(isinstance(n, Apply | IntegerPower) and not n.dims for n in self.counter.working)
        if scalars >= MANY_SCALARS:
            yield from (step.remark for step in steps if step.remark)
        inherent = largest is None or largest.reason == OF_TERMS
        if largest is not None and not inherent and largest.bytes > MUCH_LARGER * self.known() * self.subject.itemsize:
            size = " x ".join(str(size) for _, size in largest.extent)
            yield f"an array of {size} numbers is much larger than all that comes in and goes out: {largest.reason}"
        asked = sorted({node.name for node in self.nodes if isinstance(node, Opaque)})
        if asked:
            yield f"{', '.join(asked)}: asked of the caller at every call, and not seen by the compiler"


@dataclass(slots=True)
class _Slots:
    """Names the leaves of a shape: ``x``, ``p``, ``c``, ``v``, with numbers where there are several."""

    dims: Dims
    members: set[int]
    findings: _Findings
    given: dict[int, str] = field(default_factory=dict[int, str])
    counts: dict[str, int] = field(default_factory=dict[str, int])

    def __call__(self, node: AnyNode, indices: str) -> str | None:
        if node.number in self.members:
            return None
        if node.dims != self.dims:
            return self.findings.named(node, indices)
        if node.number not in self.given:
            letter = letter_of(node)
            self.counts[letter] = self.counts.get(letter, 0) + 1
            self.given[node.number] = f"{letter}{self.counts[letter]}"
        return self.given[node.number]

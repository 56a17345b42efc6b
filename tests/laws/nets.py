"""Random nets as plain data, for hypothesis: fragments are put one after the other onto open outputs."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.laws.plan import STYLES, Plan, PlannedEdge, PlannedNode, Port, ins_of, outs_of

CAPACITIES = (1, 1, 2, 3, 5, 64, None)
TIGHT = (1, 1, 2, 3, 4)

Draw = Callable[[st.SearchStrategy[int]], int]


class Builder:
    """A net that grows: its open outputs are those that nothing was connected to yet."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.nodes: list[PlannedNode] = []
        self.edges: list[PlannedEdge] = []
        self.inputs: list[tuple[str, int]] = []
        self.open: list[Port] = []

    def number(self, least: int, most: int) -> int:
        """Draw a whole number."""
        return self.draw(st.integers(least, most))

    def one_of(self, things: tuple[str, ...] | list[str]) -> str:
        """Draw one of several."""
        return self.draw(st.sampled_from(things))

    def chance(self, one_in: int) -> bool:
        """Draw yes or no; a smaller example says no."""
        return self.number(1, one_in) == one_in

    def capacity(self, *, tight: bool = False) -> int | None:
        """Draw a capacity."""
        return self.draw(st.sampled_from(TIGHT) if tight else st.sampled_from(CAPACITIES) | st.integers(1, 64))

    def add(self, kind: str, n: int | None = None, style: str | None = None) -> PlannedNode:
        """Add a node; what is not given is drawn."""
        style = style or self.one_of(STYLES.get(kind, ("class",)))
        node = PlannedNode(f"n{len(self.nodes)}", kind, style, self.number(1, 4) if n is None else n)
        self.nodes.append(node)
        return node

    def connect(self, source: Port, target: Port, *, tight: bool = False) -> None:
        """Connect two ports."""
        self.edges.append(PlannedEdge(source, target, self.capacity(tight=tight)))

    def new_source(self, most: int = 8) -> Port:
        """Add an input of the graph or a source, and return where its values come out."""
        if self.chance(3):
            return self.add("source", self.number(0, most)).id, "out"
        name = "abcdefgh"[len(self.inputs) % 8] * (1 + len(self.inputs) // 8)
        self.inputs.append((name, self.number(0, most)))
        return "inputs", name

    def take_open(self) -> Port:
        """Draw an open output; sometimes it stays open, for a fan-out, and sometimes there is a new source instead."""
        if not self.open or self.chance(5):
            return self.new_source()
        port = self.open[self.number(0, len(self.open) - 1)]
        if not self.chance(4):
            self.open.remove(port)
        return port

    def grow(self, kind: str, n: int | None = None) -> PlannedNode:
        """Add a node behind open outputs, whose outputs are open then."""
        node = self.add(kind, n)
        for name in ins_of(kind):
            self.connect(self.take_open(), (node.id, name))
        self.open += [(node.id, name) for name in outs_of(kind)]
        return node


# -- fragments -------------------------------------------------------------------------------------------


def simple(kind: str) -> Callable[[Builder], None]:
    """Return the fragment of a single node."""

    def grow(build: Builder) -> None:
        build.grow(kind)

    return grow


def diamond(build: Builder) -> None:
    """Two ways from one output to a node that takes both."""
    source = build.take_open()
    ends = []
    for kind in (build.one_of(("map", "drop", "expand")), "map"):
        node = build.add(kind)
        build.connect(source, (node.id, "value"))
        ends.append((node.id, "out"))
    last = build.add(build.one_of(("join", "concat", "alternate", "map")))
    for end, name in zip(ends, ins_of(last.kind) * 2, strict=False):
        build.connect(end, (last.id, name))
    build.open.append((last.id, "out"))


def row(build: Builder) -> None:
    """Plain functions in a row, with room between them: where batches are."""
    for _ in range(build.number(2, 3)):
        source = build.take_open()
        node = build.add(build.one_of(("map", "drop", "fail")), style="sync")
        build.edges.append(PlannedEdge(source, (node.id, "value"), build.number(4, 64)))
        build.open.append((node.id, "out"))


def merge(build: Builder) -> None:
    """Two outputs into one input."""
    source = build.take_open()
    node = build.grow(build.one_of(("map", "collect", "take")))
    if source not in [edge.source for edge in build.edges if edge.target == (node.id, "value")]:
        build.connect(source, (node.id, "value"))


def half_fed(build: Builder) -> None:
    """A join of two sources of different lengths."""
    node = build.add("join")
    short = build.number(0, 4)
    for name, size in zip(("left", "right"), (short, short + build.number(1, 4)), strict=True):
        build.inputs.append((f"{name}{node.id}", size))
        build.connect(("inputs", f"{name}{node.id}"), (node.id, name))
    build.open.append((node.id, "out"))


def loop(build: Builder) -> None:
    """A node that feeds itself, alone or by way of another, until its values have marks enough."""
    node = build.grow("spin")
    back: Port = (node.id, "again")
    build.open.remove(back)
    if build.chance(2):
        other = build.add(build.one_of(("map", "collect", "twins")), 1)
        build.connect(back, (other.id, "value"))
        back = (other.id, "out")
    build.connect(back, (node.id, "value"))


def orbit(build: Builder) -> None:
    """A function whose only output feeds itself, and others."""
    node = build.grow("orbit")
    build.connect((node.id, "out"), (node.id, "value"))


def ring(build: Builder) -> None:
    """Nodes in a circle that all send first, and so need the room for it."""
    size = build.number(1, 3)
    n = build.number(1, 5)
    nodes = [build.add("eager", n) for _ in range(size)]
    for node, after in zip(nodes, nodes[1:] + nodes[:1], strict=True):
        build.connect((node.id, "out"), (after.id, "value"), tight=True)
        build.open.append((node.id, "done"))


def crossing(build: Builder) -> None:
    """Two inputs of a join, or of one that takes turns, each fed by several, of which some wait for others."""
    node = build.add(build.one_of(("join", "concat", "alternate")))
    for name in ins_of(node.kind):
        sources = {build.take_open() for _ in range(build.number(1, 3))}
        for source in sorted(sources):
            build.connect(source, (node.id, name), tight=True)
    build.open.append((node.id, "out"))


def failing(build: Builder) -> None:
    """A node that fails, with its port `error` open for the others."""
    node = build.grow("fail")
    build.open.append((node.id, "error"))


def failing_at_once(build: Builder) -> None:
    """A node that fails for lack of somebody who takes its errors."""
    build.grow("fail", build.number(1, 2))


FRAGMENTS: dict[str, Callable[[Builder], None]] = {
    **{kind: simple(kind) for kind in ("map", "drop", "expand", "take", "join", "collect", "concat", "alternate")},
    **{kind: simple(kind) for kind in ("switch", "twins", "stop")},
    "diamond": diamond,
    "row": row,
    "merge": merge,
    "half_fed": half_fed,
    "loop": loop,
    "orbit": orbit,
    "ring": ring,
    "crossing": crossing,
    "failing": failing,
    "failing_at_once": failing_at_once,
}

DRAWN = (
    *("loop", "ring", "stop", "failing", "failing_at_once") * 3,
    *("orbit", "half_fed") * 2,
    *("diamond", "merge", "join", "take", "switch", "twins", "concat", "alternate"),
)
"""From what the first fragment is drawn: so often that each outcome occurs in one of twenty nets or more."""

QUIET = (
    *("map", "map", "drop", "expand", "collect", "concat"),
    *("alternate", "switch", "diamond", "twins", "merge", "take"),
)
"""Fragments around the first one, which is any; those that end a net badly would hide all others."""

ORDERED = ("map", "map", "drop", "expand", "collect", "concat", "alternate", "switch", "take", "join")
"""Fragments of nets in which no order of events can change what comes out."""


@st.composite
def plans(draw: st.DrawFn, fragments: tuple[str, ...] = DRAWN, around: tuple[str, ...] = QUIET) -> Plan:
    """Draw a net: one fragment of the first kind, and up to five of the others before and after it."""
    build = Builder(draw)
    build.open.append(build.new_source())
    for name in [build.one_of(around) for _ in range(build.number(0, 2))]:
        FRAGMENTS[name](build)
    FRAGMENTS[build.one_of(fragments)](build)
    for name in [build.one_of(around) for _ in range(build.number(0, 3))]:
        FRAGMENTS[name](build)
    return _finished(build)


def _finished(build: Builder) -> Plan:
    """Connect what is open to outputs of the graph, now and then two to one, and leave some unconnected."""
    kinds = {node.id: node.kind for node in build.nodes}
    for number, port in enumerate(build.open):
        if port[0] in kinds and build.chance(6):
            continue
        shares = number > 0 and build.chance(8)
        target = ("outputs", "out0" if shares else f"out{number}")
        if (port, target) not in [(edge.source, edge.target) for edge in build.edges]:
            build.edges.append(PlannedEdge(port, target, build.capacity()))
    # Inputs of a graph are declared by their first edge; one that leads nowhere is none.
    sizes = dict(build.inputs)
    names = dict.fromkeys(edge.source[1] for edge in build.edges if edge.source[0] == "inputs")
    return Plan(tuple(build.nodes), tuple(build.edges), tuple((name, sizes[name]) for name in names))


def ordered_plans() -> st.SearchStrategy[Plan]:
    """Draw nets in which nearly always no order of events can change what comes out."""
    return plans(ORDERED, ORDERED)


def sample(strategy: st.SearchStrategy[Plan], count: int) -> list[Plan]:
    """Return the same few nets at every call, for checks that must not stop at the first that fails."""
    found: list[Plan] = []

    @settings(max_examples=count, derandomize=True, database=None, phases=[Phase.generate], deadline=None)
    @given(strategy)
    def draw(plan: Plan) -> None:
        found.append(plan)

    draw()
    return list(dict.fromkeys(found))

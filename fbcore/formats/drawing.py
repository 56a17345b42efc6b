"""What a drawing of a graph shows, whatever the format: boxes, composites around them, and arrows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Literal, NamedTuple

from fbcore.errors import shown
from fbcore.formats.order import order_of
from fbcore.formats.overlay import Overlay, State
from fbcore.model.address import BORDERS
from fbcore.model.edge_policy import in_words
from fbcore.model.graph import DEFAULT_CAPACITY, EdgeSpec, Graph, NodeSpec
from fbcore.model.port_spec import PortKind
from fbcore.model.types import name_of

Role = Literal["node", "inputs", "outputs", "configs", "initial"]
Look = Literal["data", "config", "signal", "error"]

_WAYS_IN: tuple[Role, ...] = ("inputs", "configs")
_LONGEST = 10
"""Boxes one behind the other that are drawn from left to right; more would make a strip that fits no page."""

_WIDEST = 30
"""Characters of an initial packet's value that are shown."""


class Box(NamedTuple):
    """A node, a port on a border, or an initial packet; `depth` counts the composites around it."""

    id: str
    role: Role
    label: str
    note: str
    depth: int


class Cluster(NamedTuple):
    """A composite, and what is in it."""

    id: str
    label: str
    note: str
    depth: int
    items: tuple[Box | Cluster, ...]


class Arrow(NamedTuple):
    """An edge between two boxes, or clusters as a whole, of which `tail` and `head` are then boxes inside.

    `is_back` says that it leads back in a circle.
    """

    source: str
    target: str
    look: Look
    ports: str
    types: str
    options: str
    tail: str = ""
    head: str = ""
    is_back: bool = False


class Drawing(NamedTuple):
    """A graph to be drawn: `way` is `LR`, from left to right, or `TB`, downwards."""

    name: str
    way: Literal["LR", "TB"]
    items: tuple[Box | Cluster, ...]
    arrows: tuple[Arrow, ...]


def drawing_of(graph: Graph, *, types: bool = False, state: State | None = None) -> Drawing:
    """Say what a drawing of a graph shows; the same graph gives the same drawing. With a state, that of a net, too."""
    scope = _Scope(graph, "", 0, graph.border("configs"), Overlay(state) if state is not None else None)
    items = tuple(scope.items())
    arrows = list(_between_boxes(items, scope.arrows(types=types)))
    carried = [(arrow.tail, arrow.head, arrow.look != "signal") for arrow in arrows]
    order = order_of([box.id for box in boxes_of(items)], carried)
    arrows = [arrow._replace(is_back=order.is_back(arrow.tail, arrow.head)) for arrow in arrows]
    return Drawing(graph.name, "LR" if order.length <= _LONGEST else "TB", items, tuple(arrows))


def _between_boxes(items: Iterable[Box | Cluster], arrows: Iterable[Arrow]) -> Iterator[Arrow]:
    """Let an arrow from a composite begin at the last box inside, and one to a composite end at the first."""
    inside = {cluster.id: [box.id for box in boxes_of(cluster.items)] for cluster in clusters_of(items)}
    for arrow in arrows:
        tails, heads = (inside.get(end, [end]) for end in (arrow.source, arrow.target))
        yield arrow._replace(tail=tails[-1], head=heads[0])


def boxes_of(items: Iterable[Box | Cluster]) -> Iterator[Box]:
    """Yield the boxes among items and in clusters among them, at any depth."""
    for item in items:
        if isinstance(item, Cluster):
            yield from boxes_of(item.items)
        else:
            yield item


def clusters_of(items: Iterable[Box | Cluster]) -> Iterator[Cluster]:
    """Yield the clusters among items, at any depth."""
    for item in items:
        if isinstance(item, Cluster):
            yield item
            yield from clusters_of(item.items)


class _Scope:
    """One graph, perhaps inside others: what stands before its ids, and how many graphs are around it.

    `fed` are the configs that something outside feeds; the others of a composite are fixed, and no fixed config is
    drawn.
    """

    def __init__(
        self, graph: Graph, prefix: str, depth: int, fed: Collection[str], overlay: Overlay | None = None
    ) -> None:
        self.overlay = overlay
        self.graph = graph
        self.prefix = prefix
        self.depth = depth
        self.inner: dict[str, _Scope] = {}
        self.borders: dict[str, list[str]] = {side: list(graph.border(side)) for side in ("inputs", "outputs")}
        self.borders["configs"] = [name for name in graph.border("configs") if name in fed]
        self.edges = [edge for edge in graph.edges if edge.source[0] != "configs" or edge.source[1] in fed]
        for node in graph.nodes.values():
            if node.component.graph is not None and node.component.graph.nodes:
                fed_inside = {edge.target[1] for edge in self.edges if edge.target[0] == node.id}
                self.inner[node.id] = _Scope(
                    node.component.graph, f"{prefix}{node.id}.", depth + 1, fed_inside, overlay
                )

    def items(self) -> Iterator[Box | Cluster]:
        for side in _WAYS_IN:
            yield from self._border(side)
        for number, value in enumerate(self.graph.initials):
            yield self._box(f"initial.{number}", "initial", _shortened(shown(value)))
        for node in self.graph.nodes.values():
            note = node.component.label if node.component.label != node.id else ""
            if node.id in self.inner:
                items = tuple(self.inner[node.id].items())
                yield Cluster(self.prefix + node.id, node.id, note, self.depth, items)
            else:
                yield self._box(node.id, "node", node.id, note)
        yield from self._border("outputs")

    def _border(self, side: Role) -> Iterator[Box]:
        return (self._box(f"{side}.{name}", side, name) for name in self.borders[side])

    def _box(self, id: str, role: Role, label: str, note: str = "") -> Box:
        said = self.overlay.of_box(self.prefix + id) if self.overlay is not None else ""
        return Box(self.prefix + id, role, label, ", ".join(part for part in (note, said) if part), self.depth)

    def arrows(self, *, types: bool) -> Iterator[Arrow]:
        """Yield the arrows, those inside composites first: a circle through a composite is closed outside of it."""
        for scope in self.inner.values():
            yield from scope.arrows(types=types)
        for edge in self.edges:
            source = self._box_of(edge.source, ("outputs",))
            target = self._box_of(edge.target, _WAYS_IN)
            look = _look(self.graph, edge)
            ports = _ports((edge.source[1], source), (edge.target[1], target))
            kinds = _types(self.graph, edge) if types and look != "signal" else ""
            said = self.overlay.of_arrow(edge, self.prefix, self.inner.__contains__) if self.overlay is not None else ""
            options = ", ".join(part for part in (_options(edge), said) if part)
            yield Arrow(source, target, look, ports, kinds, options)

    def _box_of(self, end: tuple[str, str], sides: tuple[str, ...]) -> str:
        """Return the box that an arrow ends at: that of the port, where it has one, else that of the node."""
        node, port = end
        if node in BORDERS:
            return f"{self.prefix}{node}.{port}"
        if node in self.inner:
            inner = self.inner[node]
            for side in sides:
                if port in inner.borders[side]:
                    return f"{inner.prefix}{side}.{port}"
        return self.prefix + node


def _shortened(text: str) -> str:
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 3]}..."


def _ports(*ends: tuple[str, str]) -> str:
    """Say the ports of an arrow that no box says: each end is a name and a box; what is called the same once."""
    told = {name for name, box in ends if _is_port(box)}
    return " to ".join(dict.fromkeys(name for name, _ in ends if name not in told))


def _is_port(box: str) -> bool:
    """Say whether a box stands for a port or an initial packet; no node can have an id that is a border's."""
    return any(f".{side}." in f".{box}" for side in BORDERS)


def _look(graph: Graph, edge: EdgeSpec) -> Look:
    kinds = [_kind(graph.nodes.get(node), port) for node, port in (edge.source, edge.target)]
    if edge.source[0] == "configs" or kinds[1] is PortKind.CONFIG:
        return "config"
    if kinds[0] is PortKind.MESSAGE or kinds[1] is PortKind.SIGNAL:
        return "signal"
    return "error" if edge.source[1] == "error" and edge.source[0] in graph.nodes else "data"


def _kind(node: NodeSpec | None, port: str) -> PortKind | None:
    spec = node.component.port(port) if node is not None else None
    return spec.kind if spec is not None else None


def _types(graph: Graph, edge: EdgeSpec) -> str:
    """Say the types of the ports of an edge: one when they are the same, or when the other end is the border."""
    ends = [end for end in (edge.source, edge.target) if end[0] not in BORDERS]
    return " to ".join(dict.fromkeys(name_of(graph.port_type(end)) for end in ends))


def _options(edge: EdgeSpec) -> str:
    """Say what is not usual about an edge; "" when nothing is, or when nothing waits on this edge."""
    said = []
    if edge.capacity != DEFAULT_CAPACITY and edge.source[0] != "configs" and edge.target[0] != "outputs":
        said.append("unbounded" if edge.capacity is None else f"capacity {edge.capacity}")
    if edge.copy:
        said.append("copied")
    said += in_words(edge.options)
    return ", ".join(said)

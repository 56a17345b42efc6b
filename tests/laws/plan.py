"""A net as plain data: what the generator draws, the reference interprets, and the translator makes a graph of.

What a node does is said here in words, and programmed twice: for the reference in `programs`, for fbcore in `actors`.
`v.me` stands for the value with the node's name appended, `f` for the value of the config `factor`.

| kind | inputs | outputs | does |
|---|---|---|---|
| source | | out | sends n values |
| map | value | out | sends v.me for each v |
| drop | value | out | as map, but leaves out the first of every n |
| expand | value | out | sends n values for each |
| take | value | out | as map, but ends after n |
| collect | value | out | takes all, then sends how many there were |
| join | left, right | out | sends (left+right).me for one of each (a firing: all or none) |
| zipped | left, right | out | as join, by a class |
| concat | left, right | out | passes on all of left, then all of right |
| alternate | left, right | out | passes on one of left, one of right, and so on |
| either | left, right (optional) | out | as map, whichever comes first |
| merge | n elements of items | out | the same, and tells the key |
| latest | left, right | out | a function that fires on any: sends (left+right).me, - where nothing came yet |
| switch | value | out, other | passes on to out and other in turn |
| split | value | n elements of parts, and one more | passes on to each in turn |
| fields | value | every, some | a function that unpacks: v.me to every, and each nth to some |
| fail | value | out | as map, but fails at each nth (a generator after its first item); a class ends there |
| strict | value | out | as map, but the validator of its input refuses what `is_refused` says |
| stop | value | out | as map, but stops the whole net at the nth |
| spin | value | again, out | marks a value and sends it to again until it has n marks, then to out |
| orbit | value | out | a function: marks a value and sends it out while it has fewer than n marks |
| eager | value | out, done | sends n values, then takes n and passes them on to done |
| twins | value | out | as map, in two tasks at once |
| nap | value | out | as map, but waits for the world outside before it sends |
| forward | value | out | forwards each packet, but leaves out the first of every n when n > 1 |
| stamp | value | out | forwards each packet, but sends v.me in the stead of each nth |
| echo | value | out, other | forwards each packet to out, and then to other, where it is a new one |
| lap | value | again, out | forwards a packet to again until it has come n times, then to out |
| weave | value | out | takes n packets, and sends one that names them as its parents |
| bell | go (a signal) | out, rung (a message) | sends a value and says rung at each signal |
| scale | value | out | sends v*f.me; its config is required |
| tint | value | out | the same, but its config has the default `d` |
| follow | | out | sends f.me for each f that it sees |

Where an edge leads to `execute`, a function fires, and a class runs, at a signal only. A message has an empty text.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

Port = tuple[str, str]
"""The id of a node and the name of its port; the id is `inputs`, `outputs` or `initial` on the border."""

ONE, TWO = ("value",), ("left", "right")

INS = {
    **dict.fromkeys(("join", "zipped", "concat", "alternate", "either", "latest"), TWO),
    **dict.fromkeys(("source", "follow"), ()),
    "bell": ("go",),
}
OUTS = {
    "switch": ("out", "other"),
    "spin": ("again", "out"),
    "lap": ("again", "out"),
    "echo": ("out", "other"),
    "eager": ("out", "done"),
    "fields": ("every", "some"),
    "bell": ("out", "rung"),
}
CONFIGS = dict.fromkeys(("scale", "tint", "follow"), ("factor",))

MESSAGES = ("started", "stopped", "executed", "failed")

RETURNS = ("sync", "async")
YIELDS = ("generator", "async_generator")
BUFFERED = ("buffered", "async_buffered")
ANY_FUNCTION = (*RETURNS, *YIELDS)
STYLES = {
    **dict.fromkeys(("map", "drop", "fail"), ("class", *ANY_FUNCTION, *BUFFERED)),
    **dict.fromkeys(("stop", "forward", "stamp", "scale", "tint"), ("class", *ANY_FUNCTION)),
    **dict.fromkeys(("join", "orbit", "latest"), ANY_FUNCTION),
    "source": ("class", *YIELDS),
    "expand": ("class", *YIELDS, *BUFFERED),
    "fields": (*ANY_FUNCTION, *BUFFERED),
    "lap": ("class", *RETURNS),
    "nap": ("class", "async", "async_generator"),
}
"""In which ways a component of a kind can be written; kinds that are not here are classes."""


def is_refused(text: str) -> bool:
    """Say whether the validators of the laws refuse a value with this text; they do so with one of three."""
    return zlib.crc32(text.encode()) % 3 == 0


@dataclass(frozen=True)
class PlannedNode:
    """A node: what it does, in which way it is written, and the number that its kind needs.

    `given` says how a config that no edge feeds gets its value: by `add`, an `initial` packet, or the `border`.
    """

    id: str
    kind: str
    style: str = "class"
    n: int = 1
    given: str = "add"

    @property
    def name(self) -> str:
        """What it leaves in texts: its id, without those of composites around it."""
        return self.id.rpartition(".")[2]

    @property
    def ins(self) -> tuple[str, ...]:
        """Its inputs, with the signals that it declares."""
        if self.kind == "merge":
            return (*(f"items[{i}]" for i in range(self.n - 1)), "items[last]")
        return INS.get(self.kind, ONE)

    @property
    def outs(self) -> tuple[str, ...]:
        """Its outputs, with the messages that it declares."""
        if self.kind == "split":
            return (*(f"parts[{i}]" for i in range(self.n)), "parts[rest]")
        return OUTS.get(self.kind, ("out",))

    @property
    def configs(self) -> tuple[str, ...]:
        """Its configs."""
        return CONFIGS.get(self.kind, ())

    @property
    def is_class(self) -> bool:
        """Whether it is written as a class."""
        return self.style == "class"


@dataclass(frozen=True)
class PlannedEdge:
    """A connection; `capacity` None is without bound, and with `copy` values are copied on their way."""

    source: Port
    target: Port
    capacity: int | None
    copy: bool = False

    @property
    def address(self) -> str:
        """Name the edge as reports do."""
        return f"{'.'.join(self.source)}->{'.'.join(self.target)}"

    @property
    def carries_messages(self) -> bool:
        """Whether what goes here has no value."""
        return self.source[1] in (*MESSAGES, "rung")

    @property
    def is_blind(self) -> bool:
        """Whether its consumer's component never sees what comes here: it goes to a config or an implicit signal."""
        return self.target[1] in ("execute", "stop", "factor")


@dataclass(frozen=True)
class Plan:
    """A whole net.

    `inputs` says how many values go into each input of the graph, `initials` which initial packets there are: each by
    its place, with its text.
    """

    nodes: tuple[PlannedNode, ...]
    edges: tuple[PlannedEdge, ...]
    inputs: tuple[tuple[str, int], ...]
    initials: tuple[tuple[Port, str], ...] = ()

    def with_capacity(self, capacity: int | None) -> Plan:
        """Return the same net with the same capacity on all edges."""
        return replace(self, edges=tuple(replace(edge, capacity=capacity) for edge in self.edges))

    def edges_from(self, port: Port) -> list[PlannedEdge]:
        """List the edges that leave an output."""
        return [edge for edge in self.edges if edge.source == port]

    def edges_to(self, port: Port) -> list[PlannedEdge]:
        """List the edges that come into an input."""
        return [edge for edge in self.edges if edge.target == port]

    def inlets(self, node: PlannedNode) -> tuple[str, ...]:
        """Name the ports that a node receives packets by: its inputs, and `execute` where that is connected."""
        return (*node.ins, "execute") if self.edges_to((node.id, "execute")) else node.ins

    def fed(self, node: PlannedNode) -> tuple[str, ...]:
        """Name the configs of a node that other nodes feed."""
        return tuple(name for name in node.configs if self.edges_to((node.id, name)))

    @property
    def names(self) -> list[str]:
        """Name the nodes in order of declaration; the packets and inputs of the border after the others."""
        borders = [".".join(port) for port, _ in self.initials] + [f"inputs.{name}" for name, _ in self.inputs]
        return [node.id for node in self.nodes] + borders


def owner(port: Port) -> str:
    """Name the node that a port belongs to; each input of the graph and each initial packet is a node of its own."""
    return ".".join(port) if is_border(port) else port[0]


def is_border(port: Port) -> bool:
    """Say whether packets come from outside here."""
    return port[0] == "inputs" or port[0].rpartition(".")[2] == "initial"


def written(nodes: str, edges: str, **inputs: int) -> Plan:
    """Read a net from two texts: nodes as `id=kind/style/n`, edges as `a.out->b.value:capacity`; what is left out is 1.

    With `=>` the edge copies. Initial packets come from `initial.0` and so on.

    Example: `written("m=map/sync", "inputs.a->m.value:2 m.out->outputs.o", a=3)`
    """
    made = []
    for text in nodes.split():
        name, _, what = text.partition("=")
        kind, style, n = (*what.split("/"), *("", "class", "1")[what.count("/") + 1 :])
        made.append(PlannedNode(name, kind, style, int(n)))
    lines = []
    for text in edges.split():
        ends, _, capacity = text.partition(":")
        source, target = (end.rpartition(".")[::2] for end in ends.replace("=>", "->").split("->"))
        lines.append(PlannedEdge(source, target, int(capacity or 1), "=>" in ends))
    return Plan(tuple(made), tuple(lines), tuple(inputs.items()), initials_of(lines))


def initials_of(edges: Sequence[PlannedEdge]) -> tuple[tuple[Port, str], ...]:
    """Return the initial packets that edges begin at, each with a text of its own."""
    ports = dict.fromkeys(edge.source for edge in edges if edge.source[0] == "initial")
    return tuple((port, f"i{port[1]}") for port in ports)

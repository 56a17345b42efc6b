"""Fragments of nets: each puts some nodes onto the open outputs of a net that grows."""

from __future__ import annotations

from collections.abc import Callable

from tests.laws.builder import Builder
from tests.laws.plan import MESSAGES, PlannedNode, Port

Fragment = Callable[[Builder], None]


def simple(*kinds: str) -> Fragment:
    """Return the fragment of a single node, of one of these kinds."""

    def grow(build: Builder) -> None:
        build.grow(build.one_of(kinds))

    return grow


def diamond(build: Builder) -> None:
    """Two ways from one output to a node that takes both."""
    source = build.take_open()
    ends = []
    for kind in (build.one_of(("map", "drop", "expand", "forward")), build.one_of(("map", "nap", "stamp"))):
        node = build.add(kind)
        build.connect(source, (node.id, "value"))
        ends.append((node.id, "out"))
    last = build.add(build.one_of(("join", "concat", "alternate", "zipped", "either", "latest", "map")))
    for end, name in zip(ends, last.ins * 2, strict=False):
        build.connect(end, (last.id, name))
    build.open.append((last.id, "out"))


def row(build: Builder) -> None:
    """Plain functions in a row, with room between them: where batches are."""
    for _ in range(build.number(2, 3)):
        source = build.take_open()
        node = build.add(build.one_of(("map", "drop", "fail")), style="sync")
        build.connect(source, (node.id, "value"), capacity=build.number(4, 64))
        build.open.append((node.id, "out"))


def merge(build: Builder) -> None:
    """Two outputs into one input."""
    source = build.take_open()
    node = build.grow(build.one_of(("map", "collect", "take", "forward")))
    build.connect(source, (node.id, "value"))


def half_fed(build: Builder) -> None:
    """A join of two sources of different lengths."""
    node = build.add(build.one_of(("join", "zipped")))
    short = build.number(0, 4)
    for name, size in zip(("left", "right"), (short, short + build.number(1, 4)), strict=True):
        build.inputs.append((f"{name}{node.id}", size))
        build.connect(("inputs", f"{name}{node.id}"), (node.id, name))
    build.open.append((node.id, "out"))


def crossing(build: Builder) -> None:
    """Inputs of a node that takes from several, each fed by several, of which some wait for others."""
    node = build.add(build.one_of(("join", "concat", "alternate", "zipped", "either", "latest", "merge")))
    for name in node.ins:
        for source in sorted({build.take_open() for _ in range(build.number(1, 3))}):
            build.connect(source, (node.id, name), tight=True)
    build.open.append((node.id, "out"))


# -- circles ---------------------------------------------------------------------------------------------


def loop(build: Builder) -> None:
    """A node that feeds itself, alone or by way of another, until its values have marks enough."""
    _lead_back(build, build.grow("spin"), ("map", "collect", "twins", "nap"))


def lapping(build: Builder) -> None:
    """A node that forwards packets to itself, alone or by way of another that forwards them too."""
    _lead_back(build, build.grow("lap"), ("forward",))


def _lead_back(build: Builder, node: PlannedNode, others: tuple[str, ...]) -> None:
    back: Port = (node.id, "again")
    build.open.remove(back)
    if build.chance(2):
        other = build.add(build.one_of(others), 1 if others[0] == "map" else None)
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


# -- failures --------------------------------------------------------------------------------------------


def failing(build: Builder) -> None:
    """A node that fails, or whose input refuses what comes, with its port `error` open for the others."""
    node = build.grow(build.one_of(("fail", "strict")))
    build.open.append((node.id, "error"))


def failing_at_once(build: Builder) -> None:
    """A node that fails for lack of somebody who takes its errors."""
    build.grow("fail", build.number(1, 2))


# -- configs, initial packets, signals and messages -------------------------------------------------------


def fed(build: Builder) -> None:
    """A node whose required config another node sends."""
    node = build.grow("scale")
    source = build.one_of(("one", "one", "collected", "many"))
    port: Port = (build.add("source", 1).id, "out") if source == "one" else build.take_open(but=node.id)
    if source == "collected":
        collect = build.add("collect")
        build.connect(port, (collect.id, "value"))
        port = (collect.id, "out")
    build.connect(port, (node.id, "factor"))


def retuned(build: Builder) -> None:
    """A node whose config changes while it runs."""
    node = build.grow(build.one_of(("tint", "follow")))
    build.connect(build.take_open(but=node.id), (node.id, "factor"))


def configured(build: Builder) -> None:
    """A node whose config is given once, in one of several ways."""
    node = build.add(build.one_of(("scale", "tint", "follow")), given=build.one_of(("add", "initial", "border")))
    for name in node.ins:
        build.connect(build.take_open(), (node.id, name))
    build.open.append((node.id, "out"))


def initial(build: Builder) -> None:
    """An initial packet, before what else comes to that input, or to several inputs."""
    node = build.grow(build.one_of(("map", "collect", "join", "take", "latest", "forward")))
    port = build.new_initial()
    build.connect(port, (node.id, node.ins[0]))
    if build.chance(3):
        other = build.grow("map")
        build.connect(port, (other.id, "value"))


def gated(build: Builder) -> None:
    """A node that does its work at signals only."""
    node = build.grow(build.one_of(("map", "source", "join", "fail", "take", "forward", "fields")))
    source = build.take_open(but=node.id)
    build.connect(source, (node.id, "execute"))


def stopped(build: Builder) -> None:
    """A node that is ended by a signal, at some time or other."""
    node = build.grow(build.one_of(("map", "source", "collect", "nap", "join", "take", "scale")))
    build.connect(build.take_open(but=node.id), (node.id, "stop"))


def told(build: Builder) -> None:
    """A message of some node, open for the others or as a signal to another."""
    node = build.grow(build.one_of(("map", "source", "fail", "expand", "take")))
    port = (node.id, build.one_of(MESSAGES))
    if build.chance(3):
        other = build.grow(build.one_of(("source", "map")))
        build.connect(port, (other.id, "execute"))
    else:
        build.open.append(port)


FRAGMENTS: dict[str, Fragment] = {
    **{kind: simple(kind) for kind in ("map", "drop", "expand", "take", "collect", "switch", "twins", "stop", "split")},
    **{kind: simple(kind) for kind in ("concat", "alternate", "either", "latest", "fields", "weave", "bell", "nap")},
    **{kind: simple(kind) for kind in ("forward", "stamp")},
    "echo": simple("echo"),
    "join": simple("join", "zipped"),
    "gather": simple("merge"),
    "diamond": diamond,
    "row": row,
    "merge": merge,
    "half_fed": half_fed,
    "loop": loop,
    "lapping": lapping,
    "orbit": orbit,
    "ring": ring,
    "crossing": crossing,
    "failing": failing,
    "failing_at_once": failing_at_once,
    "fed": fed,
    "retuned": retuned,
    "configured": configured,
    "initial": initial,
    "gated": gated,
    "stopped": stopped,
    "told": told,
}

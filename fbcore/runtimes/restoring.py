"""Bringing the nodes of a net to where they stood when its image was taken.

Each does again what it did since its checkpoint, alone, with the packets and at the times of then.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fbcore.errors import SnapshotError
from fbcore.formats.typed_json import from_data
from fbcore.model.packet import PacketId
from fbcore.net.edge import NO_BOUND, Edge
from fbcore.net.image import Image, fill
from fbcore.net.node import Node

if TYPE_CHECKING:
    from fbcore.runtimes.stepping import Stepping

_WHY = "it does not do the same again: it depends on something besides its packets, its configs and its Memory"


def bring(stepping: Stepping, image: Image, time: float, ready: list[str], timers: list[str]) -> None:
    """Bring every node to where it stood, and the loop to its time and order."""
    net = stepping.net
    waiting: list[tuple[Node, str, list[str]]] = []
    for node in net.alive():
        if node.task is not None:
            found = image["nodes"][node.address]
            waits = _Bringing(stepping, node, found).to_its_place()
            if node.crew is not None:
                waiting += [(node, name, full) for name, full in found["waits"]]
                for port in node.ins.values():
                    # Whether a join has ended so cannot be seen any more.
                    port.half_fed = port.name in found.get("half_fed", ())
            elif waits and stepping.name_of(node) not in ready:
                waiting.append((node, stepping.name_of(node), found.get("no_room", [])))
    fill(net, image)
    for node, name, full in waiting:
        _wait(stepping, node, name, full)
    stepping.loop.set_time(time)
    stepping.loop.ready.arrange(ready)
    stepping.loop.timers.arrange(timers)
    for node in net.alive():
        _compare(node, image["nodes"][node.address])
    for address, found in image["nodes"].items():
        stepping.trails[address].turns_made = found["turns"]


def _wait(stepping: Stepping, node: Node, name: str, full: list[str]) -> None:
    """Let a task wait where it waited: for room on these edges, though there may be some by now, but less than half."""
    assert node.trace is not None
    ports: Sequence[Any] = node.trace.ports if node.trace.verb == "send" else ()
    limits: dict[Edge, int] = {}
    if node.crew is not None:
        # Which of its outputs a firing sends by is not known; and who waits for room before it is not to be woken.
        ports = (*node.outs.values(), node.error)
        limits = {edge: 0 for port in node.ins.values() for edge in port.edges}
    limits |= {edge: 0 if edge.address in full else NO_BOUND for port in ports for edge in port.edges}
    bounds = {edge: edge.bounds for edge in limits}
    for edge, limit in limits.items():
        edge.bounds = (limit, limit)
    stepping.make(name)
    for edge, those in bounds.items():
        edge.bounds = those


class _Bringing:
    """One node on its way to where it stood."""

    def __init__(self, stepping: Stepping, node: Node, image: Image) -> None:
        self.stepping = stepping
        self.node = node
        self.image = image
        self.name = stepping.name_of(node)
        self.trail = stepping.trails[node.address]

    def to_its_place(self) -> bool:
        """Make the steps of then; True when the last one, to wait for a port, is still to be made."""
        node, image = self.node, self.image
        assert node.trace is not None
        checkpoint = image.get("from")
        if checkpoint is not None:
            self._begin_at(checkpoint)
        turns = image.get("since", [])
        node.trace.skips = dict(image.get("put", {}))
        if node.crew is not None:
            for turn in turns:
                if turn[1] != "waits":
                    self._again(turn)
            return False
        if not turns:
            return bool(image["stands"] == "waits")
        for turn in turns[:-1]:
            if turn[1] != "waits":
                self._again(turn)
        if turns[-1][1] == "waits":
            return True
        self._again(turns[-1])
        return False

    def _begin_at(self, checkpoint: Image) -> None:
        node, trail = self.node, self.trail
        for name, value in checkpoint["hands"].items():
            node.ins[name].last = from_data(value, f"{node.address}.{name}")
        for name, value in checkpoint["kept"].items():
            node.kept[name] = from_data(value, f"{node.address}.{name}")
        for policy, state in zip(node.policies, checkpoint.get("policies", ()), strict=False):
            policy.take(state)
        assert node.trace is not None
        if node.crew is not None:
            self.stepping.loop.step_names.go_on(node.crew.task_name, checkpoint["firings"])
        node.trace.order = tuple(checkpoint["order"])
        self.stepping.loop.timers.armed_by[self.name] = checkpoint["timers"]
        self.stepping.make(self.name)
        came_to = (trail.checkpoint.verb, list(trail.checkpoint.ports)) if trail.checkpoint else ("", [])
        if came_to != (checkpoint["verb"], checkpoint["ports"]):
            wanted = f"{checkpoint['verb']} {', '.join(checkpoint['ports'])}"
            hint = "when it asks for a packet, all that `run` must know is to be in its Memory"
            raise SnapshotError(f"begun anew, it does not come back to where it could {wanted}", node.address, hint)

    def _again(self, turn: list[Any]) -> None:
        """Make one step again."""
        time, end, *took = turn[:3]
        name = turn[3] if len(turn) > 3 else self.name
        stepping = self.stepping
        stepping.loop.set_time(time)
        if end == "config":
            ((name, _, value, *_),) = took[0]
            self.node.configs[name].replace(from_data(value, self.node.address))
            return
        for port, edge, value, place, number in took[0] if took else ():
            self._deliver(port, edge, from_data(value, f"{self.node.address}.{port}"), PacketId(place, number))
        if end == "timer":
            stepping.make(self._timer() if name == self.name else name)
        elif name in stepping.loop.ready:
            stepping.make(name)
        else:
            raise SnapshotError(_WHY, self.node.address, "keep what it depends on in its Memory")

    def _timer(self) -> str:
        """Return the timer of the node that rings first."""
        for name in stepping_timers(self.stepping, self.node):
            return name
        raise SnapshotError(f"it armed no timer this time: {_WHY}", self.node.address)

    def _deliver(self, port: str, address: str, value: Any, id: PacketId) -> None:
        """Put a packet where the node will take it, and undo that it has been counted as taken."""
        inp = self.node.ins[port]
        edge = next(edge for edge in inp.edges if edge.address == address)
        inp.received -= 1
        edge.deliver(value, id)


def stepping_timers(stepping: Stepping, node: Node) -> list[str]:
    """Return the timers of a node, by name, the next one first."""
    return [name for name in stepping.loop.timers if stepping.node_of(name) is node]


def _compare(node: Node, image: Image) -> None:
    """Check that a node has come to where it stood."""
    now = {name: cell.dump() for name, cell in node.memories.items()}
    then = image.get("memory", {})
    # One that was migrated is another than it was.
    differs = any(now[name] != then[name] for name in now if now[name]["version"] == then[name]["version"])
    if str(node.phase) != image["phase"] or differs:
        raise SnapshotError(_WHY, node.address, "keep what it depends on in its Memory")
    if any(port.received < 0 for port in node.ins.values()):
        raise SnapshotError("the snapshot counts fewer packets than it has", node.address, "take another")

"""What nodes were delivered: all that a node can know, and so what tells one state of it from another.

The variables of a component cannot be read. But they can only depend on what was delivered to it, in which order: its
packets, the ends of its streams, its wake-ups. A digest of digest and delivery, one after the other, stands for them:
two nodes with one such digest are in one state.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from fbcore.formats.canonical import digest_of
from fbcore.model.packet import PacketId
from fbcore.net.crew import Hand
from fbcore.net.node import Node
from fbcore.net.trace import Move, Trace
from fbcore.net.trail import Checkpoint, Trail

_UNCHANGEABLE = frozenset({int, str, float, bool, bytes, type(None)})


class Past:
    """What one node was delivered since it could be begun anew, as a digest; or from the start, where it never can.

    A function can be begun anew wherever it wants a packet, and so can a class whose state is in its `Memory`: there
    their past begins again, with what they keep. Times count only for who never can, for it may have kept one.

    Of a node with several firings at once each firing has a past of its own, and so has the node between two packets.
    """

    __slots__ = (
        "_anew",
        "_count",
        "_digest",
        "_end",
        "_firings",
        "_from",
        "_later",
        "_names",
        "has_strayed",
        "node",
        "trail",
    )

    def __init__(self, node: Node, trail: Trail) -> None:
        self.node = node
        self.trail = trail
        self._digest = ""
        # What is still to be digested: most of it is forgotten before anybody asks.
        self._anew: tuple[Any, ...] | None = None
        self._later: list[tuple[Any, ...]] = []
        self._from: Checkpoint | None = None
        self._count = 0
        self._end = trail.end
        self._firings: dict[Hand, str] = {}
        self._names: dict[str, Hand] = {}
        self.has_strayed = False

    @property
    def knows_tasks(self) -> bool:
        """Whether its tasks are firings, whose pasts are known, and nothing else."""
        return self.node.crew is not None and not self.has_strayed

    def firings(self) -> list[Any]:
        """Return the pasts of the firings that go on, in the order in which they were begun."""
        crew = self.node.crew
        waits = crew.waits if crew is not None else ()
        return [[_name(hand.task), digest, hand.turn in waits] for hand, digest in self._firings.items()]

    @property
    def digest(self) -> str:
        """The digest of all that was delivered, by now."""
        if self._anew is not None:
            first, *others = self._anew
            # Not how many timers it has armed: that changes their names, and nothing that happens. What policies
            # remember counts as it is at present, by the time since then.
            first = first._replace(timers=0, policies=None) if isinstance(first, Checkpoint) else first
            self._digest = digest_of(first, *others)
            self._anew = None
        for what, end, done, moves, *others in self._later:
            self._digest = digest_of(self._digest, what, end, done, self._moved(moves), *others)
        self._later.clear()
        return self._digest

    def note(self, time: float, done: tuple[str, Sequence[str]], moves: Sequence[Move]) -> None:
        """Hear of a turn of the node's own task; `done` is the port operation that it had come to before.

        The trail has heard of it already.
        """
        trail, trace = self.trail, self.node.trace
        assert trace is not None
        own = [move for move in moves if move.node == self.node.address]
        is_delivered = bool(own) or trace.count != self._count or "away" in (trail.end, self._end)
        self._count, self._end = trace.count, trail.end
        if trail.checkpoint is not self._from:
            self._begin_anew(trail.checkpoint)
        elif self.node.crew is not None and self._is_between_packets(trace):
            # Besides its firings it is as if begun anew.
            self._later.clear()
            self._anew = trace.verb, dict(self.node.kept), trace.order, self._configs()
            self.digest  # noqa: B018 - what is kept may be changed
        elif is_delivered or self.node.ended:
            self._add(time, "turn", done, own)
        if self.node.crew is not None:
            self._look_at_firings()

    def _is_between_packets(self, trace: Trace) -> bool:
        return self.trail.end == "port" and trace.is_receiving and self.node.has_begun

    def _look_at_firings(self) -> None:
        """Begin the pasts of firings that were begun, and forget those that are done."""
        crew = self.node.crew
        if crew is None:
            return
        before, self._firings = self._firings, {}
        for hand in crew.hands:
            if hand not in before and hand.task is not None:
                self._names[_name(hand.task)] = hand
                taken = [[taken.port.name, taken.value, self._seen(taken.id)] for taken in hand.taken]
                before[hand] = digest_of(taken, self._configs())
            self._firings[hand] = before.get(hand, "")

    def _seen(self, id: PacketId) -> PacketId | None:
        # Identities count the packets before them, which most components never see.
        return id if self.node.sees_identities else None

    def note_timer(self, time: float, by: str) -> None:
        """Hear that a timer of the node rang, which the task of this name has armed."""
        self._note_task(time, "timer", by, ())

    def note_other(self, time: float, name: str, moves: Sequence[Move]) -> None:
        """Hear of a turn of another task of the node; the trail has heard of it already."""
        if self.trail.checkpoint is not self._from:
            self._begin_anew(self.trail.checkpoint)
            self._look_at_firings()
            return
        self._note_task(time, name, name, [move for move in moves if move.node == self.node.address])

    def _note_task(self, time: float, what: str, task: str, moves: Sequence[Move]) -> None:
        """Take down what was delivered to a firing; or to the node, where its tasks are no firings."""
        hand = self._names.get(task)
        if hand is None:
            self.has_strayed = self.has_strayed or what != "timer" or task != _name(self.node.task)
            self._add(time, what, ("", ()), moves)
            return
        if hand in self._firings:
            what = "timer" if what == "timer" else "turn"
            self._firings[hand] = digest_of(self._firings[hand], what, self._moved(moves), self._gone())
        self._look_at_firings()

    def _begin_anew(self, checkpoint: Checkpoint | None) -> None:
        self._from = checkpoint
        self.has_strayed = False
        assert checkpoint is not None
        self._later.clear()
        configs = self._configs()
        self._anew = checkpoint, configs
        for held in (checkpoint.hands, checkpoint.kept, checkpoint.memories, configs):
            if held:
                self._digest_if_changeable(held.values())

    def _add(self, time: float, what: str, done: tuple[str, Sequence[str]], moves: Sequence[Move]) -> None:
        when = None if self.trail.restarts else time
        configs = self._configs()
        self._later.append((what, self.trail.end, done, moves, self._gone(), configs, when))
        if moves or configs:
            self._digest_if_changeable([*[move.value for move in moves], *configs.values()])

    def _moved(self, moves: Sequence[Move]) -> list[Any]:
        return [(move.verb, move.port, move.edge, move.value, self._seen(move.id)) for move in moves]

    def _gone(self) -> list[str]:
        """Return the outputs that nobody takes from any more."""
        outs = (*self.node.outs.values(), self.node.error)
        return [port.name for port in outs if port.connected and not port.edges]

    def _digest_if_changeable(self, values: Iterable[Any]) -> None:
        """Digest at once what may be another when somebody asks."""
        if not _UNCHANGEABLE.issuperset(map(type, values)):
            self.digest  # noqa: B018 - reading it reckons it

    def _configs(self) -> dict[str, Any]:
        """Return the configs that something feeds, as they are now."""
        if not self.node.configs:
            return {}
        return {name: port.value for name, port in self.node.configs.items() if port.edges}


def _name(task: Any) -> str:
    """Return the name of a task's steps."""
    return getattr(task, "step_name", "")

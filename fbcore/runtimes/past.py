"""What nodes were delivered: all that a node can know, and so what tells one state of it from another.

The variables of a component cannot be read. But they can only depend on what was delivered to it, in which order: its
packets, the ends of its streams, its wake-ups. A digest of digest and delivery, one after the other, stands for them:
two nodes with one such digest are in one state.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from fbcore.formats.canonical import digest_of
from fbcore.net.node import Node
from fbcore.net.trace import Move
from fbcore.net.trail import Checkpoint, Trail

_UNCHANGEABLE = frozenset({int, str, float, bool, bytes, type(None)})


class Past:
    """What one node was delivered since it could be begun anew, as a digest; or from the start, where it never can.

    A function can be begun anew wherever it wants a packet, and so can a class whose state is in its `Memory`: there
    their past begins again, with what they keep. Times count only for who never can, for it may have kept one.
    """

    __slots__ = ("_anew", "_count", "_digest", "_end", "_from", "_later", "node", "trail")

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

    @property
    def digest(self) -> str:
        """The digest of all that was delivered, by now."""
        if self._anew is not None:
            self._digest = digest_of(*self._anew)
            self._anew = None
        for values in self._later:
            self._digest = digest_of(self._digest, *values)
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
        elif is_delivered or self.node.ended:
            self._add(time, "turn", done, own)

    def note_timer(self, time: float) -> None:
        """Hear that a timer of the node rang."""
        self._add(time, "timer", ("", ()), ())

    def note_other(self, time: float, name: str, moves: Sequence[Move]) -> None:
        """Hear of a turn of another task of the node; the trail has heard of it already."""
        if self.trail.checkpoint is not self._from:
            self._begin_anew(self.trail.checkpoint)
            return
        self._add(time, name, ("", ()), [move for move in moves if move.node == self.node.address])

    def _begin_anew(self, checkpoint: Checkpoint | None) -> None:
        self._from = checkpoint
        assert checkpoint is not None
        self._later.clear()
        configs = self._configs()
        # Not how many timers it has armed: that changes their names, and nothing that happens.
        self._anew = checkpoint._replace(timers=0), configs
        held = checkpoint.hands.values(), checkpoint.kept.values(), checkpoint.memories.values(), configs.values()
        self._digest_if_changeable(chain.from_iterable(held))

    def _add(self, time: float, what: str, done: tuple[str, Sequence[str]], moves: Sequence[Move]) -> None:
        node = self.node
        # Identities count the packets before them, which most components never see.
        moved = [
            (move.verb, move.port, move.edge, move.value, move.id if node.sees_identities else None) for move in moves
        ]
        gone = [port.name for port in (*node.outs.values(), node.error) if port.connected and not port.edges]
        when = None if self.trail.restarts else time
        configs = self._configs()
        self._later.append((what, self.trail.end, done, moved, gone, configs, when))
        self._digest_if_changeable(chain((move.value for move in moves), configs.values()))

    def _digest_if_changeable(self, values: Iterable[Any]) -> None:
        """Digest at once what may be another when somebody asks."""
        if not all(type(value) in _UNCHANGEABLE for value in values):
            self.digest  # noqa: B018 - reading it reckons it

    def _configs(self) -> dict[str, Any]:
        """Return the configs that something feeds, as they are now."""
        if not self.node.configs:
            return {}
        return {name: port.value for name, port in self.node.configs.items() if port.edges}

"""What a node did since it could be begun anew: enough to bring another one to the same place."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from fbcore.errors import DataError
from fbcore.model.packet import NOTHING, PacketId
from fbcore.net.internals import awaited_future
from fbcore.net.policy_state import states_of

if TYPE_CHECKING:
    from fbcore.net.node import Node
    from fbcore.net.trace import Move


_LARGE = 100
"""Items of a memory from which on it is copied now and then only."""

_TURNS = 64
"""Turns between two copies of a large memory."""


_MOST = 10_000
"""Turns of firings that are kept; a node that always has some could not be begun anew in any sensible time."""


_OWN_TASK = "has a task of its own"


class Turn(NamedTuple):
    """One step of a node, at a time: how it ended, and what it took.

    `end` is `port` (it came to a port operation), `waits` (for a port), `away` (for something else), `ended`; or
    `timer` for a timer that rang, and `config` for a config that got a value between two turns. Of a node with several
    firings `name` is that of the step, unless it is of the node's own task.
    """

    time: float
    end: str
    took: tuple[tuple[str, str, Any, PacketId], ...] = ()
    name: str = ""


class Checkpoint(NamedTuple):
    """Where a node can be begun anew: at its start, or where it wants packets and has nothing left to do.

    `hands` are packets that it holds, by port; `kept` what a function has kept of earlier packets, `order` the order
    in which a `select` looks; `timers` is how many timers it had armed, `policies` what its policies remembered, and
    `firings` how many tasks of firings it had made.
    """

    verb: str
    ports: tuple[str, ...]
    hands: dict[str, Any]
    kept: dict[str, Any]
    order: tuple[str, ...]
    memories: dict[str, Any]
    timers: int
    policies: list[Any] | None
    firings: int = 0


class Trail:
    """The steps of one node since its last checkpoint.

    `restarts` says whether the node can be begun anew where it wants packets: a function can, and a class whose
    state is in its `Memory`. One that cannot keeps no steps once it has taken a packet.
    """

    __slots__ = (
        "checkpoint",
        "configs",
        "configs_then",
        "count",
        "end",
        "has_firings",
        "is_feed",
        "node",
        "restarts",
        "sent",
        "strayed",
        "turns",
        "turns_made",
    )

    def __init__(self, node: Node, *, restarts: bool, is_feed: bool = False) -> None:
        self.node = node
        self.restarts = restarts
        self.is_feed = is_feed
        self.checkpoint: Checkpoint | None = None
        self.turns: list[Turn] = []
        self.turns_made = 0
        self.count = 0
        self.end = "begins"
        self.sent = 0
        self.strayed = ""
        self.has_firings = False
        self.configs_then: dict[str, Any] = {}
        self.configs = {name: port.received for name, port in node.configs.items() if port.edges}

    @property
    def is_at_a_port(self) -> bool:
        """Whether the node's next turn goes on with a port operation."""
        return self.end in ("port", "waits")

    @property
    def has_own_tasks(self) -> bool:
        """Whether another task of the node had a turn since its checkpoint."""
        return self.has_firings or self.strayed.startswith(_OWN_TASK)

    def note(self, time: float, moves: Sequence[Move], *, armed: int) -> None:
        """Hear of a turn of the node's own task, which has armed so many timers by now."""
        node = self.node
        trace = node.trace
        assert trace is not None
        if self.configs:
            self._note_configs(time)
        self.turns_made += 1
        if node.ended:
            self.end = "ended"
            self.turns = []
            return
        if trace.count > self.count:
            self.end = "port"
            self.count = trace.count
            if trace.verb == "changes" and node.has_begun:
                self.strayed = "looks at the changes of a config"
            if self._can_begin_here():
                self._begin_here(armed)
                return
        else:
            self.end = "waits" if node.waits else "away"
        if self._is_worth_keeping(moves):
            took = tuple([(move.port, move.edge, move.value, move.id) for move in moves if move.verb == "took"])
            self.turns.append(Turn(time, self.end if node.crew is None else self._own_end(), took))

    def note_other(self, time: float, name: str, *, armed: int) -> None:
        """Hear of a turn of another task of the node, whose own task has armed so many timers by now."""
        self._note_configs(time)
        self.turns_made += 1
        crew = self.node.crew
        if crew is None or name.partition("#")[0] != crew.task_name:
            self.strayed = f"{_OWN_TASK}, {name}"
        self.has_firings = crew is not None
        if crew is None:
            return
        if self.is_at_a_port and not self.node.ended and self._can_begin_here():
            # The last of its firings is done, and it wants packets: there is no more to know of it.
            self._begin_here(armed)
        elif not self.strayed:
            task = next((task for task in crew.tasks() if task.step_name == name), None)
            end = "waits" if task is not None and self._waits_for_a_port(task) else "away"
            self.turns.append(Turn(time, end, (), name))
            if len(self.turns) > _MOST:
                self.strayed = f"has had firings without a break for {_MOST:,} turns"
                self.turns.clear()

    def note_timer(self, time: float, name: str) -> None:
        """Hear that a timer of the node rang."""
        self._note_configs(time)
        if not self.strayed:
            self.turns.append(Turn(time, "timer", (), name if self.node.crew is not None else ""))

    def _own_end(self) -> str:
        """Return how the last turn of the node's own task has ended, whatever its firings wait for."""
        task = self.node.task
        if self.end != "waits" or self.node.crew is None or task is None:
            return self.end
        return "waits" if self._waits_for_a_port(task) else "away"

    def _waits_for_a_port(self, task: asyncio.Task[Any]) -> bool:
        future = awaited_future(task)
        return any(wait.future is future for wait in self.node.waits)

    def _note_configs(self, time: float) -> None:
        """Take down configs that got values since the last step."""
        for name, before in self.configs.items():
            port = self.node.configs[name]
            if port.received != before:
                # Two values between two turns are one to the node.
                self.configs[name] = port.received
                self.turns.append(Turn(time, "config", ((name, "", port.value, PacketId(name, port.received)),)))

    def _can_begin_here(self) -> bool:
        trace = self.node.trace
        assert trace is not None
        if self.is_feed:
            return trace.verb == "send"
        trigger = self.node.trigger
        if trigger is not None and list(trace.ports) != [trigger]:
            return False
        node = self.node
        if not (self.restarts and trace.is_receiving and node.has_begun):
            return False
        if node.memories and len(self.turns) < _TURNS and any(cell.size > _LARGE for cell in node.memories.values()):
            # A copy at every packet would cost more than to make some turns again.
            return False
        crew = node.crew
        return not (node.tasks.are_busy if crew is None else crew.hands or crew.is_breaking_up)

    def _begin_here(self, armed: int) -> None:
        node, trace = self.node, self.node.trace
        assert trace is not None
        if self.is_feed:
            self.sent += sum(trace.puts.values())
        self.turns.clear()
        if self.configs:
            self.configs_then = {name: node.configs[name].value for name, count in self.configs.items() if count}
        trace.puts.clear()
        trace.has_lost = False
        self.strayed = ""
        self.has_firings = False
        try:
            memories = {name: cell.copy() for name, cell in node.memories.items()} if node.memories else {}
        except DataError as error:
            self.strayed = f"has a memory that cannot be copied: {error.what}"
            return
        self.checkpoint = Checkpoint(
            trace.verb,
            tuple([port.name for port in trace.ports]),
            {name: port.last for name, port in node.ins.items() if port.last is not NOTHING},
            node.kept.copy(),
            trace.order,
            memories,
            armed,
            states_of(node.policies, 0.0) if node.policies else None,
            _firings_of(node) if node.crew is not None else 0,
        )

    def _is_worth_keeping(self, moves: Sequence[Move]) -> bool:
        if self.strayed:
            return False
        if not self.restarts and any(move.verb == "took" for move in moves):
            self.strayed = "keeps what it has received in variables of its own"
            self.turns.clear()
            return False
        return True


def _firings_of(node: Node) -> int:
    """Return how many tasks of firings a node has made."""
    loop: Any = node.net.loop
    assert node.crew is not None
    return int(loop.step_names.count(node.crew.task_name))

"""A net on a stepped loop, of which one step after the other is made."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import Context
from typing import Any

from fbcore.driver import TIMER
from fbcore.errors import LoopError, StepError
from fbcore.loop import CALLBACKS, SteppedLoop
from fbcore.model.log import warn_unclosed
from fbcore.net.aside import is_aside
from fbcore.net.image import lay
from fbcore.net.net import Net
from fbcore.net.node import Node
from fbcore.net.outstanding import node_of
from fbcore.net.report import Result
from fbcore.net.trace import Move
from fbcore.net.trail import Trail
from fbcore.net.unclosed import drop
from fbcore.orchestration.settings import NetSettings
from fbcore.runtimes.choice import BLOCKED, Choice, ChoiceKind
from fbcore.runtimes.past import Past
from fbcore.runtimes.restoring import bring
from fbcore.runtimes.retries import Retries
from fbcore.runtimes.running import result_of

MAIN = "the net"
"""The name of the task that waits for the end of the net; no node can have it."""

PATIENCE = 100_000
"""Callbacks that may follow one step before somebody is said to call back for ever."""


class Stepping:
    """A running net, driven step by step: what a net does by itself between the turns of its nodes is part of a step.

    `make_net` is called on the loop, `run` runs what it made, and `trails` tell what each node did. `image`, from a
    snapshot, is where the net goes on; without one it begins at its beginning. With `remembers` it keeps in `pasts`
    what makes the identity of its states (`fbcore.runtimes.identity`). To be closed.
    """

    def __init__(
        self,
        make_net: Callable[[], Net],
        image: Any = None,
        *,
        run: Callable[[Net], Awaitable[Result]] = Net.run,
        remembers: bool = False,
    ) -> None:
        self.loop = SteppedLoop()
        self.net: Net
        self.result: Result | None = None
        self.trails: dict[str, Trail] = {}
        self.pasts: dict[str, Past] | None = {} if remembers else None
        self._moves: list[Move] = []
        self._retries = Retries(self.loop)
        self._armed_by = self.loop.timers.armed_by
        self._nodes: dict[str, Node | None] = {}
        self._task = self.loop.create_task(self._main(make_net, run, image), name=MAIN)
        try:
            self.settle()
            if image is not None:
                bring(self, image["net"], image["time"], image["ready"], image["timers"])
        except BaseException:
            self.close()
            raise

    async def _main(self, make_net: Callable[[], Net], run: Callable[[Net], Awaitable[Result]], image: Any) -> None:
        self.net = make_net()
        if image is not None:
            self.net.image = lambda: lay(self.net, image["net"])
        self._moves = self.net.step_moves
        for node in self.net.nodes:
            self.trails[node.address] = trail = Trail(node, restarts=node.restarts, is_feed=node.component == "input")
            if self.pasts is not None:
                self.pasts[node.address] = Past(node, trail)
        await run(self.net)
        self.result = result_of(self.net)

    def close(self) -> None:
        """Cancel what still runs, and close the loop."""
        if self.loop.is_closed():
            return
        self._task.cancel()
        self._retries.resume()
        with suppress(LoopError):
            while not self._task.done():
                self.loop.step()
        if self._task.done() and not self._task.cancelled():
            # Whoever wanted to hear of an error has.
            self._task.exception()
        self.loop.close()

    def abandon(self) -> None:
        """Drop a net that nobody has closed, without making a step of it: its coroutines end where they stand."""
        if self.loop.is_closed():
            return
        net = self.net
        net.unclosed.forget()
        if not self._task.done():
            text = f"was stepped and never closed{net.unclosed.told()}; use `with FSMRuntime(...) as fsm`, or close it"
            warn_unclosed(text, net.log.of_net)
        drop(net)
        for task in asyncio.all_tasks(self.loop):
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            with suppress(RuntimeError):
                # Which a coroutine raises that awaits on its way out.
                task.get_coro().close()
        self.loop.close()

    # -- what can happen ---------------------------------------------------------------------------

    @property
    def is_blocked(self) -> bool:
        """Whether nothing can happen any more but that the net acts on it."""
        return not self.loop._by_name().has_any() and not self._is_timed and not self._task.done()

    @property
    def _is_timed(self) -> bool:
        """Whether a timer is armed that the net waits for."""
        loop = self.loop
        return bool(loop.timers) and not all(is_aside(loop.context_of(name)) for name in loop.timers)

    def names(self) -> list[str]:
        """Return the names of what can happen next, in order."""
        names = self.loop._by_name().names()
        if not names and self.is_blocked:
            return [BLOCKED]
        return [*names, *self.loop.due] if self.loop.timers else names

    def first(self) -> str | None:
        """Return the name of what would happen next, first come."""
        return str(self.loop.ready[0]) if self.loop.ready else next(iter(self.names()), None)

    def count(self) -> int:
        """Return how much can happen next."""
        return 1 if self.is_blocked else len(self.loop.ready) + len(self.loop.due)

    def is_enabled(self, name: object) -> bool:
        """Say whether something can happen next."""
        if name in self.loop.ready:
            return True
        return name == BLOCKED if self.is_blocked else name in self.loop.due

    def numbers_of_timers(self) -> dict[str, list[int]]:
        """Return which timers of each node are armed, by address: the how manieth each was that it has armed."""
        found: dict[str, list[int]] = {}
        for name in self.loop.timers:
            node = self.node_of(name)
            # Those of firings are armed by tasks that are made anew with them.
            if node is not None and (node.crew is None or name.rpartition(" of ")[2] == self.name_of(node)):
                found.setdefault(node.address, []).append(int(name.split()[1]))
        return found

    def addresses_ready(self) -> set[str]:
        """Return the addresses of the nodes that have a turn."""
        return {node.address for name in self.loop.ready if (node := self.node_of(name)) is not None}

    def choice(self, name: str) -> Choice:
        """Return what can happen next by its name."""
        if name == BLOCKED and self.is_blocked:
            return Choice(self, name, ChoiceKind.BLOCKED, "", 0)
        node = self.node_of(name)
        address = node.address if node is not None else ""
        if name in self.loop.ready:
            turn = self.trails[address].turns_made + 1 if address else 0
            return Choice(self, name, ChoiceKind.TURN, address, turn)
        return Choice(self, name, ChoiceKind.TIMER, address, 0)

    def name_of(self, node: Node) -> str:
        """Return the name of the turns of a node's own task."""
        return getattr(node.task, "step_name", "")

    def node_of(self, name: str) -> Node | None:
        """Return the node that a step would be of, if it is of one."""
        if name not in self._nodes:
            node = node_of(self.loop.context_of(name), self.net)
            if name.startswith(TIMER):
                return node
            self._nodes[name] = node
        return self._nodes[name]

    # -- stepping ----------------------------------------------------------------------------------

    def make(self, name: str) -> tuple[str, tuple[Move, ...]]:
        """Make a step that is enabled; return the address of its node, and what moved."""
        self._moves.clear()
        if name == BLOCKED and self.is_blocked:
            # In a clean context: what this wakes belongs to no node.
            Context().run(self.net.stand_still)
            self.settle()
            return "", ()
        node = self.node_of(name)
        before = self._standing(node)
        self.loop.step(name)
        moves = tuple(self._moves)
        if node is not None:
            self._note(node, name, before, moves)
        self.settle()
        return node.address if node is not None else "", moves

    def _note(self, node: Node, name: str, before: tuple[str, list[str]], moves: tuple[Move, ...]) -> None:
        """Tell the trail of a node of its step, and then its past, where that is remembered."""
        # Not as `time` tells it: who watches that would take it for a question of the net's.
        now, own = self.loop._now, self.name_of(node)
        trail = self.trails[node.address]
        past = self.pasts[node.address] if self.pasts is not None else None
        if name.startswith(TIMER):
            trail.note_timer(now, name)
            if past is not None:
                past.note_timer(now, name.rpartition(" of ")[2])
        elif name == own:
            trail.note(now, moves, armed=self._armed_by.get(name, 0))
            if past is not None:
                past.note(now, before, moves)
        else:
            trail.note_other(now, name, armed=self._armed_by.get(own, 0))
            if past is not None:
                past.note_other(now, name, moves)

    def _standing(self, node: Node | None) -> tuple[str, list[str]]:
        """Return the port operation that a node has come to, for who remembers."""
        if self.pasts is None or node is None or node.trace is None:
            return "", []
        return node.trace.verb, [port.name for port in node.trace.ports]

    def settle(self) -> None:
        """Let the net do what it does by itself, until nothing is left but choices."""
        loop, count = self.loop, 0
        steps = loop._by_name()
        self._retries.resume()
        while True:
            if steps.find(MAIN) is not None:
                name = MAIN
            elif steps.find(CALLBACKS) is not None:
                if self._retries.put_off():
                    continue
                name = CALLBACKS
            elif steps.has_any() or self._is_timed or self._task.done() or not self.net.blocked.deliver_owed():
                break
            else:
                continue
            loop.step(name)
            count += 1
            if count > PATIENCE:
                hint = "a callback that arms itself again with `call_soon` leaves nobody else a turn"
                raise StepError(f"{PATIENCE:,} callbacks followed one step", MAIN, hint)
        if self._task.done() and not self._task.cancelled() and (error := self._task.exception()):
            raise error

    def stop(self, reason: str, settings: NetSettings) -> tuple[str, tuple[Move, ...]]:
        """Ask the net to stop as settings say, between two steps; return what `make` does."""
        self._moves.clear()
        self.net.grace = settings.origin("", "grace").value
        Context().run(self.net.stop_by(settings.origin("", "stop").value), reason)
        self.settle()
        return "", tuple(self._moves)

    def state(self) -> dict[str, Any]:
        """Return what there is to see of the net, as plain data."""
        net = self.net
        return {
            "time": self.loop.time(),
            "outcome": str(self.result.outcome) if self.result is not None else None,
            "nodes": {node.address: self._node_state(node) for node in net.nodes},
            "edges": {edge.address: edge.values() for edge in net.edges},
            "timers": dict(self.loop.timers),
            "enabled": self.names(),
        }

    def _node_state(self, node: Node) -> dict[str, Any]:
        found: dict[str, Any] = {"phase": str(node.phase), "turns": self.trails[node.address].turns_made}
        if node.memories:
            found["memory"] = {name: cell.peek() for name, cell in node.memories.items()}
        hands = node.in_hand()
        if hands:
            found["holds"] = hands
        sending = {port.name: list(port.pending.values()) for port in (*node.outs.values(), node.error) if port.pending}
        if sending:
            found["sends"] = sending
        return found

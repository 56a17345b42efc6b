"""A node that is begun anew when it has failed, ended when that is time, and about whose failures somebody decides."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Literal, cast

from fbcore.errors import EndOfDemand, EndOfStream, NodeError, SettingsError, shown
from fbcore.net.failure import is_failure, node_error
from fbcore.net.in_port import InPort
from fbcore.net.net import Net
from fbcore.net.node import Node
from fbcore.net.pause import pause
from fbcore.net.phase import Phase
from fbcore.net.policy_state import since
from fbcore.net.tasks import NodeTasks
from fbcore.net.wait import BUDGET
from fbcore.orchestration.decision import at_once
from fbcore.orchestration.ending import Ending
from fbcore.orchestration.feeding import Fed, FedPort, Feed
from fbcore.orchestration.letters import LetterBox
from fbcore.orchestration.policy import DeadLetters, End, Restart

Reaction = Literal["fail", "restart", "end"]
"""What follows when a node has failed: the net fails, or the node alone is begun anew, or ends."""


@dataclass(frozen=True, slots=True)
class NodeFailure:
    """A node that has failed, with nobody to take its failure.

    `policy` is what its policies say to do about it; `restarts` how often it was begun anew within their window.
    """

    address: str
    error: NodeError
    policy: Reaction = "fail"
    restarts: int = 0


class _Lives:
    """What a node remembers of its lives when it is written down; see `RemembersPolicy`."""

    __slots__ = ("_node",)

    def __init__(self, node: SupervisedNode) -> None:
        self._node = node

    def state(self, origin: float) -> Any:
        """Return when it was begun anew, or how often, where that is all; executions that are left; if it is over."""
        node = self._node
        times = [since(time, origin) for time in node._times]
        left = node._ending.left if node._ending is not None else None
        is_new = not times and not node._is_over and (node._ending is None or left == node._ending.policy.after)
        return None if is_new else [times if node._restart.window is not None else len(times), left, node._is_over]

    def take(self, state: Any) -> None:
        """Go on with what another node has remembered."""
        if state is not None:
            node = self._node
            times, left, node._is_over = state
            node._times.extend(times if isinstance(times, list) else [0.0] * times)
            if node._ending is not None:
                node._ending.left = left


class SupervisedNode(Node):
    """A node with policies. It lives once, or several times; its ports stay open between two lives."""

    __slots__ = ("_buries", "_ending", "_is_over", "_react", "_restart", "_times", "box", "feed")

    def __init__(
        self,
        net: Net,
        address: str,
        component: str,
        restart: Restart,
        end: End | None = None,
        react: Callable[[NodeFailure], Reaction] | None = None,
        dead_letters: DeadLetters | None = None,
        feed: Feed | None = None,
    ) -> None:
        super().__init__(net, address, component)
        self.feed = feed
        # Where nobody says where dead letters go, but a policy makes some, they are kept in memory.
        self.box = LetterBox(self, dead_letters or DeadLetters())
        self._buries = dead_letters is not None
        self._restart = restart
        self._react = react
        self._ending = Ending(self, end) if end is not None else None
        self._is_over = False
        self._times: deque[float] = deque()
        self.policies = (_Lives(self),)

    @property
    def in_port(self) -> type[InPort]:  # type: ignore[override]
        """What its inputs are made as."""
        return InPort if self.feed is None else FedPort

    # -- its lives ---------------------------------------------------------------------------------

    async def main(self) -> None:
        """Do the node's work, in as many lives as its policies give it, and close its ports. Never raises an error."""
        if self.cancelled:
            self.finish(Phase.CANCELLED)
            return
        phase = Phase.CANCELLED
        if self._ending is not None:
            self._ending.begin()
        try:
            phase = await self._live()
        except asyncio.CancelledError:
            # While it waited to be begun anew.
            phase = Phase.CANCELLED
        finally:
            if self._ending is not None:
                self._ending.stop()
            self.finish(phase)

    async def _live(self) -> Phase:
        """Live until no policy gives another life, and return the phase in which that ends."""
        while True:
            self.credit = self.net.budget
            has_ended, failure = False, None
            try:
                async with self.tasks:
                    try:
                        await self._begin()
                        await self.work()
                    except (EndOfStream, EndOfDemand) as end:
                        # It would find the same end again.
                        has_ended = True
                        if isinstance(end, EndOfDemand):
                            self._give_up_letters()
            except asyncio.CancelledError as error:
                if self.cancelled:
                    return Phase.CANCELLED
                failure = self.cause_of(error)
            except (Exception, SystemExit, BaseExceptionGroup) as error:
                failure = self.cause_of(error)
                has_ended = failure is None
            if failure is not None:
                delay = await self._after(failure)
            else:
                delay = None if has_ended else self._delay("always", self._restart)
            if delay is None:
                return await self._end(failure)
            await self._wait(failure, delay)

    async def _end(self, failure: BaseException | None) -> Phase:
        """Tell that the last life is over."""
        if self.net.is_cancelled or self.cancelled:
            return Phase.FAILED if failure is not None else Phase.CANCELLED
        await self._tell_stopped()
        return Phase.ENDED if failure is None else Phase.FAILED

    async def _after(self, failure: BaseException) -> float | None:
        """Act on a failure; return the seconds after which the node is begun anew, None when it is not."""
        hands = self.held_by(failure)
        if await self.is_taken(failure):
            return self._delay("on failure", self._restart, held=bool(hands))
        error = node_error(failure, self.address, hands)
        policy = self._delay("on failure", self._restart, held=bool(hands))
        reaction = self._decide(error, "fail" if policy is None else "restart")
        if reaction == "restart" and policy is None and self._restart.when == "never":
            policy = self._delay("on failure", Restart(), held=bool(hands))
        if reaction == "restart" and policy is not None:
            self._release_hands(self._restart.held, error)
            await self.tell("failed")
            return policy
        if self.box.refused:
            error.hint += f"; {self.box.refused}"
        if self._times:
            times = len(self._times)
            error.hint += f"; it was begun anew {'once' if times == 1 else f'{times} times'}, and failed again"
        self.note_hands()
        self._tell_at_once("failed")
        if reaction == "end":
            self.net.errors.append(error)
            self.net.log.failed(self, error)
        else:
            self.net.node_failed(self, error)
        return None

    # -- dead letters ------------------------------------------------------------------------------

    async def is_taken(self, cause: BaseException) -> bool:
        """Send a failure to `error`, or put the packets in hand to the dead letters; say if either was done."""
        return await super().is_taken(cause) or await self.bury(cause, self.held_by(cause))

    async def bury(self, cause: BaseException, values: dict[str, Any]) -> bool:
        """Put packets that nobody could process to the dead letters, where the settings say so; say if that was done.

        A failure without packets is none of those: there would be nothing to feed back.
        """
        if not values or self.cancelled or not is_failure(cause):
            return False
        if not self._is_buried(node_error(cause, self.address, values), values):
            return False
        self.let_go()
        # It takes as long as many firings do, and others are to have their turn.
        self.credit -= BUDGET // 8
        await self.tell("failed")
        return True

    def _is_buried(self, error: NodeError, values: dict[str, Any]) -> bool:
        again = self._give_up_letters()
        return self.box.put_again(again, values, error) if again else self._buries and self.box.put(error, values)

    def _give_up_letters(self) -> list[Fed]:
        """Return the dead letters that were fed back and whose packets are in hand, and expect no more of them."""
        if self.feed is None:
            return []
        given_up = [port.give_up() for port in self.ins.values() if isinstance(port, FedPort)]
        return list(dict.fromkeys(filter(None, given_up)))

    def _decide(self, error: NodeError, policy: Reaction) -> Reaction:
        if self._react is None:
            return policy
        try:
            failure = NodeFailure(self.address, error, policy, len(self._times))
            reaction = at_once("react", self._react(failure), self.address)
            if isinstance(reaction, str) and reaction in ("fail", "restart", "end"):
                return cast(Reaction, reaction)
            hint = 'return "fail", "restart" or "end"'
            raise SettingsError(f"`react` returned {shown(reaction)}", self.address, hint)
        except Exception as problem:
            self.net.node_failed(self, node_error(problem, self.address, {}))
        return "fail"

    # -- beginning anew ----------------------------------------------------------------------------

    def _delay(self, why: str, policy: Restart, *, held: bool = False) -> float | None:
        """Return after how many seconds the node may be begun anew; None when it may not.

        One that `held` packets may be, though its inputs have ended meanwhile, or have not quite: the order in which
        that happens is to make no difference. It has to take the packets again, or to tell what it remembers.
        """
        if policy.when not in (why, "always") or self.cancelled or self._is_over or self.net.is_cancelled:
            return None
        if not held and not self._has_more():
            return None
        now = self.net.loop.time()
        if policy.window is not None:
            while self._times and self._times[0] <= now - policy.window:
                self._times.popleft()
        count = len(self._times)
        if policy.most is not None and count >= policy.most:
            return None
        return self._jittered(policy, count)

    def _jittered(self, policy: Restart, count: int) -> float:
        try:
            delay = min(policy.longest, policy.backoff * policy.factor**count)
        except OverflowError:
            delay = policy.longest if policy.backoff else 0.0
        if not delay or not policy.jitter:
            return delay
        # Where time is virtual, everything is to be the same each time; elsewhere nodes must not wait in step.
        random = Random(f"{self.address} {count}") if self.net.is_stepped else Random()
        return delay * (1 + policy.jitter * random.uniform(-1, 1))

    def _has_more(self) -> bool:
        """Say whether there is anything left to do: nothing, where all inputs have ended and are drained."""
        return not self.ins or any(not port.is_closed or port.queue for port in self.ins.values())

    async def _wait(self, failure: BaseException | None, delay: float) -> None:
        """Wait, and be ready to be begun anew."""
        net = self.net
        self._times.append(net.loop.time())
        net.restarts[self.address] = net.restarts.get(self.address, 0) + 1
        error = node_error(failure, self.address, {}) if failure is not None else None
        net.watching.restarted(self.address, error, delay)
        self._enter(Phase.RESTARTING)
        if self.trace is not None:
            # Whoever wants to write the net down has to wait until this node has come to its next packet.
            self.trace.has_lost = True
        await pause(self, delay, "restarts in", "it waits to be begun anew")
        self.tasks = NodeTasks()
        for port in self.ins.values():
            port.overrun, port.half_fed = 0, False
        if self._restart.memory == "reset":
            self.kept.clear()
            for memory in self.memories.values():
                memory.begin_anew()

    def _release_hands(self, held: str, error: NodeError) -> None:
        """Return the packets in hand to their edges, put them to the dead letters, or drop and count them."""
        if held == "dead-letter":
            hands = self.in_hand()
            # Where they cannot be kept, they are not lost.
            again = self._give_up_letters()
            is_kept = self.box.put_again(again, hands, error) if again else not hands or self.box.put(error, hands)
            held = "kept" if is_kept else "return"
        if held == "drop":
            self._give_up_letters()
        for port in self.ins.values() if held != "kept" else ():
            if port.name not in self.in_hand():
                continue
            if held == "return":
                port.put_back()
            else:
                self.net.dropped[port.address] = self.net.dropped.get(port.address, 0) + 1
                self.net.watching.packet("dropped", port.address, port.last)
        self.let_go()

    # -- ending by policy --------------------------------------------------------------------------

    async def tell_executed(self) -> None:
        """Say that a firing, or a run, is over; after the last that its policy allows the node ends."""
        await super().tell_executed()
        if self._ending is not None and self._ending.count():
            self.note_release("all its executions are over")
            raise EndOfStream(self.address)

    def release(self, reason: str, held: str | None = None) -> None:
        """End the node: cancel it, with the packets in its hands `held`; else as if nothing came any more."""
        if self.ended or self.cancelled or self._is_over:
            return
        self.note_release(reason)
        if held is None:
            self.stop()
            return
        hint = "see `end` in the settings of this node"
        self._release_hands(held, NodeError(f"ended by a policy: {reason}", self.address, hint, self.in_hand()))
        self.cancel()

    def note_release(self, reason: str) -> None:
        """Write down that a policy ends the node: it is not begun anew."""
        self._is_over = True
        self.net.released[self.address] = reason
        self.net.watching.released(self.address, reason)

    def policy_state(self) -> Any:
        """Return what the policies remember: when it was begun anew, and what there is to its end."""
        now = self.net.loop.time()
        ending = self._ending.state(now) if self._ending is not None else None
        lives, *firings = (policy.state(now) for policy in self.policies)
        is_new = not lives and not ending and not any(firings)
        return None if is_new else [lives, ending, firings]

"""Firings of a function under policies: let through by a breaker, kept to a rate, tried again, failed in the end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing, closing, suppress
from random import Random
from typing import Any

from fbcore.model.function import FunctionComponent
from fbcore.model.options import Options
from fbcore.net.failure import ENDINGS, leaves, node_error, note_attempts, text_of
from fbcore.net.firing import Firing, closable
from fbcore.net.in_port import InPort
from fbcore.net.memory_cell import MemoryCell
from fbcore.net.node import Node
from fbcore.net.pause import pause
from fbcore.net.watched import Packets, Watched
from fbcore.orchestration.breaker import BreakerError, Circuit
from fbcore.orchestration.named import is_one_of
from fbcore.orchestration.policy import Retry
from fbcore.orchestration.rate import Pace
from fbcore.orchestration.settings import OF_FIRINGS, NodeSettings
from fbcore.orchestration.supervised import SupervisedNode

Send = Callable[[Any], Awaitable[None]]
Copies = Mapping[str, Any]

_NO_COPIES: Copies = {}


class Execution:
    """One firing on its way. Several of one node may be on their way at once, so all that is of one of them is here.

    `values` is what the function gets, one for each input; `held` are the packets in hand for it, by port, for whoever
    tells of a failure. `function` is what is called, with the configs and the memories bound that it began with, and
    `memories` are those that a new attempt brings back to what they were. `send` is how each of its results leaves.
    `packets` are those in hand with their identities, where observers want to know.
    `attempt` counts from 1; `has_sent` says that something has left, so that there is no way back. `era` is that of the
    breaker in which it was let through.
    """

    __slots__ = ("_held", "_node", "attempt", "era", "function", "has_sent", "memories", "packets", "send", "values")

    def __init__(self, firing: PolicedFiring, values: Sequence[Any], held: dict[str, Any] | None = None) -> None:
        self.values = values
        self._node = firing.node
        self._held: dict[str, Any] | None = held
        self.packets: Packets = firing._watched.packets() if firing._watched is not None else ()
        self.function: Callable[..., Any] = firing._function
        self.memories: Mapping[str, MemoryCell] = firing.node.memories
        self.send: Send = firing._send
        self.attempt = 1
        self.era = 0
        self.has_sent = False

    @property
    def held(self) -> dict[str, Any]:
        """The packets in hand for it, by port; those of the node, unless it was said that it has others of its own."""
        return self._node.in_hand() if self._held is None else self._held

    @held.setter
    def held(self, held: dict[str, Any]) -> None:
        self._held = held


class PolicedFiring(Firing):
    """Runs a function in a node, under the policies that settings say of its firings.

    From the outside in, each step a method that another policy may wrap:

    - `_fire(values)`: a firing, from the packets that were taken to the end of all that follows. Where several go on
      at once, this is the place to wait for a free slot, make an `Execution`, give it its own `send` (which keeps the
      order) and `memories`, and run `_fire_once` with it in a task of `node.tasks`.
    - `_fire_once(execution)`: sends what is left to be sent, and tells of a failure. Raises what is to fail the node.
    - `_guarded(execution)`: begins when the breaker lets it through, and the rate; the breaker hears how it has ended.
    - `_tried(execution)`: all the attempts, with the waits and the memories between them.
    - `_attempt(execution)`: one call, and its items where it streams; returns what is still to be sent. This is the
      place for a time-out: raise `TimeoutError`, and it is tried again as any error is.

    Nothing about one firing is kept in this object, where several may go on. A function that does no more than return,
    and has neither a breaker nor a rate, fires in batches as without policies; only a firing that has failed comes to
    `_go_on`, with the copies of its memories that were taken right before it (`_before`; None when that has failed).
    """

    def __init__(
        self, node: Node, component: FunctionComponent[..., Any, Any], options: Options, settings: NodeSettings
    ) -> None:
        self.settings = settings
        self._retry: Retry | None = settings.retry
        self._before: Copies | None = _NO_COPIES
        super().__init__(node, component, options)
        self._circuit = Circuit(settings.breaker, node) if settings.breaker is not None else None
        self._pace = Pace(settings.rate, node) if settings.rate is not None else None
        if self._circuit is not None and self._pace is not None:
            self._circuit.on_opening = self._pace.rewind
        node.policies = [*node.policies, *(each for each in (self._circuit, self._pace) if each is not None)]
        self._counts = settings.end is not None and settings.end.after is not None

    def _is_plain(self) -> bool:
        """Whether it can fire in batches: nothing is to be waited for before a call."""
        waits = self._counts or self._circuit is not None or self._pace is not None
        return super()._is_plain() and not waits

    def _read_configs(self) -> None:
        super()._read_configs()
        if self._may_try_again and self.node.memories:
            self._plain_function = self._keeping(self._plain_function)

    def _keeping(self, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """Return a function that does the same, and first copies the memories."""
        cells = tuple(self.node.memories.items())

        def kept(value: Any) -> Any:
            self._before = None
            self._before = {name: cell.copy() for name, cell in cells}
            return function(value)

        return kept

    # -- one firing --------------------------------------------------------------------------------

    # Here and below, not one coroutine around the other where that is all there is to do: each is a tenth of a firing.
    def _fire(self, values: Sequence[Any]) -> Coroutine[Any, Any, None]:
        return self._fire_once(Execution(self, values))

    async def _fire_once(self, execution: Execution) -> None:
        """Fire once, with all attempts."""
        try:
            for value in await self._guarded(execution):
                await execution.send(value)
        except Exception as error:
            await self._failed(error, execution.held)
        else:
            await self.node.tell_executed()

    async def _fell(self, error: BaseException, port: InPort) -> None:
        """Try again what has failed in a batch, or alone."""
        if not isinstance(error, Exception) or self._before is None:
            await self._failed(error, {port.name: port.last})
            return
        execution = Execution(self, (port.last,))
        try:
            for value in await self._go_on(execution, self._before, error):
                await execution.send(value)
        except Exception as last:
            await self._failed(last, execution.held)

    async def _failed(self, error: BaseException, values: dict[str, Any]) -> None:
        """Send a failure to the port `error`, or put its packets to the dead letters; else let it leave the node."""
        try:
            await super()._failed(error, values)
        except Exception as last:
            if not (isinstance(self.node, SupervisedNode) and await self.node.bury(last, values)):
                raise

    def _guarded(self, execution: Execution) -> Coroutine[Any, Any, Sequence[Any]]:
        """Fire when the breaker and the rate let it, and return what is still to be sent.

        Raises:
            Exception: that of the last attempt; a `BreakerError` where it was refused, or has given up.
        """
        if self._circuit is not None:
            return self._let_through(self._circuit, execution)
        return self._tried(execution) if self._pace is None else self._in_time(self._pace, execution)

    async def _in_time(self, pace: Pace, execution: Execution) -> Sequence[Any]:
        await pace.wait()
        return await self._tried(execution)

    async def _let_through(self, circuit: Circuit, execution: Execution) -> Sequence[Any]:
        """Fire, and let the breaker hear how that ends, whatever it is: else one on trial would be so for ever."""
        await self._enter(circuit, execution)
        try:
            left = await self._tried(execution)
        except ENDINGS:
            circuit.succeeded(execution.era)
            raise
        except Exception as error:
            circuit.failed(execution.era, error)
            raise
        except BaseException:
            circuit.given_up(execution.era)
            raise
        circuit.succeeded(execution.era)
        return left

    async def _enter(self, circuit: Circuit, execution: Execution) -> None:
        """Wait until the breaker lets a firing through, and it has its time; anew, where that opens meanwhile."""
        has_time = False
        while not has_time:
            try:
                execution.era = await circuit.enter()
            except BreakerError as error:
                note_attempts(error, 0)
                raise
            try:
                has_time = self._pace is None or await self._pace.wait(circuit.opening)
            except BaseException:
                circuit.given_up(execution.era)
                raise

    def _tried(self, execution: Execution) -> Coroutine[Any, Any, Sequence[Any]]:
        """Try until an attempt succeeds, and return what is still to be sent.

        Raises:
            Exception: that of the last attempt.
        """
        return self._go_on(execution, self._copies(execution))

    async def _go_on(self, execution: Execution, copies: Copies, error: Exception | None = None) -> Sequence[Any]:
        """Try on, the first attempt may have failed with an error; `copies` are what memories are brought back to."""
        while True:
            if error is None:
                try:
                    return await self._seen(execution)
                except Exception as raised:
                    error = raised
            if not execution.has_sent:
                for name, copy in copies.items():
                    execution.memories[name].restore(copy)
            delay = self._delay(error, execution)
            try:
                if delay is None:
                    raise error
                await self._wait(error, execution, delay)
            except Exception as last:
                note_attempts(last, execution.attempt)
                raise
            execution.attempt += 1
            error = None

    def _seen(self, execution: Execution) -> Coroutine[Any, Any, Sequence[Any]]:
        """Make an attempt; observers who want to hear of calls do, with all that it waits for within its time-out."""
        return self._attempt(execution) if self._watched is None else self._told(self._watched, execution)

    async def _told(self, watched: Watched, execution: Execution) -> Sequence[Any]:
        with watched.call(execution.packets):
            return await self._attempt(execution)

    async def _attempt(self, execution: Execution) -> Sequence[Any]:
        """Call the function once; return what is still to be sent of it."""
        result = self._call(execution)
        if self.component.is_async:
            result = await result
        return await self._streamed(execution, result) if self.component.streams else (result,)

    def _call(self, execution: Execution) -> Any:
        """Call the function; an asynchronous one returns what is to be awaited, one that streams its iterator."""
        if self.component.takes_positions:
            return execution.function(*execution.values)
        named = zip(self.ports, execution.values, strict=True)
        return execution.function(**{port.name: value for port, value in named})

    async def _streamed(self, execution: Execution, result: Any) -> list[Any]:
        """Send the items of what a function yields as they come; return them all where they are to be held back."""
        held_back: list[Any] = []
        if isinstance(result, AsyncIterator):
            async with aclosing(closable(result)) as items:
                async for item in items:
                    await self._item(execution, item, held_back)
        else:
            with closing(closable(result)) as items:
                for item in items:
                    await self._item(execution, item, held_back)
        return held_back

    async def _item(self, execution: Execution, item: Any, held_back: list[Any]) -> None:
        if self.options.buffered:
            held_back.append(item)
            return
        execution.has_sent = True
        await execution.send(item)

    # -- attempts ----------------------------------------------------------------------------------

    @property
    def _may_try_again(self) -> bool:
        return self._retry is not None and self._retry.attempts > 1

    def _copies(self, execution: Execution) -> Copies:
        """Copy what its memories are before it, where it may be tried again."""
        if not execution.memories or not self._may_try_again:
            return _NO_COPIES
        return {name: cell.copy() for name, cell in execution.memories.items()}

    def _delay(self, error: Exception, execution: Execution) -> float | None:
        """Return the seconds after which a firing that has failed so is tried again; None where it is not."""
        policy = self._retry
        if policy is None or execution.has_sent or execution.attempt >= policy.attempts:
            return None
        if any(isinstance(each, ENDINGS) for each in leaves(error)) or not is_one_of(error, policy.on):
            return None
        return _jittered(policy, execution.attempt, self.node)

    async def _wait(self, error: Exception, execution: Execution, delay: float) -> None:
        """Wait before the next attempt.

        Raises:
            BreakerError: none is worth it any more, for other firings have opened the breaker.
        """
        node, circuit, attempt = self.node, self._circuit, execution.attempt
        if circuit is not None:
            circuit.end_attempts(execution.era, attempt, error)
        node.net.retries[node.address] = node.net.retries.get(node.address, 0) + 1
        if node.net.watching.wants_retries:
            failure = node_error(error, node.address, execution.held)
            node.net.watching.retried(node.address, failure, attempt, delay)
        said = text_of(error)
        what = f"{type(error).__name__}: {said}" if said else type(error).__name__
        why = f"it waits for attempt {attempt + 1}, after {what}"
        if circuit is None:
            await pause(node, delay, "retries in", why)
            return
        await pause(node, delay, "retries in", why, circuit.opening)
        circuit.end_attempts(execution.era, attempt, error)
        if circuit.has_opened(execution.era):
            execution.era = await circuit.enter()


def _jittered(policy: Retry, attempt: int, node: Node) -> float:
    """Return the seconds between an attempt, counted from 1, and the next."""
    delay = policy.longest if policy.backoff else 0.0
    with suppress(OverflowError):
        delay = min(policy.longest, policy.backoff * policy.factor ** (attempt - 1))
    if not delay or not policy.jitter:
        return delay
    # Where time is virtual, the same each time, whatever was drawn before: what lies ahead of a node must not depend
    # on how it came there. Elsewhere nodes must not wait in step.
    random = Random(f"{node.address} {attempt}") if node.net.is_stepped else Random()
    return delay * (1 + policy.jitter * random.uniform(-1, 1))


def firing_by(settings: NodeSettings, *, is_fed: bool = False) -> Callable[..., Firing] | None:
    """Return what fires functions under these settings; None where they say nothing about firings.

    A node that `is_fed` dead letters puts those aside that fail again.
    """
    says_more = settings.dead_letters is not None or is_fed
    if not says_more and all(getattr(settings, name) is None for name in OF_FIRINGS):
        return None

    def make(node: Node, component: FunctionComponent[..., Any, Any], options: Options) -> Firing:
        return PolicedFiring(node, component, options, settings)

    return make

"""A node: a component in a running net, its task, what it waits for, and what it holds."""

from __future__ import annotations

import asyncio
import types
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from fbcore.errors import EndOfDemand, EndOfStream, FlowError, NodeError, StopNet
from fbcore.model.component import NetHandle
from fbcore.model.log import Log
from fbcore.model.packet import NOTHING, Failure, Packet, PacketId
from fbcore.model.port import Hit
from fbcore.net.births import Births, NotingOutPort, PacketStore
from fbcore.net.config_port import ConfigPort
from fbcore.net.edge import Edge
from fbcore.net.failure import ENDINGS, leaves, node_error, without_wrapping
from fbcore.net.handle import Handle
from fbcore.net.in_port import InPort, Taken
from fbcore.net.joint import Select, Zip, own_inputs
from fbcore.net.memory_cell import MemoryCell
from fbcore.net.out_port import OutPort
from fbcore.net.phase import Phase
from fbcore.net.policy_state import RemembersPolicy, states_of
from fbcore.net.stop_port import StopPort
from fbcore.net.tasks import NodeTasks
from fbcore.net.trace import Trace
from fbcore.net.unclosed import is_dropped
from fbcore.net.wait import NEVER, Wait

if TYPE_CHECKING:
    from fbcore.net.crew import Crew
    from fbcore.net.net import Net
    from fbcore.net.pause import Pause


class Node:
    """One node of a running net. `work` is what its task does, made from the component by `fbcore.net.build`."""

    has_task = True
    """Whether a task of the net does its work; the reader of a stream has its own."""

    crew: Crew | None = None  # its firings, where several go on at once
    in_port: type[InPort] = InPort
    firing_number: Callable[[], int | None]

    # More than thirty attributes: without slots each node would have a dict of its own, of over a kilobyte.
    __slots__ = (
        "__weakref__",
        "address",
        "busy_with",
        "cancelled",
        "component",
        "configs",
        "credit",
        "ended",
        "error",
        "firing_number",
        "has_begun",
        "has_told",
        "held",
        "ins",
        "is_exact",
        "is_stopped",
        "kept",
        "life",
        "memories",
        "net",
        "net_handle",
        "outs",
        "pauses",
        "policies",
        "restarts",
        "sees_identities",
        "stop_port",
        "store",
        "task",
        "tasks",
        "trace",
        "trigger",
        "unsent",
        "waits",
        "work",
    )

    def __init__(self, net: Net, address: str, component: str) -> None:
        self.net = net
        self.address = address
        self.component = component
        self.ins: dict[str, InPort] = {}
        self.outs: dict[str, OutPort] = {}
        self.configs: dict[str, ConfigPort] = {}
        self.memories: dict[str, MemoryCell] = {}
        self.error = self.new_out("error")
        self.stop_port: StopPort | None = None
        self.is_exact = True
        self.store: PacketStore | None = None
        self.trace: Trace | None = None
        self.restarts = True
        self.sees_identities = False
        self.trigger: InPort | None = None
        self.kept: dict[str, Any] = {}
        self.work: Callable[[], Awaitable[None]] = _no_work
        self.life = Phase.CREATED
        self.ended = False
        self.cancelled = False
        self.has_begun = False
        self.has_told = False
        self.is_stopped = False
        self.waits: list[Wait] = []
        self.busy_with: list[str] = []
        self.pauses: Sequence[Pause] = ()
        self.held: dict[str, Any] = {}
        self.unsent: dict[str, list[Any]] = {}
        self.tasks = NodeTasks()
        self.task: asyncio.Task[None] | None = None
        self.credit = 0
        self.policies: Sequence[RemembersPolicy] = ()
        self.net_handle: NetHandle = Handle(net)

    # -- its ports ---------------------------------------------------------------------------------

    def new_out(self, name: str) -> OutPort:
        """Make an output of a kind that knows as much of its packets as the net is to."""
        return (NotingOutPort if self.net.options.tracking == "history" else OutPort)(self, name)

    def keep_history(self, edges: Mapping[Edge, int]) -> None:
        """Take down what is born at each output from now on; `edges` are all those of the net, with their numbers."""
        options = self.net.options
        if options.keep_packets or options.keep_bytes:
            self.store = self.store or PacketStore(options)
        for port in (*self.outs.values(), self.error):
            if port.births is None:
                port.births = Births(self, port.address, self.store, is_exact=self.is_exact)
                port.births.prepare(edges)

    def births(self) -> list[Births]:
        """Return what was born at each output, where the history of packets is kept."""
        return [port.births for port in (*self.outs.values(), self.error) if port.births is not None]

    # -- its task ----------------------------------------------------------------------------------

    @property
    def log(self) -> Log:
        """The log of the node, whose lines tell where they come from."""
        return self.net.log.of(self)

    async def main(self) -> None:
        """Do the node's work to its end, whatever that is, and close its ports. Never raises an error."""
        if self.cancelled:
            # The net was stopped before it began.
            self.finish(Phase.CANCELLED)
            return
        self.credit = self.net.budget
        phase = Phase.ENDED
        try:
            async with self.tasks:
                with suppress(EndOfStream, EndOfDemand):
                    await self._begin()
                    await self.work()
            await self._tell_stopped()
        except asyncio.CancelledError as error:
            phase = Phase.CANCELLED
            if not self.cancelled:
                phase = await self._failed(error)
        except (Exception, SystemExit, BaseExceptionGroup) as error:
            phase = await self._failed(error)
        finally:
            self.finish(phase)

    async def _begin(self) -> None:
        """Wait until every config has a value, and say that the node has started; once, though it be begun anew."""
        if self.has_begun:
            self._enter(Phase.RUNNING)
            return
        for config in self.configs.values():
            await config.arrive()
        self._enter(Phase.RUNNING)
        await self.tell("started")
        self.has_begun = True

    async def _failed(self, error: BaseException) -> Phase:
        """Act on what left `run`: stop the net, send failures to `error`, or fail the net."""
        cause = self.cause_of(error)
        if cause is None:
            return Phase.CANCELLED if self.net.is_cancelled else Phase.ENDED
        try:
            if await self.is_taken(cause):
                await self._tell_stopped()
                return Phase.FAILED
        except asyncio.CancelledError:
            # The failure is in the account, as unsent; a stop does not become a failure of the net.
            return Phase.CANCELLED
        self.fail(cause)
        return Phase.FAILED

    def cause_of(self, error: BaseException) -> BaseException | None:
        """Stop the net where what left `run` asks for that, and return the failure in it, if there is one."""
        causes = leaves(error)
        for cause in causes:
            if isinstance(cause, StopNet):
                self.net.stop_at_once(cause.reason or f"{self.address} raised StopNet")
        own = [] if is_dropped(self, causes) else causes
        serious = [cause for cause in own if not isinstance(cause, ENDINGS)]
        return without_wrapping(error) if len(serious) > 1 else next(iter(serious), None)

    async def is_taken(self, cause: BaseException) -> bool:
        """Send a failure to `error`, with the packets in hand, where that is connected; say if somebody takes it."""
        if not self.error.edges or self.cancelled:
            return False
        held = self.held_by(cause)
        try:
            await self.send_failure(node_error(cause, self.address, held), held)
        except EndOfDemand:
            return False
        return True

    def fail(self, error: BaseException) -> None:
        """Fail the net on account of this node."""
        failure = node_error(error, self.address, self.held_by(error))
        self.note_hands()
        self._tell_at_once("failed")
        self.net.node_failed(self, failure)

    def refuse(self, error: FlowError, held: dict[str, Any]) -> None:
        """Act on a value that a config has refused, in the turn of its sender, who is not to wait for this node."""
        failure = node_error(error, self.address, held)
        self._tell_at_once("failed")
        if self.error.edges:
            (value,) = held.values()
            self.error.put_now(Failure(value, failure, self.address), beyond=True)
        else:
            self.net.node_failed(self, failure)

    async def send_failure(self, failure: NodeError, held: dict[str, Any]) -> None:
        """Send what the node held to its port `error`, and the message `failed`."""
        held = {name: value for name, value in held.items() if name != "execute"}
        value: Any = held or None
        if len(held) == 1 and len(self.ins.keys() - {"execute"}) == 1:
            (value,) = held.values()
        self.net.log.passes_on(self, failure)
        await self.error.send(Failure(value, failure, self.address))
        self.let_go()
        await self.tell("failed")

    async def tell(self, message: str) -> None:
        """Send a message that every node has, if anybody is connected to it."""
        port = self.outs.get(message)
        if port is not None:
            with suppress(EndOfDemand):
                await port.send(None)

    async def tell_executed(self) -> None:
        """Say that a firing, or a run, is over: the node is done with what it had in its hands."""
        if not self.tasks.are_busy:
            self.let_go()
        await self.tell("executed")

    async def _tell_stopped(self) -> None:
        await self.tell("stopped")
        self.has_told = True

    def _tell_at_once(self, message: str) -> None:
        port = self.outs.get(message)
        if port is not None:
            with suppress(EndOfDemand):
                port.put_now(None)

    def finish(self, phase: Phase) -> None:
        """Close all ports and leave the net; the first call counts.

        The net calls it too, for a node whose task was cancelled before it began, and so never ran `main`.
        """
        if self.ended:
            return
        self.ended = True
        if phase is Phase.CANCELLED:
            self.note_hands()
        elif phase is Phase.ENDED:
            self.let_go()
        if not self.has_told:
            self._tell_at_once("stopped")
        self._enter(phase)
        for inlet in self.inlets:
            inlet.close()
        if self.stop_port is not None:
            self.stop_port.close()
        for out in (*self.outs.values(), self.error):
            out.close()
        self.net.node_ended(self)

    @property
    def inlets(self) -> list[InPort | ConfigPort]:
        """The ports that something comes in by, and that can be closed: inputs, signals, and configs that are fed."""
        return [*self.ins.values(), *(config for config in self.configs.values() if config.edges)]

    @property
    def is_fed(self) -> bool:
        """Whether anything is connected to its inputs, or was; without that nothing would tell it to end."""
        return any(port.edges for port in self.ins.values())

    def stop(self) -> None:
        """End this node alone: what has inputs takes what lies there and ends; what has none is cancelled."""
        self.is_stopped = True
        if not self.is_fed:
            self.cancel()
        for inlet in self.inlets:
            inlet.flush()

    def cancel(self) -> None:
        """Cancel the node, after noting what it holds."""
        if self.ended:
            return
        if not self.cancelled:
            self.cancelled = True
            self.note_hands()
            # From now on every port operation is slow, and raises.
            self.credit = 0
            for out in (*self.outs.values(), self.error):
                out.gate = -1
            for inp in self.ins.values():
                inp.low = NEVER
        if self.task is not None:
            self.task.cancel()

    # -- what it holds -----------------------------------------------------------------------------

    def in_hand(self) -> dict[str, Any]:
        """Return the packets the node has taken and not yet done with, by port."""
        return {name: port.last for name, port in self.ins.items() if port.last is not NOTHING}

    def held_by(self, error: BaseException) -> dict[str, Any]:
        """Return the packets in hand that an error is about which has left the component."""
        return self.in_hand()

    def parents(self) -> tuple[PacketId, ...]:
        """Return the packets that what is sent now is made of: what was received last, on each input."""
        return tuple(port.last_identity() for port in self.ins.values() if port.received)

    def hand_over(self) -> list[Taken]:
        """Take the packets that were received last out of the node's hands, for who keeps them with others."""
        return [port.hand_over() for port in self.ins.values() if port.is_in_hand]

    def let_go(self) -> None:
        """Have nothing in hand any more."""
        for port in self.ins.values():
            port.last = NOTHING

    def give_away(self, packet: Packet[Any]) -> None:
        """Have a packet in hand no more, for it went on as it was."""
        for port in self.ins.values():
            if port.last is packet.value and port.last_identity() == packet.id:
                port.last = NOTHING

    def policy_state(self) -> Any:
        """Return what the policies of the node remember, for who tells states of a net apart; None without any."""
        return states_of(self.policies, self.net.loop.time())

    def note_hands(self) -> None:
        """Write down, for the report, what the node holds: packets taken, and values whose send waits."""
        if not self.held and not self.unsent:
            self.held = self.in_hand()
            ports = (*self.outs.values(), self.error)
            self.unsent = {port.name: list(port.pending.values()) for port in ports if port.pending}

    # -- waiting -----------------------------------------------------------------------------------

    @types.coroutine
    def give_way(self, verb: str, ports: Sequence[Any]) -> Generator[None, None, None]:
        """Let everyone else have a turn: owed after so many port operations, and always on a stepped loop.

        The caller says what it will do after that, and with which ports.
        """
        if self.cancelled:
            # Not at once: a component that swallows its cancellation and tries again must not stop the loop.
            yield
            raise asyncio.CancelledError
        self.credit = self.net.budget
        if self.trace is not None:
            self.trace.comes_to(verb, ports)
        # As `asyncio.sleep(0)` does, without a coroutine for it: on a stepped loop every port operation comes by here.
        yield

    @types.coroutine
    def look_again(self) -> Generator[None, None, None]:
        """Let everyone else have a turn, before waiting.

        In a busy net what the task wants has come by then nearly always, and a turn costs a third of a wait.
        """
        yield
        if self.cancelled:
            raise asyncio.CancelledError
        self.credit = self.net.budget

    def wake_owed_senders(self) -> None:
        """Wake who waits for room that is there, though less than half an edge: this node turns to other waits.

        Left to the blocked check they would sleep for as long as anything else in the net is outstanding.
        """
        for port in self.ins.values():
            for edge in port.edges:
                if edge.senders and not edge.is_full:
                    edge.wake_senders()

    # -- being seen --------------------------------------------------------------------------------

    @property
    def phase(self) -> Phase:
        """Where the node is in its life; while it runs, what it waits for first."""
        if self.life is Phase.RUNNING and self.waits:
            return Phase.SENDING if self.waits[0].edges else Phase.RECEIVING
        return self.life

    def _enter(self, life: Phase) -> None:
        self.life = life
        self.net.watching.node(self.address, life)

    def select(self, ports: Sequence[Any]) -> AsyncIterator[Hit]:
        """Look at several inputs, whichever comes first."""
        return Select(self, own_inputs(self, ports, "select"))

    def zip(self, ports: Sequence[Any]) -> AsyncIterator[tuple[Any, ...]]:
        """Take one packet from each of several inputs, all or none."""
        return Zip(self, own_inputs(self, ports, "zip"))

    @asynccontextmanager
    async def busy(self, what: str) -> AsyncIterator[None]:
        """Count work that the loop cannot see as outstanding while it goes on."""
        self.busy_with.append(what)
        try:
            yield
        finally:
            self.busy_with.remove(what)
            self.net.blocked.look_again()


async def _no_work() -> None:
    """Do nothing; a node is given its work by the builder."""

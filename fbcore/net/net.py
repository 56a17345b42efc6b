"""A running net: its nodes and edges, who lives, how it ends, and the account of every packet."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextvars import Context
from functools import partial
from typing import TYPE_CHECKING, Any

from fbcore.errors import FlowError, NodeError, SettingsError, shown
from fbcore.net import internals
from fbcore.net.abandoned import AbandonedThread, report_outliving
from fbcore.net.blocked import BlockedCheck
from fbcore.net.current import context_for
from fbcore.net.edge import Edge
from fbcore.net.failure import node_error
from fbcore.net.flush import flush_order
from fbcore.net.letters import Letters
from fbcore.net.log import NetLog
from fbcore.net.node import Node
from fbcore.net.observe import Observer, Watching
from fbcore.net.options import DEFAULTS, GRACE, HowToStop, NetOptions
from fbcore.net.outstanding import find_outstanding, tasks_of, waiters_for_threads
from fbcore.net.phase import Phase
from fbcore.net.printed import begin_log, end_capture, end_lines
from fbcore.net.registry import PacketRegistry
from fbcore.net.report import Outcome, Result, Snapshot
from fbcore.net.sink import Sink
from fbcore.net.states import state_of, state_of_node
from fbcore.net.trace import Move, Trace
from fbcore.net.unclosed import Unclosed, drop
from fbcore.net.verdict import Verdict, verdict, waits_in_words
from fbcore.net.wait import BUDGET, Wait
from fbcore.net.watchdog import Watchdog
from fbcore.refusal import refusal

if TYPE_CHECKING:
    from fbcore.loop import SteppedLoop
    from fbcore.net.reader import Reader
    from fbcore.net.view import NetView


class Net:
    """A net made of a graph by `fbcore.net.build.build_net`, to be run once.

    `await net.run()` runs it and returns its `Result`; when that is cancelled, `net.result` still holds it.
    """

    def __init__(self, name: str, observers: Iterable[Observer] = (), options: NetOptions = DEFAULTS) -> None:
        self.name = name
        self.options = options
        self.initials: dict[str, list[Any]] = {}
        # Where packets were passed on, in order: a packet in a loop comes by the same outputs again and again.
        self.passed_on: list[tuple[str, int]] = []
        self.log = NetLog(name)
        self.unclosed = Unclosed(self.log.of_net)
        self.watching = Watching(list(observers), self.log)
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.sinks: dict[str, Sink] = {}
        self.reader: Reader | None = None
        self.live = 0
        self.parked = 0
        self.moves = 0
        self.errors: list[NodeError] = []
        self.restarts: dict[str, int] = {}
        self.retries: dict[str, int] = {}
        self.dropped: dict[str, int] = {}
        self.released: dict[str, str] = {}
        self.forgotten: dict[str, int] = {}
        self.letters = Letters()
        self.abandoned: list[AbandonedThread] = []
        self.fed: dict[str, int] = {}
        self.grace = GRACE
        self.is_cancelled = False
        self.is_stepped = False
        self.looks_twice = False
        self.budget = 0
        self.step_moves: list[Move] = []
        self.image: Callable[[], None] | None = None
        self.result: Result | None = None
        self.blocked = BlockedCheck(self, self._when_blocked)
        self._outcome: Outcome | None = None
        self._reason = ""
        self._knot: tuple[str, ...] = ()
        self._waits: dict[str, str] = {}
        self._quiescent = False
        self._to_flush: list[Node] | None = None
        self._grace: asyncio.TimerHandle | None = None
        self._insisting: asyncio.TimerHandle | None = None
        self._began = 0.0
        self._numbers: dict[Edge, int] = {}
        self._watchdog = Watchdog(self)
        self._all_ended = asyncio.Event()
        self.loop = asyncio.get_running_loop()
        self.stepped_loop = internals.stepped(self.loop)
        self.host: asyncio.Task[Any] | None = None
        self.new_future = internals.future_maker(self.loop)

    def add(self, node: Node) -> None:
        """Take in a node, before the net runs."""
        self.nodes.append(node)
        self.live += 1

    # -- running -----------------------------------------------------------------------------------

    async def run(self) -> Result:
        """Run the net to its end, and say how it ended. Never raises what a node raised."""
        self.host = asyncio.current_task()
        self._begin()
        outside = Context()
        is_dropped = False
        try:
            async with asyncio.TaskGroup() as group:
                for node in filter(_has_task, self.alive()):
                    node.task = group.create_task(node.main(), name=node.address, context=context_for(node))
                    node.task.add_done_callback(partial(_never_ran, node), context=outside)
                self.blocked.watch_stillness()
                try:
                    await self._all_ended.wait()
                except asyncio.CancelledError:
                    self.stop_at_once("cancelled from outside")
                    raise
                except GeneratorExit:
                    # Dropped, with its loop: nothing can be awaited any more.
                    is_dropped = True
                    drop(self)
                    self._outcome, self._reason = self._outcome or Outcome.STOPPED, "dropped before its end"
                    raise
        except RuntimeError:
            if is_dropped:
                # A task group wants its loop even then.
                raise GeneratorExit from None
            raise
        finally:
            for node in self.nodes:
                node.finish(Phase.CANCELLED)
            if not is_dropped:
                await self._end_strays()
            self._finish()
        assert self.result is not None
        return self.result

    def _begin(self) -> None:
        if self.result is not None:
            raise FlowError("this net has run already", self.name, "make another one of its graph")
        self._began = self.loop.time()
        self.is_stepped = self.stepped_loop is not None
        self.watching.begun(self._view)
        # Who watches nodes is to see them wait.
        self.looks_twice = not self.is_stepped and not self.watching.wants_nodes
        # On a stepped loop a task has no credit, and gives way before every port operation.
        self.budget = 0 if self.is_stepped else BUDGET
        if self.stepped_loop is not None:
            self._be_stepped(self.stepped_loop)
        for node in self.nodes:
            for port in node.ins.values():
                port.wait = Wait(node, (port,))
        self._numbers = {edge: number for number, edge in enumerate(self.edges)}
        for node in self.nodes:
            self.take_in(node)
        for edge in self.edges:
            edge.is_fast = edge.can_be_fast and not self.is_stepped and not self.watching.wants_packets
        for edge in self.edges:
            edge.source.regate()
        if self.image is not None:
            self.image()
            if self.live == 0:
                self._all_ended.set()
        else:
            self._put_initials()
        if not self.is_stepped:
            self._watchdog.start()
        self.unclosed.watch(self)
        begin_log(self)

    def _view(self) -> NetView:
        # Loaded here, for a view is made of nets.
        from fbcore.net.view import NetView

        return NetView(self)

    def _be_stepped(self, loop: SteppedLoop) -> None:
        """Prepare for a loop whose driver chooses: it knows exactly when nothing can move."""
        if not self.options.stepwise:
            loop.when_idle(self.stand_still)
        if self.options.stepwise or loop.touched is not None:
            moves = self.step_moves if self.options.stepwise else None
            for node in self.nodes:
                node.trace = Trace(node, moves)

    def _put_initials(self) -> None:
        """Put the initial packets, before anything runs: they come before any other."""
        for node in self.nodes:
            if node.address in self.initials:
                for value in self.initials[node.address]:
                    node.outs["out"].put_now(value)

    def take_in(self, node: Node) -> None:
        """Take notice of ports that a node has got."""
        if self.options.tracking == "history":
            node.keep_history(self._numbers)

    @property
    def packets(self) -> PacketRegistry:
        """What is known of the packets of the net at this moment."""
        return PacketRegistry(self)

    def _finish(self) -> None:
        if not self.is_stepped:
            self._watchdog.stop()
        self.blocked.close()
        for edge in self.edges:
            edge.rest()
        for timer in (self._grace, self._insisting):
            if timer is not None:
                timer.cancel()
        if self.stepped_loop is not None and not self.options.stepwise:
            self.stepped_loop.forget_idle(self.stand_still)
        self._look_at_outputs()
        end_capture(self.log)
        self.unclosed.forget()
        self.result = self._account()
        self.watching.ended(self.result)

    def _look_at_outputs(self) -> None:
        """Fail when a value that lies at an output was changed after it had been sent, where that is checked."""
        for edge in self.edges:
            if isinstance(edge.target, Sink) and edge.inspection is not None:
                node = edge.source.node
                for wrong in filter(None, map(edge.inspection.leave, edge.values())):
                    self.node_failed(node, node_error(wrong, node.address, {}))
                    break

    def slow_turn(self, address: str, seconds: float) -> None:
        """Report a turn that blocked the loop."""
        self.watching.slow_turn(address, f"a turn blocked the loop for {seconds:.2f} s; place it in a thread")

    # -- what its nodes tell it --------------------------------------------------------------------

    def alive(self) -> Iterator[Node]:
        """Yield the nodes that have not ended, in order of declaration."""
        return (node for node in self.nodes if not node.ended)

    def node_ended(self, node: Node) -> None:
        """Count a node that has ended."""
        self.live -= 1
        self.moves += 1
        end_lines(self.log, node.address)
        self.unclosed.closed(node.address)
        if self.live == 0:
            self._all_ended.set()
        self.blocked.look_again()

    def node_failed(self, node: Node, error: NodeError) -> None:
        """Fail the net: note the error, and cancel everything else."""
        self.errors.append(error)
        self.log.failed(node, error)
        self.end_at_once(Outcome.FAILED, f"{node.address} failed")

    # -- ending ------------------------------------------------------------------------------------

    @property
    def is_stopping(self) -> bool:
        """Whether the net was asked to stop, or is being ended."""
        return self._outcome is not None

    def stop_by(self, how: HowToStop) -> Callable[[str], None]:
        """Return what stops the net: at once, or by draining it in the time that it has for that.

        Raises:
            SettingsError: this is no way to stop a net.
        """
        if how not in ("drain", "at once"):
            raise SettingsError(f"it cannot be {shown(how)}", "stop", 'say "drain" or "at once"')
        return self.stop_at_once if how == "at once" else self.stop

    def stop(self, reason: str = "", grace: float | None = None) -> None:
        """Drain the net: sources are cancelled, the others end by closing; after `grace` seconds all are cancelled."""
        grace = self.grace if grace is None else grace
        if self._outcome is not None or self.live == 0:
            return
        self._outcome, self._reason = Outcome.STOPPED, reason
        self.log.stops(reason, drains=True)
        self._grace = self.loop.call_later(grace, self._grace_is_over, grace, context=Context())
        for node in self.alive():
            if not node.is_fed:
                node.cancel()

    def _grace_is_over(self, grace: float) -> None:
        self._reason = f"{self._reason}; not drained in {grace:g} s".removeprefix("; ")
        self.log.stops(f"not drained in {grace:g} s", drains=False)
        self._cancel_all()

    def stop_at_once(self, reason: str = "") -> None:
        """Cancel the whole net; what lies in it is in the result."""
        if not self.is_cancelled:
            self.log.stops(reason, drains=False)
        self.end_at_once(Outcome.STOPPED, reason)

    def end_at_once(self, outcome: Outcome, reason: str) -> None:
        """Cancel the whole net with an outcome; the first outcome counts, but a failure outweighs a stop."""
        if self._outcome is None or (outcome is Outcome.FAILED and self._outcome is not Outcome.FAILED):
            self._outcome, self._reason = outcome, reason
        elif outcome is self._outcome is Outcome.STOPPED and not self.is_cancelled:
            self._reason = "; ".join(dict.fromkeys(each for each in (self._reason, reason) if each))
        self._cancel_all()

    def _cancel_all(self) -> None:
        if self.live and not self.is_cancelled and self._outcome is not Outcome.FAILED and not self._waits:
            self._waits = waits_in_words(self)
        self.is_cancelled = True
        for node in self.alive():
            node.cancel()
        if self._insisting is None and any(map(_has_task, self.alive())):
            self._insisting = self.loop.call_later(GRACE, self._insist, context=Context())

    def _insist(self) -> None:
        """Cancel again what has outlived its cancellation, and name it."""
        self._insisting = None
        for node in filter(_has_task, self.alive()):
            self.watching.notice(node.address, f"still runs {GRACE:g} s after it was cancelled, and is cancelled again")
        self._cancel_all()

    async def _end_strays(self) -> None:
        """Cancel and name tasks that nodes made and left behind: no task outlives its net."""
        strays = tasks_of(self)
        for task, node in strays.items():
            self.watching.notice(node.address, f"left the task {task.get_name()} behind; make it in `self.tasks`")
            task.cancel()
        if strays:
            await asyncio.wait(strays)

    def _when_blocked(self) -> None:
        """Nothing can move any more: end the net, or, when it is quiescent, close the inputs of the next node."""
        judged = verdict(self)
        if judged.outcome is not Outcome.QUIESCENT:
            self._end_blocked(judged.outcome, judged.reason, judged.knot)
            return
        self._quiescent = True
        if self._to_flush is None:
            self._to_flush = flush_order(self)
        while self._to_flush:
            node = self._to_flush.pop(0)
            if not node.ended and any(not inlet.is_closed for inlet in node.inlets):
                for inlet in node.inlets:
                    inlet.flush()
                self.blocked.look_again()
                return
        stuck = "; ".join(f"{address} waits for {what}" for address, what in waits_in_words(self).items())
        self._end_blocked(Outcome.STARVED, f"every input is closed, and still {stuck}", ())

    def _end_blocked(self, outcome: Outcome, reason: str, knot: tuple[str, ...]) -> None:
        self._waits = waits_in_words(self)
        self._knot = knot
        self.end_at_once(outcome, reason)

    def stand_still(self) -> bool:
        """On a stepped loop that has nothing to run and no timer: act, and say whether there was anything to do.

        Wake-ups that are owed come first; then the verdict is exact, whatever nodes wait for.
        """
        if self.is_cancelled or self.live == 0 or (self.reader and self.reader.is_elsewhere):
            return False
        if self.blocked.deliver_owed():
            return True
        for node in waiters_for_threads(self):
            node.fail(refusal("a thread"))
        if not self.is_cancelled:
            self._when_blocked()
        return True

    def flushing(self) -> list[str] | None:
        """Return the nodes whose inputs are still to be closed, when the net is being brought to its end; or None."""
        return [node.address for node in self._to_flush] if self._to_flush is not None else None

    def be_flushing(self, addresses: list[str] | None) -> None:
        """Go on closing the inputs of these nodes, where a net like this was at that."""
        if addresses is not None:
            by_address = {node.address: node for node in self.nodes}
            self._to_flush = [by_address[address] for address in addresses]
            self._quiescent = True

    def standstill(self) -> Verdict | None:
        """Judge a net on a stepped loop that has nothing to run and no timer, before it acts on that."""
        return None if self.is_cancelled or self.live == 0 else verdict(self)

    # -- the account -------------------------------------------------------------------------------

    def snapshot(self, *, with_outstanding: bool = False) -> Snapshot:
        """Return the state of every node and edge at this moment."""
        edges = {edge.address: state_of(edge) for edge in self.edges}
        nodes = {node.address: state_of_node(node) for node in self.nodes}
        outstanding = tuple(str(found) for found, _ in find_outstanding(self)) if with_outstanding else ()
        seconds = self.loop.time() - self._began
        return Snapshot(nodes, edges, seconds, outstanding, is_stopping=self.is_stopping)

    def _account(self) -> Result:
        """Say how the net ended, and where every packet is that was not consumed."""
        outputs = {name: sink.values() for name, sink in self.sinks.items()}
        outcome, reason = self._judge()
        read = self.reader.read_so_far() if self.reader else {}
        result = Result(self.name, outcome, reason, outputs, self.snapshot(), read)
        result.errors = tuple(self.errors)
        result.packets = self.packets
        result.knot, result.waits = self._knot, self._waits
        result.expired = {edge.address: edge.expired for edge in self.edges if edge.expired}
        result.restarts, result.released = self.restarts, self.released
        result.dropped = self.dropped | {edge.address: edge.dropped for edge in self.edges if edge.dropped}
        result.retries, result.forgotten = self.retries, self.forgotten
        result.abandoned = dict(Counter(address for address, _ in self.abandoned))
        result.outliving = report_outliving(self.name, self.abandoned) if self.abandoned else ()
        result.dead_letters, result.fed = self.letters, self.fed
        result.unread = {e.address: e.values() for e in self.edges if len(e) and e.target.node is not None}
        for node in self.nodes:
            for name, value in node.held.items():
                result.held[f"{node.address}.{name}"] = value
            for name, values in node.unsent.items():
                result.unsent[f"{node.address}.{name}"] = values
            for port in (*node.outs.values(), node.error):
                if port.discarded:
                    result.discarded[port.address] = port.discarded
        return result

    def _judge(self) -> tuple[Outcome, str]:
        if self._outcome is not None:
            return self._outcome, self._reason
        half_fed = [edge for edge in self.edges if edge.half_fed and (len(edge) or edge.refused)]
        if half_fed:
            named = ", ".join(f"{len(edge) + edge.refused} on {edge.address}" for edge in half_fed)
            return Outcome.STARVED, f"a node ended with one input while another still had packets: {named}"
        if self._quiescent:
            return Outcome.QUIESCENT, "nothing moved any more; the rest ended by closing"
        return Outcome.FINISHED, ""


def _has_task(node: Node) -> bool:
    return node.has_task


def _never_ran(node: Node, task: asyncio.Task[None]) -> None:
    node.finish(Phase.CANCELLED)

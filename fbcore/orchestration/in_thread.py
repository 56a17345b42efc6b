"""A class component in a thread: a loop of its own there, and what carries words between that and the net's."""

from __future__ import annotations

import asyncio
import selectors
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from contextvars import Context, copy_context
from typing import Any

from fbcore.errors import SettingsError
from fbcore.model.array import Key
from fbcore.model.component import NetHandle
from fbcore.model.graph import NodeSpec
from fbcore.model.port_spec import PortKind, PortSpec
from fbcore.net.abandoned import AbandonedThread, place_in
from fbcore.net.array import InElements, OutElements
from fbcore.net.node import Node
from fbcore.net.options import HowToStop
from fbcore.orchestration.at_work import ThreadLoop, no_thread_is_told
from fbcore.orchestration.callers import Callers
from fbcore.orchestration.far import Far
from fbcore.orchestration.near import Near
from fbcore.orchestration.placement import Job, Work
from fbcore.orchestration.words import Answer, Order, Report


def in_thread(job: Job, patience: float) -> Work:
    """Return the work of a node that is done in a thread."""
    node, function = job.node, job.function
    if function is None:

        async def live() -> None:
            with no_thread_is_told(node.address):
                near = Near(node, job.spec, ThreadCarrier(node, job.spec, patience))
            await near.work()

        return job.running(live)
    callers = Callers(node, function, patience)
    return callers.during(job.calling(callers))


class ThreadCarrier:
    """The thread of a component, for one of its node's lives."""

    def __init__(self, node: Node, spec: NodeSpec, patience: float) -> None:
        self.patience = patience
        self._node = node
        self._net_loop = node.net.loop
        self._near: Near
        self._far = Far(spec, _Around(node), self._report)
        self._loop = _Loop(self._far.end_pass)
        self._loop.set_task_factory(self._far.task_factory)
        self._context = copy_context()
        self._thread = threading.Thread(target=copy_context().run, args=(self._run,), name=node.address, daemon=True)

    # -- on the loop of the net --------------------------------------------------------------------

    def begin(self, near: Near) -> None:
        """Start the thread."""
        self._near = near
        try:
            with no_thread_is_told(self._node.address):
                self._thread.start()
        except SettingsError:
            self._loop.close()
            raise

    def carry(self, word: Answer | Order) -> None:
        """Bring a word to the component."""
        # A thread that has ended has heard all that matters.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._far.hear, word)

    def where(self) -> str:
        """Say in words what goes on there."""
        waits = ""
        with suppress(Exception):
            # Looked at from outside, while it may go on.
            waits = self._far.where()
        if waits:
            return f"waits in its thread, in {waits}"
        return f"works in its thread{place_in(self._thread)}"

    def leave(self) -> None:
        """Give the component up, which does not end."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._far.close)
        self._far.is_closed = True
        node = self._node
        node.net.abandoned.append(AbandonedThread(node.address, self._thread))
        node.net.watching.notice(node.address, f"left behind, for its thread does not end{place_in(self._thread)}")

    # -- in the thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        loop = self._loop
        asyncio.set_event_loop(loop)
        try:
            try:
                error = loop.run_until_complete(self._far.live())
                self._end_rest()
            except BaseException as problem:
                error = problem
            self._far.tell("over", error)
            self._far.end_pass(0)
            with suppress(BaseException):
                loop.run_until_complete(loop.shutdown_default_executor())
        finally:
            asyncio.set_event_loop(None)
            loop.close()

    def _end_rest(self) -> None:
        """Cancel and name the tasks that the component has left behind, and close what it has left open."""
        loop = self._loop
        strays = self._far.strays()
        for task in strays:
            self._far.tell("notice", f"left the task {task.get_name()} behind; make it in `self.tasks`")
            task.cancel()
        if strays:
            loop.run_until_complete(asyncio.wait(strays))
        loop.run_until_complete(loop.shutdown_asyncgens())

    def _report(self, report: Report) -> bool:
        try:
            self._net_loop.call_soon_threadsafe(self._near.take, report, context=self._context)
        except RuntimeError:
            # The loop of the net is closed.
            return False
        return not self._far.is_closed


class _Loop(ThreadLoop):
    """The stock loop, which tells when a pass of it has come to its end: it is about to wait for so many seconds."""

    def __init__(self, end_pass: Callable[[float | None], None]) -> None:
        super().__init__(_Selector(end_pass))


class _Selector(selectors.DefaultSelector):
    def __init__(self, end_pass: Callable[[float | None], None]) -> None:
        super().__init__()
        self._end_pass = end_pass

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._end_pass(timeout)
        return super().select(timeout)


class _Around:
    """What a component in a thread knows of its node: it looks at it, for reading is safe there."""

    def __init__(self, node: Node) -> None:
        self.address = node.address
        self.net_handle: NetHandle = _Handle(node)
        self.log = node.log
        self.memories: Mapping[str, Any] = node.memories
        self._node = node

    def config(self, name: str) -> Any:
        return self._node.configs[name].value

    def is_connected(self, port: str) -> bool:
        node = self._node
        found: Any = node.error if port == "error" else node.ins.get(port) or node.outs[port]
        return bool(found.is_connected)

    def element(self, spec: PortSpec, key: Key) -> str:
        name = f"{spec.name}[{key}]"
        ports: Mapping[str, Any] = self._node.ins if spec.kind is PortKind.INPUT else self._node.outs
        if name not in ports:
            made = threading.Event()

            def make() -> None:
                self._elements(spec)[key]
                made.set()

            self._node.net.loop.call_soon_threadsafe(make)
            while not made.wait(0.1) and not self._node.ended:
                pass
        return name

    def elements(self, spec: PortSpec) -> Sequence[Key]:
        return self._elements(spec).keys()

    def _elements(self, spec: PortSpec) -> InElements | OutElements:
        return InElements(self._node, spec) if spec.kind is PortKind.INPUT else OutElements(self._node, spec)


class _Handle:
    """The net of a component in a thread."""

    def __init__(self, node: Node) -> None:
        self._net = node.net

    @property
    def name(self) -> str:
        return self._net.name

    def time(self) -> float:
        return self._net.loop.time()

    def stop(self, reason: str = "", how: HowToStop = "at once") -> None:
        with suppress(RuntimeError):
            self._net.loop.call_soon_threadsafe(self._net.stop_by(how), str(reason), context=Context())

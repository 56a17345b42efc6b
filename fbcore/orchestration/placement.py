"""Where a node does its work: here, in a thread, and one day in other processes and on other hosts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from fbcore.errors import SettingsError, shown
from fbcore.model.function import FunctionComponent
from fbcore.model.graph import NodeSpec
from fbcore.net.firing import Firing
from fbcore.net.node import Node
from fbcore.net.work import give_work, prepare_for_class
from fbcore.orchestration.at_work import refuse_virtual_time
from fbcore.orchestration.callers import PATIENCE, Callers
from fbcore.orchestration.policy import Timeout, is_number
from fbcore.orchestration.timeouts import Calling, CallingHere, called

Work = Callable[[], Awaitable[None]]
"""What the task of a node does: it takes packets by the node's ports, and sends by them."""


class Job:
    """What a node is to do, before it is said where: its `node`, and the `spec` of its component and options.

    A class does its work as it likes, among its ports; elsewhere it needs others, as `fbcore.orchestration.far` has
    them, and `fbcore.orchestration.near` stands for it here. A function is called: packets are taken and results are
    sent here, under all policies, and `calling` lets the call alone be made elsewhere.
    """

    __slots__ = ("_firing", "_timeout", "node", "spec")

    def __init__(
        self, node: Node, spec: NodeSpec, firing: Callable[..., Firing], timeout: Timeout | None = None
    ) -> None:
        self.node = node
        self.spec = spec
        self._firing = firing
        self._timeout = timeout

    @property
    def function(self) -> FunctionComponent[..., Any, Any] | None:
        """The function that is to be called; None of a class."""
        target = self.spec.component.target
        return target if isinstance(target, FunctionComponent) else None

    def here(self) -> Work:
        """Let the work be done on the loop of the net; but a function that may block beyond its time, in a thread."""
        node, function = self.node, self.function
        if function is not None and self._timeout is not None:
            if function.waits:
                return self.calling(CallingHere())
            # Where time is virtual, none passes in a function that does not wait.
            if node.net.stepped_loop is None:
                callers = Callers(node, function)
                return callers.during(self.calling(callers))
        give_work(node, self.spec, self._firing)
        return node.work

    def calling(self, calling: Calling) -> Work:
        """Take packets and send results here, and let the function be called so, within its time."""
        component = self.function
        assert component is not None
        function = called(component, calling, self._timeout, self.node.address)
        return self._firing(self.node, stand_in(component, function), self.spec.options).run

    def running(self, work: Work) -> Work:
        """Let this be the work of a class."""
        prepare_for_class(self.node, self.spec)
        return work


class Placement(Protocol):
    """A place where nodes do their work."""

    def put(self, job: Job) -> Work:
        """Return what the task of a node is to do, on the loop of the net, so that its work is done at this place."""


class Here:
    """The loop of the net itself.

    Example:
        from fbcore.orchestration.placement import HERE

        print(HERE)
        #> HERE
    """

    def put(self, job: Job) -> Work:
        """Let the work be done as it is."""
        return job.here()

    def __repr__(self) -> str:
        return "HERE"


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread of the node's own, so that work that blocks holds up nobody else.

    A class gets a loop of its own in its thread, and its ports, memories and tasks work there as anywhere. A function
    is called in a thread, several at once where its concurrency allows. When the node is cancelled, a thread that does
    not end within `patience` seconds is left behind, and named.

    Example:
        import time
        from fbcore.orchestration.placement import Thread

        @component
        def fetch(page: int) -> str:
            time.sleep(0.01)
            return f"page {page}"

        settings = NetSettings(nodes={"fetch": NodeSettings(place=Thread(patience=10))})
        print(BatchRuntime(fetch, settings=settings).run(inputs={"page": Each([1, 2])}).outputs.out)
        #> ['page 1', 'page 2']
    """

    patience: float = PATIENCE

    def __post_init__(self) -> None:
        if not is_number(self.patience) or self.patience < 0:
            raise SettingsError(f"it cannot be {shown(self.patience)}", "place.patience", "give a number of seconds")

    def put(self, job: Job) -> Work:
        """Let the work be done in a thread.

        Raises:
            LoopError: the loop of the net has virtual time, and no world outside.
        """
        # Loaded here, for few nets have threads.
        from fbcore.orchestration.in_thread import in_thread

        refuse_virtual_time(job.node.net.loop, job.node.address)
        return in_thread(job, self.patience)


HERE = Here()
"""Where work is done unless it is said otherwise."""

THREAD = Thread()
"""A thread of the node's own."""

_BY_NAME: dict[str, Placement] = {"here": HERE, "thread": THREAD}


def placement_of(given: Any) -> Placement:
    """Return the placement that is given, or named, or told of as data.

    Raises:
        SettingsError: it is none.
    """
    if isinstance(given, str) and given in _BY_NAME:
        return _BY_NAME[given]
    if isinstance(given, Mapping) and given.keys() == {"patience"}:
        return Thread(**given)
    if hasattr(given, "put") and not isinstance(given, type):
        placement: Placement = given
        return placement
    hint = 'say "here" or "thread", or give a placement, as Thread(patience=10)'
    raise SettingsError(f"it cannot be {shown(given)}", "place", hint)


def stand_in(
    component: FunctionComponent[..., Any, Any], function: Callable[..., Any]
) -> FunctionComponent[..., Any, Any]:
    """Return a component that is this one, but calls another function: async, or an async generator if it streams."""
    # By `copy` a component that has a name is itself.
    made: FunctionComponent[..., Any, Any] = object.__new__(type(component))
    vars(made).update(vars(component))
    made.function = function
    made.is_async = not component.streams
    return made

"""fbcore itself explored: each order of a small net, none left out and none merged, and what must hold in every state.

A net is a plan of the laws, so that an account is kept in which fbcore has no part, or a graph of the tests. Besides
the steps of the net there can be one from outside, at any moment: somebody asks it to stop, ends it at once, or cancels
the task that awaits it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextvars import Context
from functools import partial
from typing import Any

from fbcore import Graph
from fbcore.net.build import build_net
from fbcore.net.net import Net
from fbcore.net.options import NetOptions
from fbcore.net.trace import Move
from fbcore.orchestration.orchestrator import Orchestrator
from fbcore.orchestration.settings import NetSettings, settings_of
from fbcore.runtimes.choice import BLOCKED
from fbcore.runtimes.stepping import Stepping
from fbdev.explore.execution import Fault
from fbdev.explore.net_scene import NetScene
from fbdev.explore.nets import NetExecution, Played
from fbdev.explore.program import Program
from fbdev.explore.words import NotWholeError, Step, Yielded
from tests.laws.graphs import Maker
from tests.laws.ledger import Ledger
from tests.laws.plan import Plan
from tests.laws.running import Run, configs_of, inputs_of

_STEPWISE = NetOptions(stepwise=True)


def _stop(stepping: Stepping) -> None:
    stepping.net.stop("halted")


def _end(stepping: Stepping) -> None:
    stepping.net.stop_at_once("halted")


def _cancel(stepping: Stepping) -> None:
    stepping._task.cancel()


HALTS: Mapping[str, Callable[[Stepping], None]] = {"stop": _stop, "end at once": _end, "cancel": _cancel}
"""What can come from outside, by the name of the step."""


class Seen(Played):
    """A net that is explored, as the laws see it; `run` is the account of its components, where they keep one.

    `log` is what components of other nets write down.
    """

    __slots__ = ("before", "flushes", "halted", "log", "run", "stepping")

    def __init__(self, stepping: Stepping, run: Run | None, log: list[Any]) -> None:
        super().__init__(stepping)
        self.stepping = stepping
        self.run = run
        self.log = log
        self.halted = ""
        self.flushes: list[str] = []
        self.before: Closed = Closed(stepping.net)

    @property
    def net(self) -> Net:
        """The net itself."""
        return self.stepping.net

    def left_over(self) -> list[str]:
        """Return the names of tasks, timers and steps that there still are on the loop."""
        loop = self.stepping.loop
        return [*(task.get_name() for task in asyncio.all_tasks(loop)), *loop.timers, *loop.ready]


class Closed:
    """What of a net is closed, and what had passed by then: none of it is ever open again."""

    __slots__ = ("ended", "finished", "flushed", "refusing")

    def __init__(self, net: Net) -> None:
        self.ended = {node for node in net.nodes if node.ended}
        self.finished = {edge: edge.passed for edge in net.edges if edge.finished}
        self.refusing = {edge: edge.passed for edge in net.edges if edge.refusing}
        self.flushed = {inlet for node in net.nodes for inlet in node.inlets if inlet.flushed}


class ItselfScene(NetScene):
    """A net of which every order is made, with steps from outside; `halts` are the names of these, in order.

    `net` is a plan, or makes a graph whose components write to the list that it is given; such a net may have
    `settings`.
    """

    def __init__(
        self, net: Plan | Callable[[list[Any]], Graph], halts: Sequence[str] = (), settings: NetSettings | None = None
    ) -> None:
        super().__init__(Graph("itself"), settings=settings)
        self.net = net
        self.halts = halts
        self.run: Run | None = None
        self.log: list[Any] = []

    def execution(self, program: Program) -> ItselfExecution:
        """See `NetScene`."""
        return ItselfExecution(program, self)

    def begin(self, kind: type[Stepping] = Stepping) -> Stepping:
        """Begin a net, and the account of its components."""
        self.log = []
        if not isinstance(self.net, Plan):
            self.run = None
            make = (
                build_net
                if self.settings is None
                else partial(Orchestrator().build, settings=settings_of(self.settings))
            )
            return kind(partial(make, self.net(self.log), inputs={}, configs={}, options=_STEPWISE))
        self.run = Run(self.net, ledger := Ledger())
        graph, inputs, configs = Maker(self.net, ledger).make(), inputs_of(self.net, ledger), configs_of(self.net)
        return kind(partial(build_net, graph, inputs, configs, (), _STEPWISE))


class ItselfExecution(NetExecution):
    """An execution of a net in which somebody outside may act between any two steps, in each way once."""

    def __init__(self, program: Program, scene: ItselfScene) -> None:
        self._halts = scene.halts
        super().__init__(program, scene)
        self.shared: Seen = Seen(self._stepping, scene.run, scene.log)

    def _next_steps(self) -> list[str]:
        steps = super()._next_steps()
        if self.shared.net.result is not None:
            return steps
        halted = self.shared.halted
        return [*steps, *self._halts[self._halts.index(halted) + 1 if halted else 0 :]]

    def next(self, process: str) -> Step:
        """See `Execution`."""
        self.shared.before = Closed(self.shared.net)
        if process not in self._halts:
            step = super().next(process)
        else:
            self._halt(process)
            step = Yielded(process)
        self._note_flush(process)
        return step

    def replay(self, path: Sequence[str]) -> None:
        """See `Execution`."""
        for name in path:
            if name in self._halts:
                self._halt(name)
            else:
                super().replay([name])
            self._note_flush(name)

    def _make(self, name: str) -> tuple[str, tuple[Move, ...]]:
        """Make a step; what the components of the tests share is meant to be shared."""
        self._available = None
        return self._stepping.make(name)

    def _halt(self, name: str) -> None:
        self._available = None
        self.shared.halted = name
        Context().run(HALTS[name], self._stepping)
        self._stepping.settle()

    def _note_flush(self, name: str) -> None:
        if name == BLOCKED:
            net, known = self.shared.net, self.shared.flushes
            flushed = [node.address for node in net.nodes if any(inlet.flushed for inlet in node.inlets)]
            self.shared.flushes += [address for address in flushed if address not in known]

    @property
    def state(self) -> Mapping[str, str]:
        """See `Execution`; a net whose task was cancelled has its result all the same."""
        result = self.shared.net.result
        if result is None:
            return super().state
        return {"outcome": str(result.outcome), **{f"outputs.{n}": repr(v) for n, v in self.shared.outputs.items()}}

    def fault(self) -> Fault | None:
        """Return None: which ends are allowed says the law at the end."""
        return None

    def end_key(self) -> Any:
        """See `Execution`."""
        return tuple(sorted(self.state.items()))

    def key(self) -> Any:
        """Refuse: no two states are to pass for one."""
        raise NotWholeError("states are not merged")

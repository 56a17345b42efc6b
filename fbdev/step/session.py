"""A session of the debugger, without a screen: the steps made and taken back, breakpoints, and how far to go."""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from fbcore.driver import Driver
from fbcore.errors import StepError
from fbcore.model.graph import Graph
from fbcore.net.report import Outcome, Result
from fbcore.net.verdict import Verdict
from fbcore.runtimes.choice import BLOCKED, Step
from fbcore.runtimes.fsm import STOP, FSMRuntime
from fbcore.runtimes.until import Until
from fbdev.step.condition import Condition, condition
from fbdev.step.printed import Printed
from fbdev.step.seen import one_line

KEPT = 10_000
"""Packets whose values are kept at each node, to be looked at later."""


class Session:
    """A net that is stepped by a person: `fsm` is what steps it; from a snapshot, when there is one.

    `settings` is a file of settings, or "".

    `steps` were made, and `doings` say what each was to do; `undone` are names of those that were taken back, the
    next to be made again last. `interrupted` may be set from another thread, and ends `run` and `go_to` after the step
    that they are at, whose name `making` is. `ended` is how the net had ended when it was closed.
    """

    def __init__(
        self,
        graph: Graph,
        inputs: Mapping[str, Any] | None = None,
        configs: Mapping[str, Any] | None = None,
        make_driver: Callable[[], Driver] | None = None,
        snapshot: str = "",
        settings: str = "",
    ) -> None:
        self.fsm = FSMRuntime(graph, settings=settings or None, tracking="history", keep=KEPT)
        self.steps: list[Step] = []
        self.doings: list[str] = []
        self.undone: list[str] = []
        self.printed = Printed()
        self.interrupted = threading.Event()
        self.ended: Result | None = None
        self.making = ""
        self._make_driver = make_driver
        self._inputs = inputs
        self._configs = dict(configs or {})
        self._snapshot = snapshot

    # -- beginning and ending ----------------------------------------------------------------------

    def start(self) -> None:
        """Begin, or begin anew; what was made can be made again step by step.

        Raises:
            GraphError, ConfigError, InputError: the net cannot run.
            SnapshotError: it cannot go on from the snapshot.
        """
        self.undone += [step.name for step in reversed(self.steps)]
        self.steps, self.doings = [], []
        self.printed.lines.clear()
        self.printed.step = 0
        if self._make_driver is not None:
            # A seed gives the same order again.
            self.fsm.driver = self._make_driver()
        with self.printed.taking():
            if self._snapshot:
                self.fsm.restore(self._snapshot)
            else:
                self.fsm.start(inputs=self._inputs, **self._configs)

    def close(self) -> None:
        """Cancel what has not ended; what is printed at that is dropped."""
        with suppress(StepError):
            # Nothing was started, or it is closed already.
            self.ended = self.fsm.result
        with self.printed.muted(), self.printed.taking():
            self.fsm.close()

    # -- stepping ----------------------------------------------------------------------------------

    def step(self, name: str | None = None) -> Step:
        """Make one step, the one that is named or whichever the driver chooses.

        Raises:
            StepError: it is not enabled, or the net has ended.
        """
        self.printed.step = len(self.steps) + 1
        enabled = self.fsm.enabled()
        if name is None and enabled:
            # Chosen here, and not in the runtime, so that it can be asked first what it will do.
            names = list(enabled)
            name = names[self.fsm.driver(names)]
        does = enabled[name].does if name is not None and name in enabled else "asks the net to stop"
        self.making = name or ""
        with self.printed.taking():
            step = self.fsm.step(name)
        self.making = ""
        self.steps.append(step)
        self.doings.append(one_line(does))
        if self.undone and self.undone[-1] == step.name:
            self.undone.pop()
        else:
            self.undone.clear()
        return step

    def stop(self) -> Step:
        """Ask the net to stop: it drains in the steps that follow.

        Raises:
            StepError: the net has ended.
        """
        if self.fsm.result is not None:
            raise StepError("the net has ended, and cannot be stopped", self.fsm.graph.name, "take steps back first")
        return self.step(STOP)

    def run(self, until: Until | None = None) -> str:
        """Make steps up to a condition, a breakpoint, a failure, a standstill or the end, and say which it was."""
        self.interrupted.clear()
        first = len(self.steps)
        while self.fsm.enabled():
            stuck = self.stuck()
            if stuck is not None and len(self.steps) > first:
                return f"{stuck.outcome}: {stuck.reason}"
            if self.interrupted.is_set():
                return "interrupted"
            before = self.fsm.time
            failures = len(self.fsm.net.errors)
            step = self.step()
            if len(self.fsm.net.errors) > failures:
                return f"failed: {self.failure}"
            if until is not None and until.is_met(self.fsm, step):
                return f"reached {until}"
            for each in self.fsm.breakpoints:
                # A time that is over stays over, and is not to stop every later step.
                if each.is_met(self.fsm, step) and not (each.time is not None and before >= each.time):
                    return f"breakpoint: {each}"
        result = self.fsm.result
        wanted = "" if until is None else f"; {until} was not reached"
        return f"the net has ended: {result.outcome if result is not None else ''}{wanted}"

    @property
    def failure(self) -> str:
        """What the last node that failed the net has raised; "" when none has."""
        errors = self.fsm.net.errors
        return f"{errors[-1].address}: {errors[-1].what}" if errors else ""

    def stuck(self) -> Verdict | None:
        """Return why the net is blocked, when nothing can happen but its bad end."""
        if BLOCKED not in self.fsm.enabled():
            return None
        judged = self.fsm.net.standstill()
        return judged if judged is not None and judged.outcome is not Outcome.QUIESCENT else None

    # -- there and back ----------------------------------------------------------------------------

    def undo(self, steps: int = 1) -> None:
        """Take steps back: all but these are made again, from the beginning.

        Raises:
            StepError: so many were not made, or a component did something else than the first time.
        """
        taken = [step.name for step in self.steps[len(self.steps) - steps :]]
        try:
            with self.printed.muted(), self.printed.taking():
                self.fsm.undo(steps)
        finally:
            if len(self.fsm.choices) < len(self.steps):
                self.undone += reversed(taken)
            del self.steps[len(self.fsm.choices) :], self.doings[len(self.fsm.choices) :]
            self.printed.forget_after(len(self.steps))

    def go(self, until: Condition) -> str:
        """Run up to a condition; to a step that was made or taken back already, go there instead."""
        if until.step is not None and until.is_only_step and until.step <= len(self.steps) + len(self.undone):
            self.go_to(until.step)
            return f"step {len(self.steps)}"
        return self.run(until)

    def redo(self) -> Step:
        """Make the step again that was taken back last.

        Raises:
            StepError: none was taken back, or it is not enabled any more.
        """
        if not self.undone:
            raise StepError("no step was taken back", self.fsm.graph.name)
        return self.step(self.undone[-1])

    def go_to(self, number: int) -> None:
        """Go to where so many steps were made: back, or forth along those that were taken back.

        Raises:
            StepError: see `undo` and `redo`.
        """
        self.interrupted.clear()
        if number < len(self.steps):
            self.undo(len(self.steps) - number)
        while len(self.steps) < number and self.undone and not self.interrupted.is_set():
            self.redo()

    def replay(self, choices: Sequence[str], heard: Callable[[Step], None] | None = None) -> None:
        """Make the steps of a recording from here on, and tell of each.

        Raises:
            StepError: a step is not enabled; the error says which, and the net stands before it.
        """
        for number, name in enumerate(choices, 1):
            try:
                step = self.step(name)
            except StepError as error:
                what = f"choice {number} of {len(choices)} no longer fits: {error.what}"
                raise StepError(what, error.address, error.hint) from None
            if heard is not None:
                heard(step)

    # -- breakpoints -------------------------------------------------------------------------------

    def toggle_breakpoint(self, text: str) -> bool:
        """Set a breakpoint that is written as text, or clear it; say whether it is there now.

        Raises:
            StepError: the condition cannot be read, or names what the net does not have.
        """
        there = [each for each in self.fsm.breakpoints if str(each) == text.strip()]
        if there:
            self.fsm.breakpoints.remove(there[0])
            return False
        self.fsm.breakpoints.append(condition(text, self.fsm))
        return True

    def broken(self) -> set[str]:
        """Return the nodes, ports and edges that a breakpoint is on."""
        named = {each for until in self.fsm.breakpoints for each in (until.node, until.port)}
        return {each for each in named if each is not None}

    # -- keeping -----------------------------------------------------------------------------------

    def snapshot(self, path: Path) -> str:
        """Write the net as it is to a file, from which `FSMRuntime.restore` goes on, and say so.

        Raises:
            SnapshotError: some node is where it cannot be begun anew, or the net is ending.
        """
        self.fsm.snapshot(path)
        return f"snapshot written to {path}"

"""What all searches do alike: begin executions, make steps, check, count."""

from __future__ import annotations

import os
import traceback
from collections.abc import Hashable, Iterator, Sequence, Sized
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from fbdev.explore.begin import begin
from fbdev.explore.budget import Budget, Meter
from fbdev.explore.execution import Execution
from fbdev.explore.failure import Failure
from fbdev.explore.program import Program
from fbdev.explore.record import SpentRecord
from fbdev.explore.weight import Scales
from fbdev.explore.words import Raised, Step, ending_text


class NotSameError(Exception):
    """The same choices had another result; it never leaves the explorer."""


class FoundError(Exception):
    """A failure was found, and the search is to end with the first; it never leaves the explorer."""


_OF_AN_END = 200
"""Bytes that an end takes for each process, besides what tells it from others."""


class End(NamedTuple):
    """An end: how each process ended, and the schedule that led there first, where it is kept."""

    reached: dict[str, str]
    schedule: tuple[str, ...]


class Session:
    """One exploration of a program: its counts, what was found, and how each execution is driven."""

    def __init__(
        self, program: Program, budget: Budget, *, keep_going: bool = False, keeps_schedules: bool = False
    ) -> None:
        self.program = program
        self.meter = Meter(budget)
        self.keep_going = keep_going
        self._keeps_schedules = keeps_schedules
        self.failures: list[Failure] = []
        self.faults = 0
        """How often something was wrong, those that are like others included."""
        self.ends: dict[Hashable, End] = {}
        self._scales = Scales()
        self._of_ends = 0
        self.sleep_blocked = 0
        self.was_cut = False
        """Some execution was given up for its length: not everything was seen."""
        self.notes: list[str] = []
        self.remarks: list[str] = []
        """Notes on this part of the exploration, which mean nothing to who goes on with it."""
        self.before = SpentRecord()
        """What was spent before this exploration went on with another."""
        self.doing = ""
        """What is done now, where it is not the search that was asked for."""
        self.depth = 0
        """The steps of the last execution that ended."""
        self.known: Sized = ()
        """The states that the search knows."""
        self.wanted: Failure | None = None
        """The only failure that counts, if any."""

    def begin(self) -> Execution:
        """Begin an execution.

        Raises:
            SpentError: when there is no budget for it.
        """
        self.meter.check()
        self.meter.executions += 1
        return begin(self.program)

    def spent(self) -> SpentRecord:
        """Return what was spent, by this exploration and those that it goes on with."""
        meter, before = self.meter, self.before
        return SpentRecord(
            before.executions + meter.executions,
            before.steps + meter.steps,
            before.seconds + meter.seconds,
            before.sleep_blocked + self.sleep_blocked,
        )

    def forget_ends(self) -> None:
        """Begin anew, as if no execution had ended."""
        self.ends.clear()
        self._of_ends = 0
        self.forget_states()

    def forget_states(self) -> None:
        """Count no memory but that of the ends: the states that were known are no more."""
        self.known = ()
        self.meter.memory = self._of_ends

    def replay(self, execution: Execution, path: Sequence[str]) -> None:
        """Make the steps of a path again.

        Raises:
            NotSameError: when they do not fit any more.
        """
        self.meter.steps += len(path)
        try:
            execution.replay(path)
        except (KeyError, RuntimeError) as error:
            raise NotSameError(f"{' '.join(path[-5:])} cannot be done again: {error}") from None

    def step(self, execution: Execution, name: str, path: list[str]) -> Step:
        """Make a step that is new, and check what it has come to; `path` are the steps before it, and gets this one."""
        meter = self.meter
        meter.steps += 1
        if not meter.steps & 255:
            self.depth = max(self.depth, len(path))
            meter.check()
        step = execution.next(name)
        path.append(name)
        program = self.program
        if type(step) is Raised and not isinstance(step.error, program.allowed):
            program.leave(step.error)
            # A failed assert of pytest's tells more on further lines; they are in the trace.
            what = f"{name} {ending_text(step).partition(chr(10))[0]}"
            self._fail(Failure("exception", what, tuple(path), process=name, trace=_trace(step.error)), execution)
        if program.invariant is not None:
            self.check(execution, path)
        if execution.sentinel_error is not None:
            error, execution.sentinel_error = execution.sentinel_error, None
            what = f"the sentinel raised {type(error).__name__}: {error}"
            self._fail(Failure("sentinel", what, tuple(path), trace=_trace(error)), execution)
        return step

    def check(self, execution: Execution, path: Sequence[str]) -> None:
        """Check the invariant, in the state that the path has led to."""
        if self.program.invariant is not None:
            with self._watching(execution, path, "invariant"):
                if self.program.invariant(execution.shared) is False:
                    self._fail(Failure("invariant", "the invariant does not hold", tuple(path)), execution)

    def ended(self, execution: Execution, path: Sequence[str]) -> None:
        """Note how an execution ended in which no process can make a step, and check it."""
        self.depth = len(path)
        self.note_end(execution, path)
        fault = execution.fault()
        if fault is not None:
            failure = Failure(fault.kind, fault.what, tuple(path), process=fault.process, trace=fault.trace)
            self._fail(failure, execution)
        elif execution.waiting:
            self._fail(Failure("deadlock", execution.deadlock(), tuple(path)), execution)
        elif self.program.at_end is not None:
            with self._watching(execution, path, "end"):
                if self.program.at_end(execution.shared) is False:
                    what = "what must hold at the end does not"
                    self._fail(Failure("end", what, tuple(path)), execution)

    def note_end(self, execution: Execution, path: Sequence[str]) -> None:
        """Note how an execution ended, if none has ended so before."""
        key = execution.end_key()
        if key not in self.ends:
            reached = dict(execution.state)
            self.ends[key] = End(reached, tuple(path) if self._keeps_schedules else ())
            weight = self._scales.weigh(key) + _OF_AN_END * len(reached) + 8 * len(self.ends[key].schedule)
            self._of_ends += weight
            self.meter.memory += weight

    @contextmanager
    def _watching(self, execution: Execution, path: Sequence[str], kind: str) -> Iterator[None]:
        """Take an exception of a check for its "no"."""
        try:
            with execution.unnoted():
                yield
        except (FoundError, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            self.program.leave(error)
            what = f"{'the invariant' if kind == 'invariant' else 'the check at the end'} does not hold"
            said = f": {error}".partition("\n")[0] if str(error) else ""
            failure = Failure(
                "invariant" if kind == "invariant" else "end",
                f"{what}: {type(error).__name__}{said}",
                tuple(path),
                trace=_trace(error),
            )
            self._fail(failure, execution)

    def _fail(self, failure: Failure, execution: Execution) -> None:
        if self.wanted is not None and not failure.is_like(self.wanted):
            return
        self.faults += 1
        failure.state = dict(execution.state)
        if len(self.failures) < 100 and not any(failure.is_like(each) for each in self.failures):
            self.failures.append(failure)
        if not self.keep_going:
            raise FoundError


_OURS = tuple(f"{Path(__file__).parents[2] / name}{os.sep}" for name in ("fbcore", "fbdev"))


def _trace(error: BaseException) -> str:
    """Write a traceback, without the frames of ours among the user's."""
    told = traceback.TracebackException.from_exception(error)
    _leave_ours_out(told)
    return "".join(told.format())


def _leave_ours_out(told: traceback.TracebackException) -> None:
    users = [frame for frame in told.stack if not frame.filename.startswith(_OURS)]
    if users:
        told.stack[:] = users
    for other in (told.__cause__, told.__context__, *(told.exceptions or ())):
        if other is not None:
            _leave_ours_out(other)

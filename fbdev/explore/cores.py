"""Drawing samples on several cores: who draws which, and what came of them.

Samples are drawn by their numbers, so that the same are drawn whoever draws them. What tells ends from others means
nothing in another process: each end that a worker meets is come to again here, by its schedule.
"""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import pickle
import random
import sys
import warnings
from dataclasses import replace
from importlib.machinery import PathFinder
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from fbdev.explore.again import Again
from fbdev.explore.budget import Budget, SpentError
from fbdev.explore.program import Checks, Program
from fbdev.explore.sample import Sampling
from fbdev.explore.session import FoundError, Session
from fbdev.explore.shared import SURROUNDINGS
from fbdev.explore.words import ExploreError
from fbdev.explore.worker import REPORTS_EVERY, Report, Task, work

_PATIENCE = 5.0
"""Seconds that workers are given to end; then they are ended."""


class LostError(SpentError):
    """A worker has died, and nobody knows why; it never leaves the explorer."""


class _Worker:
    """A process, the connection to it, and the range of samples that it is to draw, if any."""

    def __init__(self, process: Any, orders: Any) -> None:
        self.process = process
        self.orders = orders
        self.given: tuple[int, int] | None = None
        self.is_lost = False


class Team:
    """Workers that draw what is left of the samples."""

    def __init__(self, session: Session, sampling: Sampling, cores: int, kind: str, seed: int) -> None:
        self._session = session
        self._sampling = sampling
        self._cores = cores
        self._again = Again(session.program)
        budget = session.meter.budget
        memory = None if budget.memory is None else budget.memory // (cores + 1)
        self._task = Task(
            session.program, Budget(seconds=None, memory=memory, depth=budget.depth), session.keep_going, kind, seed, 0
        )
        self._chunk = 16
        self._workers: list[_Worker] = []

    def run(self) -> None:
        """Draw what is left.

        Raises:
            SpentError, FoundError, KeyboardInterrupt: what ended it before; what was drawn until then counts.
        """
        self._task.length = self._sampling.length
        try:
            self._start()
            while self._sampling.left or self._are_busy():
                self._hand_out()
                if not self._are_busy():
                    self._session.meter.check()
                self._listen(REPORTS_EVERY)
                self._session.meter.check()
        finally:
            self._end()

    def _are_busy(self) -> bool:
        return any(worker.given for worker in self._workers)

    def _start(self) -> None:
        context, packed = _way_to_start(self._task)
        self._stop = context.Event()
        for number in range(self._cores):
            ours, theirs = context.Pipe()
            process = context.Process(
                target=work, args=(packed, theirs, self._stop), name=f"explorer-{number + 1}", daemon=True
            )
            with warnings.catch_warnings():
                # That there are threads is so where somebody explores from a notebook; the workers need none of them.
                warnings.simplefilter("ignore", DeprecationWarning)
                process.start()
            self._workers.append(_Worker(process, ours))
            theirs.close()

    def _hand_out(self) -> None:
        """Give everybody who has nothing to do some of what is left, as far as the budget goes."""
        meter, sampling = self._session.meter, self._sampling
        for worker in self._workers:
            most = meter.budget.executions
            if most is not None:
                given = sum(end - begin for begin, end in sampling.given)
                most = most - meter.executions - given
            if worker.given or not sampling.left or (most is not None and most <= 0):
                continue
            worker.given = sampling.give(self._chunk if most is None else min(self._chunk, most))
            try:
                worker.orders.send(worker.given)
            except OSError:
                # It has died: listening to it tells how.
                continue

    def _listen(self, seconds: float | None) -> None:
        """Hear the reports that have come, or come within so many seconds."""
        alive = [worker for worker in self._workers if not worker.is_lost]
        ready = wait([worker.orders for worker in alive], seconds)
        for worker in alive:
            if worker.orders in ready:
                try:
                    report: Report = worker.orders.recv()
                except (EOFError, OSError):
                    worker.is_lost, worker.given = True, None
                    worker.process.join(_PATIENCE)
                    raise LostError(_how_it_died(worker.process)) from None
                self._hear(worker, report)

    def _hear(self, worker: _Worker, report: Report) -> None:
        session = self._session
        given, worker.given = worker.given, None
        if report.error is not None:
            report.error.add_note("raised in one of the processes that draw samples")
            raise report.error
        session.meter.executions += report.executions
        session.meter.steps += report.steps
        session.depth = report.depth
        session.was_cut |= report.was_cut
        self._learn(report)
        for reached, schedule in report.ends:
            self._meet(reached, schedule)
        if given is not None:
            self._sampling.take_back(given, report.upto)
            drawn = report.upto - report.begin
            self._chunk = max(1, min(10_000, drawn if drawn < given[1] - given[0] else 2 * self._chunk))
        new = [each for each in report.failures if not any(each.is_like(known) for known in session.failures)]
        session.failures += new
        session.faults += len(report.failures)
        if new and not session.keep_going:
            raise FoundError
        if report.spent:
            raise SpentError(report.spent)

    def _meet(self, reached: dict[str, str], schedule: tuple[str, ...]) -> None:
        execution = self._again.along(schedule)
        try:
            self._session.note_end(execution, schedule)
        finally:
            execution.close()

    def _learn(self, report: Report) -> None:
        program, around = self._session.program, SURROUNDINGS.get()
        if report.drew:
            # That somebody draws from it is told by its having changed.
            random.getrandbits(1)
        if report.sharing is not None and program.known is not None:
            program.known.learn(*report.sharing)
        for each, asked in report.asked.items() if around is not None else ():
            for what, names in asked.items():
                getattr(around, each).setdefault(what, set()).update(names)

    def _end(self) -> None:
        """Let everybody end: those that are drawing tell how far they have come; those that do not are ended."""
        if not self._workers:
            return
        self._stop.set()
        try:
            while self._are_busy():
                before = sum(worker.given is not None for worker in self._workers)
                # Why it all ends is known; what else is wrong now changes nothing.
                with contextlib.suppress(Exception):
                    self._listen(_PATIENCE)
                if sum(worker.given is not None for worker in self._workers) == before:
                    break
        finally:
            for worker in self._workers:
                with contextlib.suppress(OSError):
                    worker.orders.send(None)
                worker.orders.close()
            for worker in self._workers:
                worker.process.join(_PATIENCE / self._cores)
                if worker.process.is_alive():
                    worker.process.kill()
                    worker.process.join(_PATIENCE)
            self._sampling.take_all_back()


def _way_to_start(task: Task) -> tuple[Any, bytes | Task]:
    """Return how processes are started: anew, where all that they need can be imported; else as copies of this one.

    Raises:
        ExploreError: neither is possible.
    """
    packed = _packed(task)
    if packed is not None:
        return multiprocessing.get_context("spawn"), packed
    if "fork" in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("fork"), task
    what = f"{getattr(task.program.factory, '__qualname__', 'what is explored')} cannot be imported by other processes"
    hint = "put the factory, and all checks, into a module, as functions with names of their own"
    raise ExploreError(what, "cores", hint)


def _packed(task: Task) -> bytes | None:
    """Return a task for a process that imports what is in it, or None where it could not."""
    program = task.program
    fresh = Program(program.factory, Checks(program.invariant, program.at_end, program.sentinel, program.allowed))
    fresh.remap, fresh.random_state = program.remap, program.random_state
    try:
        packed = pickle.dumps(replace(task, program=fresh))
        finder = _Finder(packed)
        finder.load()
    except Exception:
        # Whatever cannot be pickled raises what it likes.
        return None
    return packed if all(map(_is_importable, finder.modules)) else None


class _Finder(pickle.Unpickler):
    """Notes from which modules things are imported."""

    def __init__(self, packed: bytes) -> None:
        super().__init__(io.BytesIO(packed))
        self.modules: set[str] = set()

    def find_class(self, module: str, name: str) -> Any:
        """Find something, as it is always found."""
        self.modules.add(module)
        return super().find_class(module, name)


def _is_importable(name: str) -> bool:
    """Tell whether another process would find the module that this one has under a name."""
    file = getattr(sys.modules[name], "__file__", None)
    if name == "__main__" or file is None:
        return name != "__main__"
    package = sys.modules.get(name.rpartition(".")[0])
    spec = PathFinder.find_spec(name, getattr(package, "__path__", None))
    return spec is not None and spec.origin is not None and Path(spec.origin).samefile(file)


def _how_it_died(process: Any) -> str:
    code = process.exitcode
    how = f"by signal {-code}" if code is not None and code < 0 else f"with code {code}"
    hint = ': is the call of explore below `if __name__ == "__main__":`?' if code == 1 else ""
    return f"a worker process has ended {how}, and what it drew is lost{hint}"

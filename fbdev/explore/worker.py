"""One process of several that draw samples: it is given ranges of their numbers, and reports what it found."""

from __future__ import annotations

import logging
import os
import pickle
import random
import signal
import sys
import time
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from fbdev.explore.budget import Budget, SpentError
from fbdev.explore.failure import Failure
from fbdev.explore.program import Program
from fbdev.explore.sample import Sampling
from fbdev.explore.session import FoundError, Session
from fbdev.explore.surroundings import controlled

REPORTS_EVERY = 0.2
"""Seconds after which a worker reports, though it has not drawn all that it was given."""


@dataclass(slots=True)
class Task:
    """What a worker is to explore, and how it draws."""

    program: Program
    budget: Budget
    keep_going: bool
    kind: str
    seed: int
    length: int


@dataclass(slots=True)
class Report:
    """What came of the samples from `begin` up to, and without, `upto`; `error` is what ended it before its time."""

    begin: int
    upto: int
    executions: int = 0
    steps: int = 0
    memory: int = 0
    depth: int = 0
    ends: list[tuple[dict[str, str], tuple[str, ...]]] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    was_cut: bool = False
    drew: bool = False
    sharing: Any = None
    asked: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    spent: str = ""
    error: BaseException | None = None


class Drawing:
    """The samples that one worker draws."""

    def __init__(self, task: Task, stop: Event, asked: dict[str, dict[str, set[str]]]) -> None:
        self._program = task.program
        self._session = Session(task.program, task.budget, keep_going=task.keep_going, keeps_schedules=True)
        self._sampling = Sampling(self._session, 0, task.seed, task.kind)
        self._sampling.length = task.length
        self._stop = stop
        self._asked = asked
        self._random = random.getstate()
        self._ends = self._failures = 0
        self._session.meter.call(self._look)

    def _look(self) -> float:
        if self._stop.is_set():
            raise SpentError("stopped")
        return REPORTS_EVERY / 4

    def draw(self, begin: int, end: int) -> Report:
        """Draw samples, and return what came of them; all of these were drawn, or time to report has come."""
        session, meter = self._session, self._session.meter
        executions, steps, number = meter.executions, meter.steps, begin
        reports_at = time.perf_counter() + REPORTS_EVERY
        report = Report(begin, begin)
        try:
            while number < end and time.perf_counter() < reports_at and not self._stop.is_set():
                self._sampling.draw(number)
                number += 1
        except SpentError as error:
            report.spent = "" if self._stop.is_set() else str(error)
        except FoundError:
            number += 1
        except Exception as error:
            report.error = error
        report.upto = number
        report.executions, report.steps = meter.executions - executions, meter.steps - steps
        self._tell_finds(report)
        report.depth, report.was_cut, report.memory = session.depth, session.was_cut, meter.memory
        report.drew = random.getstate() != self._random
        report.sharing = self._program.known.learned() if self._program.known is not None else None
        report.asked = self._asked
        return report

    def _tell_finds(self, report: Report) -> None:
        """Put into a report what was found since the last one."""
        session = self._session
        report.ends = [(end.reached, end.schedule) for end in list(session.ends.values())[self._ends :]]
        report.failures = session.failures[self._failures :]
        self._ends, self._failures = len(session.ends), len(session.failures)


def work(packed: bytes | Task, orders: Connection, stop: Event) -> None:
    """Be a worker: draw what is ordered until there are no more orders, or nobody who gives them."""
    # Ctrl-C reaches all processes of a terminal; when to stop, whoever gives orders says.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.getLogger("fbcore").setLevel(logging.CRITICAL)
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
        try:
            task = pickle.loads(packed) if isinstance(packed, bytes) else packed
            with controlled() as around:
                asked = {name: each for name, each in vars(around).items() if isinstance(each, dict)}
                drawing = Drawing(task, stop, asked)
                while (order := orders.recv()) is not None:
                    _send(orders, drawing.draw(*order))
        except (EOFError, BrokenPipeError, KeyboardInterrupt):
            return
        except BaseException as error:
            _send(orders, Report(0, 0, error=error))
    sys.stderr.flush()


def _send(orders: Connection, report: Report) -> None:
    """Send a report; an error that cannot be sent is sent as its text."""
    if report.error is not None:
        try:
            pickle.loads(pickle.dumps(report.error))
        except Exception:
            report.error = RuntimeError(f"{type(report.error).__name__}: {report.error}")
    orders.send(report)

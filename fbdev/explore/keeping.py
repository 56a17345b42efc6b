"""Keeping what is left of an exploration in a file, and going on from one."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from fbdev.explore.fingerprint import differences, fingerprint
from fbdev.explore.plan import Plan
from fbdev.explore.program import Program
from fbdev.explore.record import PlanRecord, Record
from fbdev.explore.record_file import check_place, read_record, write_record
from fbdev.explore.restore import restore_program
from fbdev.explore.result import Result
from fbdev.explore.strategy import Strategy
from fbdev.explore.words import ExploreError

_FIRST = 30.0
"""Seconds after which it is kept while it runs, and again."""

_SHARE = 20
"""It runs for so many times as long as keeping it took, before it is kept again."""

_SOME = 3
"""Differences of a program that are named."""


class Keeping:
    """The strategy of an exploration that is kept, that goes on, or both."""

    def __init__(self, program: Program, plan: Plan) -> None:
        if plan.chance:
            what = "with chance, nothing that was seen can be come to again, so nothing can be kept"
            raise ExploreError(what, "explore", "draw all samples at once")
        begun_from = Path(plan.continues) if plan.continues is not None else None
        path = plan.keep if plan.keep is not None else begun_from
        assert path is not None
        self._path = Path(path)
        check_place(self._path)
        self._program = fingerprint(program)
        record = None
        if begun_from is not None:
            record = read_record(begun_from)
            self._refuse_another(record, begun_from)
            restore_program(record, program)
            plan = _plan_of(record, plan, begun_from)
        self.strategy = Strategy(program, plan, record)
        self.strategy.alarms.append(self._keep_now)
        self._is_ours = not self._path.exists()
        self._has_kept: bool | None = None

    def _keep_now(self) -> float:
        """Write what is left while it runs, so that little is lost when it is killed; return when to do it again."""
        begun = time.perf_counter()
        if self._has_kept is None:
            self._has_kept = False
            return _FIRST
        record = self.strategy.record(self._program, now=True)
        if record is not None and record is not self.strategy.begun_from:
            with suppress(OSError):
                # At the end it is tried again, and what is wrong is told.
                write_record(self._path, record)
                self._has_kept = True
        return max(_FIRST, _SHARE * (time.perf_counter() - begun))

    def kept(self, result: Result) -> Result:
        """Write what is left to do, and say in the result where it is."""
        record = self.strategy.record(self._program)
        if record is None and self._has_kept and self._is_ours:
            # What was kept on the way leads nowhere any more.
            self._path.unlink(missing_ok=True)
        if record is not None:
            try:
                write_record(self._path, record)
                result.kept = str(self._path)
            except OSError as error:
                result.notes.append(f"what is left to explore could not be kept: {self._path}: {error.strerror}")
        return result

    def _refuse_another(self, record: Record, path: Path) -> None:
        found = differences(record.program, self._program)
        if found:
            more = f"; and {len(found) - _SOME} more" if len(found) > _SOME else ""
            what = f"it was kept of another program: {'; '.join(found[:_SOME])}{more}"
            raise ExploreError(what, str(path), "explore what it is now from the beginning, without `continues`")


_LEFT_OUT = {each.name: each.default for each in fields(Plan)}


def _plan_of(record: Record, plan: Plan, path: Path) -> Plan:
    """Return the plan of a record; what was given besides must be the same."""
    kept: PlanRecord = record.plan
    for name in ("search", "seed", "keep_going"):
        given, then = getattr(plan, name), getattr(kept, name)
        if given not in (_LEFT_OUT[name], then):
            raise ExploreError(f"it was kept of an exploration with {name}={then!r}", str(path), f"leave {name} out")
    if plan.budget.depth != kept.depth:
        what = f"it was kept of an exploration of executions of {kept.depth:,} steps"
        raise ExploreError(what, str(path), f"give Budget(depth={kept.depth})")
    search: Any = kept.search
    samples = kept.samples if plan.samples == _LEFT_OUT["samples"] else plan.samples
    return replace(plan, search=search, samples=samples, seed=kept.seed, keep_going=kept.keep_going)

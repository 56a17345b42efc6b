"""Which search is made, what comes after it, and what verdict it allows."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace

from fbdev.explore.again import NotTheProgramError
from fbdev.explore.begin import begin_again
from fbdev.explore.budget import Budget, SpentError
from fbdev.explore.by_race import ByRace
from fbdev.explore.by_state import ByState
from fbdev.explore.cores import LostError, Team
from fbdev.explore.course import Course
from fbdev.explore.every import Every
from fbdev.explore.execution import Execution, ForeignError, read_labels, read_state
from fbdev.explore.failure import Failure
from fbdev.explore.finer import draw_audit
from fbdev.explore.graph import Spin, StateGraph
from fbdev.explore.interruption import patient
from fbdev.explore.known import LearnedError, learning
from fbdev.explore.likeness import difference, refusal
from fbdev.explore.net_scene import NetScene
from fbdev.explore.plan import Plan
from fbdev.explore.private import NotReducedError
from fbdev.explore.program import Program
from fbdev.explore.progress import EVERY, progress_of, tell
from fbdev.explore.pytest_case import case_text
from fbdev.explore.record import ProgramRecord, Record
from fbdev.explore.restore import record_of, restore
from fbdev.explore.result import Result
from fbdev.explore.sample import DRAWS, WARM, Sampling, run_path
from fbdev.explore.session import FoundError, NotSameError, Session
from fbdev.explore.shared import SURROUNDINGS
from fbdev.explore.surroundings import noticed
from fbdev.explore.trial import explained
from fbdev.explore.verdict import (
    ANNOUNCED,
    CONTINUED,
    DETERMINISTIC,
    GRANULARITY,
    LABELS,
    NAMES,
    REACHABLE,
    SNAPSHOT,
    Given,
    Verdict,
    VerdictKind,
)
from fbdev.explore.words import ExploreError, NotWholeError

_PROBES = 200
"""States that were merged and whose futures are compared."""

_MOST_PATHS = 10**300
"""Schedules beyond which no float says how many there are for each execution."""

Read = Callable[[Execution], Hashable]


class Strategy:
    """One exploration, from the choice of a search to the verdict; with a record, of one that goes on."""

    def __init__(self, program: Program, plan: Plan, record: Record | None = None) -> None:
        self.program = program
        self.plan = plan
        self.begun_from = record
        self._search = "sample" if plan.chance and plan.search not in DRAWS else plan.search
        self._budget = plan.budget
        self.alarms: list[Callable[[], float]] = []
        """Called now and then while it runs: see `Meter.call`."""
        if plan.cores > 1 and self._search not in DRAWS:
            what = f"a search by {self._search} goes on in one process: what it does next hangs on what it has seen"
            raise ExploreError(what, "cores", f"draw samples: search= one of {', '.join(DRAWS)}")
        program.is_net = program.is_net or isinstance(program.factory, NetScene)

    def run(self) -> Result:
        """Search, and return what was found."""
        plan = self.plan
        self._session = Session(self.program, self._budget, keep_going=plan.keep_going, keeps_schedules=plan.is_kept)
        self._course = Course(is_kept=plan.is_kept)
        self._graph = StateGraph()
        self._follow: Callable[[Sequence[str]], None] | None = None
        self._spins: list[Spin] = []
        self._used: str = self._search
        self._givens: list[Given] = [DETERMINISTIC, GRANULARITY, REACHABLE]
        self._is_cut = False
        self._is_where_it_was = self.begun_from is None
        try:
            with patient(self._session.meter):
                for alarm in (*([self._tell] if plan.progress is not None else []), *self.alarms):
                    self._session.meter.call(alarm)
                detail, kind = self._guarded()
        except KeyboardInterrupt:
            self._is_cut = True
            kind, detail = VerdictKind.INCONCLUSIVE, "interrupted"
        return self._result(kind, detail)

    def _tell(self) -> float:
        """Tell how far it has come, and return the seconds until it is told again."""
        assert self.plan.progress is not None
        tell(self.plan.progress, progress_of(self._session, self._used))
        return EVERY

    def _guarded(self) -> tuple[str, VerdictKind]:
        try:
            # A search by states sees for itself whether executions are alike.
            refused = "" if self.program.is_net and self._search in ("auto", "states") else self._refusal()
            if refused:
                return refused, VerdictKind.INCONCLUSIVE
            if self.begun_from is not None:
                self._session.doing = "coming again to what was known"
                self._course = restore(self.begun_from, self._session)
                self._session.doing = ""
                self._givens.append(CONTINUED)
                self._is_where_it_was = True
            detail, kind = self._searched()
        except NotSameError as error:
            return f"the processes are not deterministic: {error}", VerdictKind.INCONCLUSIVE
        except SpentError as error:
            self._is_cut = True
            return str(error), VerdictKind.INCONCLUSIVE
        except ForeignError as error:
            return str(error), VerdictKind.INCONCLUSIVE
        except FoundError:
            if self.program.is_net and (differs := self._difference()):
                self._session.failures.clear()
                return differs, VerdictKind.INCONCLUSIVE
            return "", VerdictKind.BUG
        if kind in (VerdictKind.HOLDS, VerdictKind.HOLDS_WITHIN):
            self._find_livelocks()
        if kind is VerdictKind.HOLDS and self.plan.audit and not self._session.failures:
            fault = self._audited()
            if fault:
                return fault, VerdictKind.INCONCLUSIVE
        return detail, kind

    def _refusal(self) -> str:
        return refusal(self.program, self._budget, chance=self.plan.chance)

    def _difference(self) -> str:
        return difference(self.program, self._budget)

    # -- searches --------------------------------------------------------------------------------------

    def _searched(self) -> tuple[str, VerdictKind]:
        if self._search in DRAWS:
            return self._sampled()
        if self._search == "auto":
            return self._automatic()
        if self._search == "preemptions":
            return self._preempting()
        return self._complete(self._search)

    def _automatic(self) -> tuple[str, VerdictKind]:
        whole, session = self._budget, self._session
        first = Budget(
            None if whole.executions is None else whole.executions // 2,
            None if whole.steps is None else whole.steps // 2,
            None if whole.seconds is None else whole.seconds / 2,
            whole.memory,
            whole.depth,
        )
        session.meter.limit(first)
        try:
            return self._proving()
        except SpentError as error:
            session.remarks.append(f"not complete: {error}")
        # Here, and not above: whoever handles an error keeps all alive that was there when it was raised.
        self._course.settle()
        session.meter.limit(whole)
        session.forget_states()
        self._graph = StateGraph()
        return self._preempting()

    def _proving(self) -> tuple[str, VerdictKind]:
        """Search by what can prove something: states, if they can be read."""
        session, kept = self._session, self._course.kept
        if not kept.unreadable:
            try:
                return self._complete("states")
            except NotWholeError as error:
                kept.unreadable = str(error)
            session.notes.append(f"states cannot be told apart: {kept.unreadable}")
            session.forget_ends()
            self._course.begin_anew()
            self._graph = StateGraph()
        # Nodes of a net do not say what they touch.
        return self._preempting() if self.program.is_net else self._complete("races")

    def _complete(self, search: str) -> tuple[str, VerdictKind]:
        session, course = self._session, self._course
        self._used = search
        self.program.winds_up = search != "every"
        if search == "every":
            every = Every(session, record=course.kept.orders)
            course.runs("orders", every)
            every.run()
        elif search == "races" and self.program.is_net:
            hint = 'leave `search` out, or say "states"'
            raise ExploreError("nodes of a net do not announce what they touch", "explore", hint)
        elif search == "races":
            races = ByRace(session, course.kept.races)
            course.runs("races", races)
            races.run()
        else:
            try:
                merged = self._search_states(read_labels if search == "labels" else read_state).merged_wrongly
            except (NotSameError, NotTheProgramError):
                # By labels alone, states that are not alike pass for one: that is no fault of the processes.
                if search != "labels":
                    raise
                merged = "the same labels, with other data behind them"
            if merged:
                session.notes.append(f"states were merged that are not alike: {merged}")
                return f"states were merged that are not alike: {merged}", VerdictKind.INCONCLUSIVE
        return self._bounds(search)

    def _search_states(self, read: Read) -> ByState:
        """Search all states; of a net without the orders that make no difference, until it turns out that they do."""
        program, session, course = self.program, self._session, self._course
        while True:
            may_reduce = self.program.is_net and read is read_state and program.sentinel is None
            program.reduces = may_reduce and not course.kept.unreduced
            by_state = ByState(session, read, 0 if program.reduces else _PROBES, course.kept.states)
            course.runs("states", by_state)
            self._graph, self._follow = by_state.graph, by_state.follow
            try:
                with learning(program):
                    by_state.run()
                if program.reduces and self._graph.spins():
                    raise NotReducedError("the net goes in circles")
                if program.reduces and not [state for state in self._graph.states if len(state.available) > 1]:
                    session.notes.append("no step of the net races with another: every order comes to the same end")
                    self._make_again(by_state)
                elif self.program.is_net and not self.plan.chance:
                    with noticed():
                        run_path(Session(program, Budget(seconds=None, memory=None)), [], min(200, self._budget.depth))
                return by_state
            except LearnedError:
                pass
            except NotReducedError as error:
                course.kept.unreduced = str(error)
                session.notes.append(f"every order was tried, for {error}")
            finally:
                program.reduces = False
            # What was found so far was found with too few orders, or states were not told apart.
            session.forget_ends()
            session.failures.clear()
            course.begin_anew()

    def _make_again(self, by_state: ByState) -> None:
        """See whether the one execution that proves a net does the same once more, and comes to the same end.

        Raises:
            NotSameError: it does not.
        """
        path = by_state.path_to(len(self._graph.states) - 1)
        done = self.program.known.done
        execution = begin_again(self.program)
        try:
            with noticed():
                self._session.replay(execution, path)
            is_other = execution.available or execution.end_key() not in self._session.ends
            if is_other or (done and done != execution.done()):
                raise NotSameError(self._difference() or "the net did something else when it was run again")
        finally:
            execution.close()

    def _bounds(self, search: str) -> tuple[str, VerdictKind]:
        bounds = []
        if self._session.was_cut:
            depth = self._budget.depth
            bounds.append(f"{depth:,} steps")
            self._givens.append(Given("steps", f"what comes after {depth:,} steps is not looked at"))
        if search == "races" and self.program.announces and self.program.unseen:
            bounds.append("what is announced")
            self._givens.append(ANNOUNCED)
        if search == "labels":
            bounds.append("what labels tell")
            self._givens.append(LABELS)
        if self.program.is_net and (unseen := self.program.known.givens()):
            bounds.append("what can be seen")
            self._givens += unseen
        around = SURROUNDINGS.get()
        if around is not None:
            bounds += around.bounds()
            self._givens += around.givens()
        self._add_givens()
        return " and ".join(dict.fromkeys(bounds)), VerdictKind.HOLDS_WITHIN if bounds else VerdictKind.HOLDS

    def _add_givens(self) -> None:
        if self.program.remap is not None:
            self._givens.append(NAMES)
        if self.program.has_snapshot and self._used != "every":
            self._givens.append(SNAPSHOT)

    def _preempting(self) -> tuple[str, VerdictKind]:
        """Raise the bound on preemptions until everything was seen, or the budget is spent."""
        session, kept = self._session, self._course.kept
        self._used = "preemptions"
        try:
            while True:
                session.forget_states()
                session.doing = f"at most {kept.proven + 1} preemption{'' if kept.proven == 0 else 's'}"
                search = Every(
                    session, bound=kept.proven + 1, read=read_state if kept.reads else None, record=kept.orders
                )
                self._course.runs("orders", search)
                try:
                    with learning(self.program):
                        search.run()
                except NotWholeError:
                    kept.reads = False
                    self._course.forget("orders")
                    continue
                except LearnedError:
                    self._course.begin_anew()
                    continue
                self._course.forget("orders")
                if not search.was_bounded:
                    return self._bounds("preemptions")
                kept.proven += 1
        except SpentError as error:
            if kept.proven < 0:
                raise
            self._is_cut = True
            session.remarks.append(f"not complete: {error}")
        proven = kept.proven
        self._givens.append(Given("preemptions", f"no more than {proven} preemptions are needed"))
        _, kind = self._bounds("preemptions")
        assert kind is not VerdictKind.BUG
        return f"{proven} preemption{'' if proven == 1 else 's'}", VerdictKind.HOLDS_WITHIN

    def _sampled(self) -> tuple[str, VerdictKind]:
        read = read_labels if self.plan.chance else None
        kept = self._course.kept.samples
        sampling = Sampling(self._session, self.plan.samples, self.plan.seed, self._search, read, kept)
        self._course.runs("samples", sampling)
        self._graph = sampling.graph
        # There are always more samples to be drawn.
        self._is_cut = True
        try:
            if self.plan.cores == 1:
                sampling.run()
            else:
                sampling.run(below=WARM)
                self._on_cores(sampling)
        except SpentError as error:
            if not sampling.drawn or isinstance(error, LostError):
                raise
            self._session.remarks.append(str(error))
        if not sampling.drawn:
            return "no execution was made", VerdictKind.INCONCLUSIVE
        if self.plan.chance:
            self._givens.remove(DETERMINISTIC)
        cut = f", cut at {self._budget.depth:,} steps" if self._session.was_cut else ""
        return f"{sampling.drawn:,} schedules{cut}", VerdictKind.SAMPLED

    def _on_cores(self, sampling: Sampling) -> None:
        """Draw what is left side by side."""
        if sampling.left:
            Team(self._session, sampling, self.plan.cores, self._search, self.plan.seed).run()

    # -- after the search ------------------------------------------------------------------------------

    def _find_livelocks(self) -> None:
        # What passes for a circle by labels alone may be none.
        if self._used != "states":
            return
        self._spins = self._graph.spins()
        for spin in self._spins:
            if not spin.has_exit:
                schedule = self._graph.path_to(set(spin.states)) or ()
                what = f"livelock: {', '.join(spin.processes)} can only go in circles"
                self._session.failures.append(Failure("livelock", what, schedule, circle=spin.processes))
                break

    def _heed(self) -> float:
        """Let Ctrl-C end what is done besides the search."""
        if self._session.meter.is_interrupted:
            raise KeyboardInterrupt
        return EVERY

    def _audited(self) -> str:
        known = set(self._session.ends)
        session = Session(self.program, replace(self._budget, executions=None, steps=None), keep_going=True)
        session.meter.call(self._heed)
        try:
            draw_audit(session, self.plan.audit, self.plan.seed, has_finer=self.program.is_net)
        except SpentError as error:
            self._session.remarks.append(f"the audit was cut short: {error}")
        if session.failures or set(session.ends) - known:
            found = (
                session.failures[0].what
                if session.failures
                else next(str(end) for key, end in session.ends.items() if key not in known)
            )
            return f"a fault of the explorer, please report it: a random schedule came to {found}"
        self._session.remarks.append(f"audited by {session.meter.executions:,} random schedules")
        return ""

    def _result(self, kind: VerdictKind, detail: str) -> Result:
        session = self._session
        spent = session.spent()
        if self.plan.is_kept and self._is_cut:
            # Now, for looking into failures changes what the searches hold.
            self._kept = self._course.record()
        seen = [*(self.program.known.notes() if self.program.known is not None else ())]
        if (around := SURROUNDINGS.get()) is not None:
            seen += around.notes()
        if session.failures:
            kind = VerdictKind.BUG
            self._is_cut = self._is_cut and self.plan.keep_going
            session.doing = "looking for the smallest schedule"
            if self.plan.progress is not None:
                self._tell()
            try:
                session.failures[0] = explained(self.program, session.failures[0], chance=self.plan.chance)
            except KeyboardInterrupt:
                session.remarks.append("interrupted: there may be a smaller schedule that fails")
                session.failures[0].labels = ("",) * len(session.failures[0].schedule)
            if self._graph.states and self._follow is not None and session.failures[0].kind != "livelock":
                self._follow(session.failures[0].schedule)
            detail = session.failures[0].what
            self._givens = [DETERMINISTIC, GRANULARITY]
        paths = self._graph.paths() if self._graph.states and kind is VerdictKind.HOLDS else None
        return Result(
            Verdict(kind, detail, self.program.in_words(self._givens)),
            self._used,
            session.failures,
            [end.reached for end in session.ends.values()],
            self._graph,
            self._spins,
            spent.executions,
            spent.steps,
            spent.seconds,
            spent.sleep_blocked,
            None if paths is None or paths > _MOST_PATHS else paths / spent.executions,
            [*session.notes, *seen, *session.remarks],
            case_text(self.program, session.failures[0]) if session.failures and not self.plan.chance else "",
        )

    def record(self, program: ProgramRecord, *, now: bool = False) -> Record | None:
        """Return what is needed to go on from here, after a run or `now`; None when there is nothing left to do."""
        if not self._is_cut and not now:
            return None
        if not self._is_where_it_was:
            return self.begun_from
        return record_of(self._session, self._course.record() if now else self._kept, self.plan, program)

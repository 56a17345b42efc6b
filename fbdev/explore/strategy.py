"""Which search is made, what comes after it, and what verdict it allows."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from fbdev.explore.begin import begin
from fbdev.explore.budget import Budget, SpentError
from fbdev.explore.by_race import ByRace
from fbdev.explore.by_state import ByState
from fbdev.explore.every import Every
from fbdev.explore.execution import Execution, read_labels, read_state
from fbdev.explore.failure import Failure
from fbdev.explore.graph import Spin, StateGraph
from fbdev.explore.known import LearnedError, learning
from fbdev.explore.nets import NetScene
from fbdev.explore.private import NotReducedError
from fbdev.explore.program import Program
from fbdev.explore.pytest_case import case_text
from fbdev.explore.result import Result
from fbdev.explore.sample import DRAWS, Sampling, run_path
from fbdev.explore.session import FoundError, NotSameError, Session
from fbdev.explore.shared import SURROUNDINGS
from fbdev.explore.surroundings import noticed
from fbdev.explore.trial import causal_pair, smallest, try_schedule
from fbdev.explore.verdict import (
    ANNOUNCED,
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

Search = Literal["auto", "states", "labels", "races", "every", "preemptions", "sample", "random", "pos", "pct"]
_PROBES = 200
"""States that were merged and whose futures are compared."""
_MOST_PATHS = 10**300
"""Schedules beyond which no float says how many there are for each execution."""

Read = Callable[[Execution], Hashable]


@dataclass(frozen=True, slots=True)
class Plan:
    """How a program is explored: the options of `explore`."""

    search: Search = "auto"
    budget: Budget = field(default_factory=Budget)
    samples: int = 1000
    seed: int = 0
    audit: int = 0
    keep_going: bool = False
    chance: bool = False

    def __post_init__(self) -> None:
        if self.search not in get_args(Search):
            hint = f"there are {', '.join(get_args(Search))}"
            raise ExploreError(f"there is no search {self.search!r}", "explore", hint)


class Strategy:
    """One exploration, from the choice of a search to the verdict."""

    def __init__(self, program: Program, plan: Plan) -> None:
        self.program = program
        self.plan = plan
        self._search = "sample" if plan.chance and plan.search not in DRAWS else plan.search
        self._budget = plan.budget
        self._is_net = isinstance(program.factory, NetScene)

    def run(self) -> Result:
        """Search, and return what was found."""
        self._session = Session(self.program, self._budget, keep_going=self.plan.keep_going)
        self._graph = StateGraph()
        self._follow: Callable[[Sequence[str]], None] | None = None
        self._spins: list[Spin] = []
        self._used: str = self._search
        self._givens: list[Given] = [DETERMINISTIC, GRANULARITY, REACHABLE]
        try:
            detail, kind = self._guarded()
        except KeyboardInterrupt:
            kind, detail = VerdictKind.INCONCLUSIVE, "interrupted"
        return self._result(kind, detail)

    def _guarded(self) -> tuple[str, VerdictKind]:
        try:
            # A search by states sees for itself whether executions are alike.
            refused = "" if self._is_net and self._search in ("auto", "states") else self._refuse()
            if refused:
                return refused, VerdictKind.INCONCLUSIVE
            detail, kind = self._searched()
        except NotSameError as error:
            return f"the processes are not deterministic: {error}", VerdictKind.INCONCLUSIVE
        except SpentError as error:
            return str(error), VerdictKind.INCONCLUSIVE
        except FoundError:
            if self._is_net and (differs := self._difference()):
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

    def _refuse(self) -> str:
        """Say why no search is made at all: there are no processes, or the first two executions are not alike."""
        execution = begin(self.program)
        is_empty = not execution.state
        execution.close()
        if is_empty:
            return "the factory makes no process, so nothing was run"
        return "" if self.plan.chance else self._difference()

    def _difference(self) -> str:
        """Say in what two executions differ that should be alike; "" when they are."""
        session = Session(self.program, replace(self._budget, executions=None, memory=None))
        with noticed():
            path, one = run_path(session, [], min(200, self._budget.depth))
        _, other = run_path(session, path, min(200, self._budget.depth))
        if one == other:
            return ""
        number = next((i for i, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), 0)
        first, second = one[number], other[min(number, len(other) - 1)]
        return f"the processes are not deterministic: after {number} steps, {first} once and {second} another time"

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
        session.meter.budget = first
        session.meter.limit_seconds(first.seconds)
        try:
            try:
                return self._complete("states")
            except NotWholeError as error:
                session.notes.append(f"states cannot be told apart: {error}")
                session.ends.clear()
                self._graph = StateGraph()
                # Nodes of a net do not say what they touch.
                return self._preempting() if self._is_net else self._complete("races")
        except SpentError as error:
            session.notes.append(f"not complete: {error}")
            session.meter.budget = whole
            session.meter.limit_seconds(whole.seconds)
            session.meter.memory = 0
            self._graph = StateGraph()
            return self._preempting()

    def _complete(self, search: str) -> tuple[str, VerdictKind]:
        session = self._session
        self._used = search
        self.program.reduces = self._is_net and search == "states" and self.program.sentinel is None
        self.program.winds_up = search != "every"
        if search == "every":
            Every(session).run()
        elif search == "races" and self._is_net:
            hint = 'leave `search` out, or say "states"'
            raise ExploreError("nodes of a net do not announce what they touch", "explore", hint)
        elif search == "races":
            ByRace(session).run()
        else:
            read: Read = read_labels if search == "labels" else read_state
            try:
                merged = self._search_states(read).merged_wrongly
            except NotSameError:
                # By labels alone, states that are not alike pass for one: that is no fault of the processes.
                if search != "labels":
                    raise
                merged = "the same labels, with other data behind them"
            if merged:
                session.notes.append(f"states were merged that are not alike: {merged}")
                return f"states were merged that are not alike: {merged}", VerdictKind.INCONCLUSIVE
        return self._bounds(search)

    def _by_state(self, read: Read) -> ByState:
        by_state = ByState(self._session, read, 0 if self.program.reduces else _PROBES)
        self._graph, self._follow = by_state.graph, by_state.follow
        return by_state

    def _search_states(self, read: Read) -> ByState:
        """Search all states; of a net without the orders that make no difference, until it turns out that they do."""
        program, session = self.program, self._session
        while True:
            by_state = self._by_state(read)
            try:
                with learning(program):
                    by_state.run()
                if program.reduces and self._graph.spins():
                    raise NotReducedError("the net goes in circles")
            except LearnedError:
                pass
            except NotReducedError as error:
                session.notes.append(f"every order was tried, for {error}")
                program.reduces = False
            else:
                if program.reduces and all(len(state.available) <= 1 for state in self._graph.states):
                    session.notes.append("no step of the net races with another: every order comes to the same end")
                    self._make_again(by_state)
                elif self._is_net and not self.plan.chance:
                    with noticed():
                        run_path(Session(program, Budget(seconds=None, memory=None)), [], min(200, self._budget.depth))
                program.reduces = False
                return by_state
            # What was found so far was found with too few orders, or states were not told apart.
            session.ends.clear()
            session.failures.clear()

    def _make_again(self, by_state: ByState) -> None:
        """See whether the one execution that proves a net comes to the same end once more.

        Raises:
            NotSameError: it does not.
        """
        path = by_state.path_to(len(self._graph.states) - 1)
        execution = begin(self.program)
        try:
            with noticed():
                self._session.replay(execution, path)
            if execution.available or execution.end_key() not in self._session.ends:
                raise NotSameError(self._difference() or "the net came to another end when it was run again")
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
        if self._is_net and (unseen := self.program.known.givens()):
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
        session = self._session
        self._used = "preemptions"
        read: Read | None = read_state
        proven = -1
        try:
            while True:
                search = Every(session, bound=proven + 1, read=read)
                try:
                    with learning(self.program):
                        search.run()
                except NotWholeError:
                    read = None
                    continue
                except LearnedError:
                    proven = -1
                    continue
                if not search.was_bounded:
                    return self._bounds("preemptions")
                proven += 1
        except SpentError as error:
            if proven < 0:
                raise
            session.notes.append(f"not complete: {error}")
        self._givens.append(Given("preemptions", f"no more than {proven} preemptions are needed"))
        _, kind = self._bounds("preemptions")
        assert kind is not VerdictKind.BUG
        return f"{proven} preemption{'' if proven == 1 else 's'}", VerdictKind.HOLDS_WITHIN

    def _sampled(self) -> tuple[str, VerdictKind]:
        read = read_labels if self.plan.chance else None
        sampling = Sampling(self._session, self.plan.samples, self.plan.seed, self._search, read)
        self._graph = sampling.graph
        try:
            sampling.run()
        except SpentError as error:
            if not sampling.drawn:
                raise
            self._session.notes.append(str(error))
        if not sampling.drawn:
            return "no execution was made", VerdictKind.INCONCLUSIVE
        if self.plan.chance:
            self._givens.remove(DETERMINISTIC)
        cut = f", cut at {self._budget.depth:,} steps" if self._session.was_cut else ""
        return f"{sampling.drawn:,} schedules{cut}", VerdictKind.SAMPLED

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

    def _audited(self) -> str:
        known = set(self._session.ends)
        session = Session(self.program, replace(self._budget, executions=None, steps=None), keep_going=True)
        try:
            Sampling(session, self.plan.audit, self.plan.seed + 1, "random").run()
        except SpentError as error:
            self._session.notes.append(f"the audit was cut short: {error}")
        if session.failures or set(session.ends) - known:
            found = (
                session.failures[0].what
                if session.failures
                else next(str(end) for key, end in session.ends.items() if key not in known)
            )
            return f"a fault of the explorer, please report it: a random schedule came to {found}"
        self._session.notes.append(f"audited by {session.meter.executions:,} random schedules")
        return ""

    def _result(self, kind: VerdictKind, detail: str) -> Result:
        session = self._session
        seconds = session.meter.seconds
        if self.program.known is not None:
            session.notes += self.program.known.notes()
        if (around := SURROUNDINGS.get()) is not None:
            session.notes += around.notes()
        if session.failures:
            kind = VerdictKind.BUG
            session.failures[0] = self._explained(session.failures[0])
            if self._graph.states and self._follow is not None and session.failures[0].kind != "livelock":
                self._follow(session.failures[0].schedule)
            detail = session.failures[0].what
            self._givens = [DETERMINISTIC, GRANULARITY]
        paths = self._graph.paths() if self._graph.states and kind is VerdictKind.HOLDS else None
        return Result(
            Verdict(kind, detail, tuple(dict.fromkeys(self._givens))),
            self._used,
            session.failures,
            list(session.ends.values()),
            self._graph,
            self._spins,
            session.meter.executions,
            session.meter.steps,
            seconds,
            session.sleep_blocked,
            None if paths is None or paths > _MOST_PATHS else paths / session.meter.executions,
            session.notes,
            case_text(self.program, session.failures[0]) if session.failures and not self.plan.chance else "",
        )

    def _explained(self, failure: Failure) -> Failure:
        """Look for the smallest schedule of a failure, and for its cause."""
        if self.plan.chance:
            failure.labels = tuple("" for _ in failure.schedule)
            return failure
        if failure.kind != "livelock":
            failure = smallest(self.program, failure)
            failure.cause = causal_pair(self.program, failure)
        trial = try_schedule(self.program, failure.schedule, goes_on=False)
        failure.labels = tuple(trial.labels)
        return failure

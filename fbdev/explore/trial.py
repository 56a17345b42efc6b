"""One schedule, tried: the smallest that fails is looked for, and the pair of steps that it hangs on."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

from fbdev.explore.begin import begin
from fbdev.explore.budget import Budget, SpentError
from fbdev.explore.every import Every
from fbdev.explore.execution import read_state
from fbdev.explore.failure import Failure
from fbdev.explore.lines import Thing, Traced
from fbdev.explore.program import Program
from fbdev.explore.session import FoundError, NotSameError, Session
from fbdev.explore.shared import Use
from fbdev.explore.words import NotWholeError, Raised, Step, Yielded, ending_text


@dataclass(slots=True)
class Trial:
    """What a schedule came to: the steps made, what each reached and used, and the failure."""

    path: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    uses: list[list[Use]] = field(default_factory=list)
    failure: Failure | None = None


def try_schedule(program: Program, schedule: Sequence[str], *, places: bool = False, goes_on: bool = True) -> Trial:
    """Make the steps of a schedule, leaving out what cannot be made; then, if it goes on, any steps to the end."""
    session = Session(program, Budget(seconds=None, memory=None))
    execution: Any = begin(program, places=places)
    if places and not program.is_net:
        execution = Traced(execution)
    program.tells = True
    trial = Trial()
    try:
        session.check(execution, [])
        for name in schedule:
            if name in execution.available:
                _make(session, execution, name, trial)
        while goes_on and execution.available and len(trial.path) < len(schedule) + 1000:
            _make(session, execution, execution.available[0], trial)
        if not execution.available:
            session.ended(execution, trial.path)
    except FoundError:
        trial.failure = session.failures[0]
    finally:
        program.tells = False
        execution.close()
    return trial


def _make(session: Session, execution: Any, name: str, trial: Trial) -> None:
    stands, pending = execution.place(name), execution.pending(name) or {}
    step: Step | None = None
    try:
        step = session.step(execution, name, trial.path)
    finally:
        ended = execution.endings.get(name)
        kind = execution.state.get(name, "ended")
        if isinstance(ended, Raised):
            kind = f"raised {type(ended.error).__name__}"
        elif isinstance(step, Yielded):
            kind = ending_text(step)
        trial.labels.append(kind)
        uses = list(execution.uses)
        noted = {use.name for use in uses}
        uses += [Use(each, is_write, stands) for each, is_write in pending.items() if each not in noted]
        trial.uses.append(uses + (execution.of_lines if isinstance(execution, Traced) else []))


def explained(program: Program, failure: Failure, *, chance: bool) -> Failure:
    """Look for the smallest schedule of a failure, and for its cause; where chance rules, there is none to be had."""
    if chance:
        failure.labels = tuple("" for _ in failure.schedule)
        return failure
    if failure.kind != "livelock":
        failure = smallest(program, failure)
        failure.cause = causal_pair(program, failure)
    trial = try_schedule(program, failure.schedule, goes_on=False)
    failure.labels = tuple(trial.labels)
    return failure


def smallest(program: Program, failure: Failure, seconds: float = 1.0, executions: int = 3000) -> Failure:
    """Return the same failure by a schedule with the fewest switches, then the fewest steps, as far as time allows."""
    best = failure
    left = Budget(executions=executions, seconds=seconds / 2)
    for bound in range(failure.switches + 1):
        found = _search(program, failure, left, bound, len(best.schedule) if bound == best.switches else None)
        if isinstance(found, Failure):
            best = found
            break
        if found is None:
            break
    shorter: Failure | bool | None = best
    while isinstance(shorter, Failure):
        best = shorter
        shorter = _search(program, failure, left, best.switches, len(best.schedule) - 1)
    return best


def _search(program: Program, like: Failure, budget: Budget, bound: int, depth: int | None) -> Failure | bool | None:
    """Look for a failure within a bound of switches; return False when there is none, None when this is not known."""
    for read in (read_state, None):
        session = Session(program, budget)
        session.wanted = like
        # What was gone through from a state has not been gone through for shorter schedules.
        search = Every(session, bound=bound, counted="switches", read=None if depth else read, depth=depth)
        try:
            search.run()
        except FoundError:
            return session.failures[0]
        except NotWholeError:
            continue
        except (SpentError, NotSameError):
            return None
        return False
    return None


def causal_pair(program: Program, failure: Failure) -> tuple[str, ...]:
    """Find two steps of a failing schedule that touch one object, and without whose order it does not fail."""
    trial = try_schedule(program, failure.schedule, places=True, goes_on=False)
    last: tuple[str, ...] = ()
    tries = 0
    for later in range(len(trial.path) - 1, -1, -1):
        for earlier in range(later - 1, -1, -1):
            conflict = _conflict(trial, earlier, later)
            if conflict is None:
                continue
            last = last or conflict
            tries += 1
            if tries > 50:
                return last
            turned = _turned(trial.path, earlier, later)
            other = try_schedule(program, turned)
            if other.failure is None or not other.failure.is_like(failure):
                return conflict
    return last


def _conflict(trial: Trial, earlier: int, later: int) -> tuple[str, ...] | None:
    one, other = trial.path[earlier], trial.path[later]
    if one == other:
        return None
    for use in trial.uses[earlier]:
        for their in trial.uses[later]:
            if use.name == their.name and (use.is_write or their.is_write):
                return _told(one, use, earlier), _told(other, their, later)
    return None


def _told(process: str, use: Use, number: int) -> str:
    name: Hashable = use.name
    called = str(name) if isinstance(name, str | Thing) else "an object"
    return f"step {number + 1}: {process} {'writes' if use.is_write else 'reads'} {called} at {use.place or 'its end'}"


def _turned(path: Sequence[str], earlier: int, later: int) -> list[str]:
    """Return a schedule in which the process of the later step comes before the earlier one."""
    name = path[later]
    between = path[earlier : later + 1]
    return [
        *path[:earlier],
        *(each for each in between if each == name),
        *(each for each in between if each != name),
        *path[later + 1 :],
    ]

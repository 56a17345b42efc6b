"""An exploration as a record, and a record as an exploration that goes on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

from fbdev.explore.again import Again, misfit
from fbdev.explore.course import Course
from fbdev.explore.failure import Failure
from fbdev.explore.plan import Plan
from fbdev.explore.program import Program
from fbdev.explore.record import (
    Asked,
    CourseRecord,
    EndRecord,
    FailureRecord,
    LearnedRecord,
    PlanRecord,
    ProgramRecord,
    Record,
    SharingRecord,
    order_of_sets,
)
from fbdev.explore.session import End, Session
from fbdev.explore.shared import SURROUNDINGS
from fbdev.explore.surroundings import Surroundings


def record_of(session: Session, course: CourseRecord, plan: Plan, program: ProgramRecord) -> Record:
    """Return an exploration that stands still as a record."""
    return Record(
        "fbdev-exploration",
        1,
        order_of_sets(),
        program,
        PlanRecord(plan.search, plan.budget.depth, plan.samples, plan.seed, plan.keep_going),
        session.spent(),
        _learned(session),
        course,
        [EndRecord(end.reached, list(end.schedule)) for end in session.ends.values()],
        [_failure(each) for each in session.failures],
    )


def _learned(session: Session) -> LearnedRecord:
    program = session.program
    return LearnedRecord(
        sorted(program.unseen),
        program.names_objects,
        program.announces,
        program.conditions_fail,
        _state_of_random(program.random_state),
        session.was_cut,
        list(session.notes),
        None if program.known is None else SharingRecord(*program.known.learned()),
        _surroundings(),
    )


def _surroundings() -> dict[Asked, dict[str, list[str]]]:
    around: Surroundings | None = SURROUNDINGS.get()
    if around is None:
        return {}
    found = {each: {what: sorted(names) for what, names in getattr(around, each).items()} for each in get_args(Asked)}
    return {each: asked for each, asked in found.items() if asked}


def _learn_surroundings(record: Record) -> None:
    around = SURROUNDINGS.get()
    for each, asked in record.learned.surroundings.items() if around is not None else ():
        for what, names in asked.items():
            getattr(around, each).setdefault(what, set()).update(names)


def _state_of_random(state: Any) -> tuple[int, list[int], float | None] | None:
    return None if state is None else (state[0], list(state[1]), state[2])


def _failure(failure: Failure) -> FailureRecord:
    return FailureRecord(
        failure.kind, failure.what, list(failure.schedule), failure.process, dict(failure.state), failure.trace
    )


# -- going on ------------------------------------------------------------------------------------------


def restore_program(record: Record, program: Program) -> None:
    """Let a program know what was learned of it."""
    learned = record.learned
    program.unseen |= set(learned.unseen)
    program.names_objects |= learned.names_objects
    program.announces |= learned.announces
    program.conditions_fail |= learned.conditions_fail
    if learned.random_state is not None:
        version, numbers, gauss = learned.random_state
        program.random_state = (version, tuple(numbers), gauss)


def restore(record: Record, session: Session) -> Course:
    """Let a session, in which nothing was done, be where an exploration was when its record was taken.

    Raises:
        NotTheProgramError: the program does other things than it did.
    """
    session.before = replace(record.spent)
    session.was_cut = record.learned.was_cut
    session.notes += record.learned.notes
    if record.learned.sharing is not None and session.program.known is not None:
        sharing = record.learned.sharing
        session.program.known.learn(sharing.unseen, sharing.is_aliased, sharing.found, sharing.changed)
    for each in record.failures:
        failure = Failure(each.kind, each.what, tuple(each.schedule), process=each.process)
        failure.state, failure.trace = each.state, each.trace
        session.failures.append(failure)
    _learn_surroundings(record)
    session.program.winds_up = record.plan.search != "every"
    again = Again(session.program)
    with session.meter.free_of_charge():
        for end in record.ends:
            _end_again(again, end, session)
            session.meter.check()
    return Course(_that_fits(record, session), is_kept=True)


def _end_again(again: Again, end: EndRecord, session: Session) -> None:
    execution = again.along(end.schedule)
    try:
        reached = dict(execution.state)
        if execution.available or reached != end.reached:
            count = len(end.schedule)
            raise misfit(count - 1, f"the schedule that ended with {end.reached} comes to {reached}")
        session.ends.setdefault(execution.end_key(), End(reached, tuple(end.schedule)))
    finally:
        execution.close()


def _that_fits(record: Record, session: Session) -> CourseRecord:
    """Leave out what is known by the order of sets, where Python goes through sets in another order than then."""
    course = replace(record.course)
    if record.order == order_of_sets():
        return course
    if course.states is not None and course.states.tree.has_sets:
        course.states = None
        session.remarks.append(
            "the search by states begins anew: there are sets in them, whose order differs in each Python process "
            "(with PYTHONHASHSEED=0 it does not)"
        )
    if course.orders is not None and course.orders.known is not None and course.orders.known.has_sets:
        course.orders = replace(course.orders, known=None, spent=[])
    return course

"""The law of outcomes, as functions that raise AssertionError: a net ends as it does in the reference."""

from __future__ import annotations

from tests.laws.conservation import check_conservation, check_watched, put_on
from tests.laws.ledger import text_of
from tests.laws.plan import Plan
from tests.laws.reference import Reckoning, interpret
from tests.laws.running import TIME_LIMIT, Run
from tests.laws.shape import does_more, is_ordered, reachable

MOST_SCHEDULES = 400


def check_all(run: Run, expected: Reckoning | None = None) -> None:
    """Check every law on one run that went on to its end by itself."""
    check_conservation(run)
    check_watched(run)
    check_outcome(run, expected or interpret(run.plan))


def check_outcome(run: Run, expected: Reckoning) -> None:
    """The net ends as the reference says: exactly where order cannot matter, else in one of the possible ways."""
    result = run.result
    assert f"the time limit of {TIME_LIMIT:g}" not in result.reason, "the net does not end"
    assert (result.outcome == "failed") == bool(result.errors)
    assert (result.outcome == "deadlocked") == bool(result.knot)
    if is_determined(run.plan, expected):
        assert result.outcome == expected.outcome, f"{result.outcome}, not {expected.outcome}: {result.reason}"
        check_outputs(run, expected)
    else:
        check_is_possible(run, expected)


def check_is_possible(run: Run, expected: Reckoning) -> None:
    """The net ends in a way in which the reference ends it too, in some order of events."""
    if run.result.outcome != expected.outcome:
        possible = {expected.outcome}
        for seed in range(MOST_SCHEDULES):
            if run.result.outcome in possible:
                break
            possible.add(interpret(run.plan, seed).outcome)
        assert run.result.outcome in possible, f"{run.result.outcome}, not one of {possible}: {run.result.reason}"


def is_determined(plan: Plan, expected: Reckoning) -> bool:
    """Say whether every order of events leads to the same end, with the same outputs."""
    reach = reachable(plan)
    cut_short = {node for node in plan.names if node in expected.cut or reach[node] & expected.cut}
    # A node that loses its consumer ends somewhere; whether it did something else before that depends on the order.
    # With two inputs it may by then wait at the one, while who sends to both waits for room at the other.
    loose = {node.id for node in plan.nodes if does_more(plan, node)}
    return is_ordered(plan) and not cut_short & loose and expected.outcome != "failed"


def check_outputs(run: Run, expected: Reckoning) -> None:
    """The outputs are those of the reference, and, when no consumer ends early, so is all that went over each edge."""
    result = run.result
    texts = {name: [*map(text_of, result.outputs[name])] for name in result.outputs}
    assert texts == expected.outputs
    if expected.cut:
        return
    if not result.outcome.is_good and any(edge.source[1] == "stopped" for edge in run.plan.edges):
        # What was cancelled has told so.
        return
    for edge in run.plan.edges:
        assert [*map(text_of, put_on(run, edge))] == expected.put[edge.address], f"what went over {edge.address}"
    assert {name: [*map(text_of, values)] for name, values in result.unread.items()} == expected.unread
    assert result.discarded == expected.discarded


def check_is_beginning(part: Run, whole: Reckoning) -> None:
    """What came out is the beginning of what would have come out."""
    for name in part.result.outputs:
        texts = [*map(text_of, part.result.outputs[name])]
        assert texts == whole.outputs[name][: len(texts)], f"output {name}"

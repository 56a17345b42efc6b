"""Capacity changes how fast packets go, and never what comes out, as long as nothing depends on order."""

import pytest
from hypothesis import given, settings

from tests.laws.agreement import check_all, check_is_beginning, check_outcome, is_determined
from tests.laws.builder import CAPACITIES
from tests.laws.nets import ordered_plans
from tests.laws.plan import Plan
from tests.laws.reference import interpret
from tests.laws.running import BATCHED, ONE_BY_ONE, STOCK, run_plan, stepped


@pytest.mark.slow
@settings(max_examples=50)
@given(ordered_plans())
def test_results_are_the_same_at_any_capacity(plan: Plan) -> None:
    """Any capacity gives the outputs of unbounded edges, or, where it is too small and deadlocks, their beginning."""
    whole = interpret(plan.with_capacity(None))
    if not is_determined(plan, whole):
        return
    for number, capacity in enumerate(dict.fromkeys(CAPACITIES)):
        smaller = plan.with_capacity(capacity)
        expected = interpret(smaller)
        run = run_plan(smaller, stepped(number or None) if number % 3 == 0 else [BATCHED, ONE_BY_ONE][number % 2])
        check_all(run, expected)
        if expected.outcome == "deadlocked":
            check_is_beginning(run, whole)
        else:
            check_outcome(run, whole)


@pytest.mark.slow
@settings(max_examples=50)
@given(ordered_plans())
def test_results_are_the_same_in_any_order(plan: Plan) -> None:
    """At mixed capacities every loop and every order of steps gives the outputs of the reference."""
    expected = interpret(plan)
    for setting in (*STOCK.values(), *map(stepped, range(4))):
        check_all(run_plan(plan, setting), expected)

"""Capacity changes how fast packets go, and never what comes out, as long as nothing depends on order."""

import asyncio

import pytest
from hypothesis import given, settings

from tests.laws.agreement import check_all, check_is_beginning, check_outcome, is_determined
from tests.laws.nets import CAPACITIES, ordered_plans
from tests.laws.plan import Plan
from tests.laws.reference import interpret
from tests.laws.running import run_plan, stepped


@pytest.mark.slow
@settings(max_examples=120)
@given(ordered_plans())
def test_results_are_the_same_at_any_capacity(plan: Plan) -> None:
    """Any capacity gives the outputs of unbounded edges, or, where it is too small and deadlocks, their beginning."""
    whole = interpret(plan.with_capacity(None))
    if not is_determined(plan, whole):
        return
    for number, capacity in enumerate(dict.fromkeys(CAPACITIES)):
        smaller = plan.with_capacity(capacity)
        expected = interpret(smaller)
        make_loop = asyncio.new_event_loop if number % 2 else stepped(number or None)
        run = run_plan(smaller, make_loop)
        check_all(run, expected)
        if expected.outcome == "deadlocked":
            check_is_beginning(run, whole)
        else:
            check_outcome(run, whole)


@pytest.mark.slow
@settings(max_examples=120)
@given(ordered_plans())
def test_results_are_the_same_in_any_order(plan: Plan) -> None:
    """At mixed capacities every loop and every order of steps gives the outputs of the reference."""
    expected = interpret(plan)
    for make_loop in (asyncio.new_event_loop, *map(stepped, range(4))):
        check_all(run_plan(plan, make_loop), expected)

"""Over random nets: a net that is stepped by hand ends as the reference says, in any order, timers included."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fbcore import FSMRuntime
from fbcore.driver import Seeded
from tests.laws.agreement import check_all
from tests.laws.graphs import Maker
from tests.laws.ledger import Ledger
from tests.laws.nets import plans
from tests.laws.plan import Plan
from tests.laws.reference import interpret
from tests.laws.running import MOST_TURNS, Run, configs_of, inputs_of


def step_plan(plan: Plan, seed: int | None) -> tuple[Run, list[str]]:
    """Step a plan to its end: first come, or in the order of a seed; return the run, and its choices."""
    run = Run(plan, Ledger())
    graph = Maker(plan, run.ledger).make()
    runtime = FSMRuntime(graph) if seed is None else FSMRuntime(graph, driver=Seeded(seed))
    with runtime.start(inputs=inputs_of(plan, run.ledger), **configs_of(plan)) as fsm:
        for step in fsm.steps():
            assert step.number < MOST_TURNS, "the net does not end"
        assert fsm.result is not None
        run.result = fsm.result
        return run, fsm.choices


@pytest.mark.slow
@settings(max_examples=100)
@given(plans(), st.integers(0, 1000))
def test_a_net_that_is_stepped_ends_as_the_reference(plan: Plan, seed: int) -> None:
    """First come and in any other order, every packet is somewhere exactly once."""
    expected = interpret(plan)
    check_all(step_plan(plan, None)[0], expected)
    check_all(step_plan(plan, seed)[0], expected)


@pytest.mark.slow
@settings(max_examples=60)
@given(plans(), st.integers(0, 1000))
def test_the_same_seed_makes_the_same_steps(plan: Plan, seed: int) -> None:
    """Two nets of one plan make the same choices, and end alike."""
    (one, first), (two, second) = step_plan(plan, seed), step_plan(plan, seed)
    assert first == second
    assert one.result.summary() == two.result.summary()

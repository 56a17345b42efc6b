"""What is read of a stream is what a run collects, however slow its reader is, and wherever it leaves."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws.agreement import check_is_possible, check_outcome
from tests.laws.conservation import check_conservation
from tests.laws.nets import plans
from tests.laws.plan import Plan
from tests.laws.reference import interpret
from tests.laws.running import SETTINGS
from tests.laws.streaming import halt_stream, stream_plan
from tests.laws.test_cancellation import NETS


@pytest.mark.slow
@settings(max_examples=50)
@given(plans(), st.integers(0, 99))
def test_a_stream_that_is_read_to_its_end_is_a_run(plan: Plan, seed: int) -> None:
    """In each setting it ends as the reference does, with the same packets, and none of them is lost or doubled."""
    expected = interpret(plan)
    for setting in SETTINGS.values():
        run = stream_plan(plan, setting, seed=seed)
        check_conservation(run)
        check_outcome(run, expected)


@pytest.mark.slow
@settings(max_examples=50)
@given(plans(), st.integers(0, 99), st.integers(0, 6))
def test_a_stream_that_is_left_early_loses_nothing(plan: Plan, seed: int, most: int) -> None:
    """What was not read is in the account, and no output holds more than its edge has room for."""
    for setting in SETTINGS.values():
        run = stream_plan(plan, setting, seed=seed, most=most)
        check_conservation(run)
        if run.result.outcome != "stopped":
            check_is_possible(run, interpret(plan))


@pytest.mark.slow
@pytest.mark.parametrize("plan", NETS.values(), ids=NETS)
def test_nothing_is_lost_at_whatever_turn_the_reader_is_cancelled(plan: Plan) -> None:
    """Before the net begins, while it is read, and while it ends."""
    for turn in count():
        run = halt_stream(plan, turn)
        if run is None:
            break
        if hasattr(run, "result"):
            check_conservation(run)
    assert turn > 10

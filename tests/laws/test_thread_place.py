"""Where nodes work changes nothing: random nets whose nodes are all in threads do what the reference does."""

import asyncio

import pytest
from hypothesis import given, settings

from fbcore import BatchRuntime, NetSettings
from tests.laws.agreement import check_all, check_outcome
from tests.laws.nets import plans
from tests.laws.plan import Plan
from tests.laws.reference import interpret
from tests.laws.running import Setting, run_plan


def in_threads(runtime: BatchRuntime) -> None:
    """Place all nodes of the nets of a runtime in threads."""
    runtime.settings = NetSettings(place="thread")


@pytest.mark.slow
@settings(max_examples=30)
@given(plans())
def test_nets_do_in_threads_what_they_do_here(plan: Plan) -> None:
    """They end as in the reference; and where nothing is cut short, each packet is where its component knows it to be.

    A thread that is cancelled may not have been told of the packet that was taken for it: then it counts as held.
    """
    expected = interpret(plan)
    run = run_plan(plan, Setting(asyncio.new_event_loop), prepare=in_threads)
    if expected.outcome in ("failed", "stopped"):
        check_outcome(run, expected)
    else:
        check_all(run, expected)

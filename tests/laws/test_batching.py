"""Batches inside function nodes show in the time that they take, and nowhere else."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings

from fbcore.net import firing
from fbcore.net.in_port import InPort
from fbcore.net.out_port import OutPort
from tests.laws.nets import QUIET, plans, sample
from tests.laws.plan import Plan
from tests.laws.running import BATCHED, ONE_BY_ONE, run_plan
from tests.laws.sameness import account_of, history_of

EXAMPLES = 90

IN_ROWS = ("row",), ("row", *QUIET)
"""Fragments of nets that have functions in a row."""


@pytest.mark.slow
@settings(max_examples=EXAMPLES)
@given(plans() | plans(*IN_ROWS))
def test_results_and_reports_are_the_same(plan: Plan) -> None:
    """With batches and without, a net gives the same result and writes the same report, order-dependent ones too."""
    batched, one_by_one = run_plan(plan, BATCHED), run_plan(plan, ONE_BY_ONE)
    assert account_of(batched) == account_of(one_by_one)


@pytest.mark.slow
@settings(max_examples=EXAMPLES)
@given(plans() | plans(*IN_ROWS))
def test_histories_are_the_same(plan: Plan) -> None:
    """With batches and without, every packet has been at the same places, and was made of the same packets."""
    batched, one_by_one = run_plan(plan, BATCHED.tracked()), run_plan(plan, ONE_BY_ONE.tracked())
    assert history_of(batched.result.packets) == history_of(one_by_one.result.packets)
    assert account_of(batched) == account_of(one_by_one) == account_of(run_plan(plan, BATCHED))


@pytest.mark.slow
def test_random_nets_fire_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """The laws above are worth something: many random nets have a batch of several firings, and none when it is off."""
    sizes: Counter[str] = Counter()
    fire_batch = firing.fire_batch

    def counted(function: Any, port: InPort, out: OutPort | None) -> BaseException | None:
        before = port.received
        failed = fire_batch(function, port, out)
        sizes["several" if port.received - before > 1 else "few"] += 1
        return failed

    monkeypatch.setattr(firing, "fire_batch", counted)
    seen: Counter[str] = Counter()

    for plan in sample(EXAMPLES) + sample(EXAMPLES, *IN_ROWS):
        sizes.clear()
        run_plan(plan, ONE_BY_ONE)
        assert not sizes
        run_plan(plan, BATCHED)
        seen.update(["net", *(["batch"] if sizes["several"] else [])])
    assert seen["batch"] >= 0.1 * seen["net"]

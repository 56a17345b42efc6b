"""The history of packets is what somebody who watches every one of them would write down."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from fbcore import InputError
from fbcore.net.options import NetOptions
from tests.laws.history import check_history, newest
from tests.laws.ledger import text_of
from tests.laws.nets import ordered_plans, plans
from tests.laws.plan import Plan
from tests.laws.reference import interpret
from tests.laws.running import SETTINGS, STOCK, run_plan
from tests.laws.sameness import account_of, history_of


@pytest.mark.slow
@settings(max_examples=35)
@given(plans())
def test_each_packet_has_the_history_that_was_seen(plan: Plan) -> None:
    """On each loop activities, parents, lineage and places are those that an observer and the reference tell of."""
    expected = interpret(plan)
    for setting in SETTINGS.values():
        check_history(run_plan(plan, setting.tracked(), watched=True), expected)


@pytest.mark.slow
@settings(max_examples=35)
@given(ordered_plans())
def test_each_packet_has_the_history_that_was_reckoned(plan: Plan) -> None:
    """Where no order of events can matter every loop gives the very history of the reference."""
    expected = interpret(plan)
    for name in ("batched", "first come", "seed 1"):
        check_history(run_plan(plan, SETTINGS[name].tracked(), watched=True), expected)


@pytest.mark.slow
@settings(max_examples=35)
@given(plans())
def test_the_fast_path_keeps_the_same_history(plan: Plan) -> None:
    """Packets that nobody watches, alone or in batches, have the history that they have when all are watched."""
    for setting in STOCK.values():
        seen, unseen = (run_plan(plan, setting.tracked(), watched=watched) for watched in (True, False))
        assert account_of(seen) == account_of(unseen)
        assert history_of(seen.result.packets) == history_of(unseen.result.packets)


@pytest.mark.slow
@settings(max_examples=35)
@given(plans())
def test_the_newest_values_are_kept(plan: Plan) -> None:
    """Each node keeps the values of so many of the packets that were born at its outputs last, and no others."""
    for name in ("batched", "seed 1"):
        run = run_plan(plan, replace(SETTINGS[name], options=NetOptions("history", keep=2)), watched=True)
        packets = run.result.packets
        kept = {id for node in plan.names for id in newest(run, node, 2)} | {*packets.in_flight()}
        for id in packets:
            if "->" in id.birthplace:
                continue
            if id in kept:
                sent = run.ledger.accepted.get(id.birthplace) or run.ledger.offered.get(id.birthplace)
                assert sent is None or text_of(packets.value(id)) == text_of(sent[id.number])
            else:
                with pytest.raises(InputError):
                    packets.value(id)

"""The laws are worth what their nets are: every feature and every outcome must come up."""

from collections import Counter

import pytest
from hypothesis import given, settings

from tests.laws.agreement import is_determined
from tests.laws.classes import CLASSES
from tests.laws.nets import ordered_plans, sample
from tests.laws.plan import CONFIGS, INS, OUTS, STYLES, Plan
from tests.laws.reference import interpret
from tests.laws.shape import features

EXAMPLES = 600

OUTCOMES = ("finished", "quiescent", "starved", "deadlocked", "stopped", "failed")

FEATURES = (
    *("class", "sync function", "async function", "generator function", "async_generator function"),
    *("buffered function", "async_buffered function"),
    *("fan-out", "fan-in", "fan-in to an output", "cycle", "diamond", "unconnected output", "empty input", "copy"),
    *("error connected", "fails, error unconnected", "capacity 1", "capacity 2 to 64", "capacity None"),
    *("initial packet", "initial packet before others", "message", "message as data", "gated by execute"),
    *("stopped by a signal", "fed config", "ends early", "half-fed", "discards", "determined"),
)

KINDS = {*STYLES, *INS, *OUTS, *CONFIGS, *CLASSES}


@pytest.mark.slow
def test_every_feature_and_outcome_comes_up() -> None:
    """Each outcome in the reference is that of 5 % of the random nets, each feature and kind of node is in 2 %."""
    seen: Counter[str] = Counter()
    for plan in sample(EXAMPLES):
        expected = interpret(plan)
        seen.update({expected.outcome} | features(plan))
        signs = {
            "ends early": expected.cut,
            "half-fed": expected.is_half_fed,
            "discards": expected.discarded,
            "determined": is_determined(plan, expected),
        }
        seen.update(name for name, there in signs.items() if there)
    wanted = dict.fromkeys((*FEATURES, *KINDS), 0.02) | dict.fromkeys(OUTCOMES, 0.05)
    assert {name: seen[name] for name, share in wanted.items() if seen[name] < share * EXAMPLES} == {}


@pytest.mark.slow
@settings(max_examples=100, derandomize=True, database=None)
@given(ordered_plans())
def test_the_reference_agrees_with_itself(plan: Plan) -> None:
    """Where no order of events can matter, the reference comes to the same end in any of them."""
    expected = interpret(plan)
    if not is_determined(plan, expected):
        return
    for seed in range(6):
        other = interpret(plan, seed)
        assert (other.outcome, other.outputs) == (expected.outcome, expected.outputs)
        assert expected.cut or (other.put, other.unread, other.discarded) == (
            expected.put,
            expected.unread,
            expected.discarded,
        )

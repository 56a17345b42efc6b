"""The laws are worth what their nets are: every feature and every outcome must come up."""

from collections import Counter

import pytest
from hypothesis import Phase, given, settings

from tests.laws.agreement import is_determined
from tests.laws.nets import ordered_plans, plans
from tests.laws.plan import Plan, features
from tests.laws.reference import interpret

EXAMPLES = 400

OUTCOMES = ("finished", "quiescent", "starved", "deadlocked", "stopped", "failed")

FEATURES = (
    *("map", "drop", "expand", "take", "join", "concat", "alternate", "switch", "fail", "stop", "eager", "twins"),
    *("class", "sync function", "async function", "generator function", "async_generator function"),
    *("fan-out", "fan-in", "fan-in to an output", "cycle", "diamond", "unconnected output", "empty input"),
    *("error connected", "fails, error unconnected", "capacity 1", "capacity 2 to 64", "capacity None"),
    *("ends early", "half-fed", "discards", "determined"),
)


@pytest.mark.slow
def test_every_feature_and_outcome_comes_up() -> None:
    """Each feature, and each outcome in the reference, is that of at least 5 % of the random nets."""
    seen: Counter[str] = Counter()

    @settings(max_examples=EXAMPLES, derandomize=True, database=None, phases=[Phase.generate])
    @given(plans())
    def count(plan: Plan) -> None:
        expected = interpret(plan)
        seen.update({"all", expected.outcome} | features(plan))
        signs = {
            "ends early": expected.cut,
            "half-fed": expected.is_half_fed,
            "discards": expected.discarded,
            "determined": is_determined(plan, expected),
        }
        seen.update(name for name, there in signs.items() if there)

    count()
    rare = {name: seen[name] / seen["all"] for name in OUTCOMES + FEATURES if seen[name] < 0.05 * seen["all"]}
    assert seen["all"] >= EXAMPLES
    assert rare == {}


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

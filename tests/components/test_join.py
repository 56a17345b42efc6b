from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fbcore import InputError
from fbcore.components.join import JoinByKey
from tests.components.alone import failure_of, run_alone


class Flight(NamedTuple):
    origin: str
    hour: int


def join(left: list[Any], right: list[Any], **configs: Any) -> tuple[list[Any], list[Any]]:
    """Join, and return what was joined and what was not."""
    outputs = run_alone(JoinByKey, {"left": left, "right": right}, **configs).outputs
    return outputs.joined, outputs.unmatched


def test_pairs_and_the_rest() -> None:
    """A record is paired with that of the table which has its key, in order; those without go elsewhere."""
    left = [{"k": 2, "n": 0}, {"k": 9, "n": 1}, {"k": 1, "n": 2}, {"k": 2, "n": 3}]
    one, two = {"k": 1}, {"k": 2}
    assert join(left, [one, two], key="k") == ([(left[0], two), (left[2], one), (left[3], two)], [left[1]])


@pytest.mark.parametrize(
    "key", [("origin", "hour"), lambda record: (record.origin, record.hour)], ids=["fields", "function"]
)
def test_keys_of_several_fields(key: tuple[str, ...] | Callable[[Any], Any]) -> None:
    """A key may be several fields, or a function; the records may be of different classes."""
    weather = SimpleNamespace(origin="JFK", hour=5)
    matching, other = Flight("JFK", 5), Flight("JFK", 6)
    assert join([matching, other], [weather], key=key) == ([(matching, weather)], [other])


def test_a_table_with_another_name_for_it() -> None:
    """`right_key` is the key of the table, where that is called otherwise."""
    assert join([{"code": "AA"}], [{"carrier": "AA"}], key="code", right_key="carrier")[0]


def test_a_value_that_is_false_matches() -> None:
    """What the table holds may be anything, None and 0 included."""
    assert join([1, 0, 2], [0, 1], key=lambda record: record) == ([(1, 1), (0, 0)], [2])
    assert join([5], [None], key=lambda _: "same") == ([(5, None)], [])


@pytest.mark.parametrize("otherwise", [{"k": 0}, None, 0], ids=repr)
def test_something_for_those_without_a_partner(otherwise: object) -> None:
    """With `otherwise` every record is joined, in order, and those that the table lacks are sent elsewhere too."""
    left, two = [{"k": 2}, {"k": 9}, {"k": 2}], {"k": 2}
    pairs = [(left[0], two), (left[1], otherwise), (left[2], two)]
    assert join(left, [two], key="k", otherwise=otherwise) == (pairs, [left[1]])


def test_an_empty_side() -> None:
    """With an empty table nothing matches, and with an empty stream nothing comes."""
    assert join([{"k": 1}], [], key="k") == ([], [{"k": 1}])
    assert join([], [{"k": 1}], key="k") == ([], [])


def test_a_key_that_is_there_twice() -> None:
    """A table in which two records have the same key is refused, for one of them would be lost."""
    error = failure_of(JoinByKey, {"left": [], "right": [{"k": 7, "v": 1}, {"k": 7, "v": 2}]}, key="k")
    assert isinstance(error, InputError)
    assert "have the key 7" in error.what
    assert error.hint


@settings(max_examples=50)
@given(left=st.lists(st.integers(0, 200)), right=st.sets(st.integers(0, 200)))
def test_nothing_is_lost(left: list[int], right: set[int]) -> None:
    """Every record of the stream comes out once, and at the port that the table tells."""
    joined, unmatched = join(left, list(right), key=lambda record: record)
    assert joined == [(item, item) for item in left if item in right]
    assert unmatched == [item for item in left if item not in right]

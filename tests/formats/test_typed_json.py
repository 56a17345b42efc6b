import json
import math
import subprocess
import sys
from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import UTC, datetime, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fbcore import DataError, Failure, Missing, NodeError
from fbcore.formats.typed_json import canonical, digest_of, from_data, to_data
from fbcore.model.packet import MISSING
from tests.formats.stored import Flight, Loose, Mean, Outer, Point, Right, Sky, Wind, same, stored_values
from tests.habits.tree import ROOT


def stored(value: Any) -> Any:
    """Return what comes back of a value that went through the text of a file."""
    text = json.dumps(to_data(value), allow_nan=False, ensure_ascii=False)
    return from_data(json.loads(text.encode()))


@given(stored_values())
@settings(max_examples=200, deadline=None)
def test_values_come_back_as_they_were(value: Any) -> None:
    """What comes back is equal, and it and all in it are of the same types."""
    found = stored(value)
    assert same(found, value)
    assert digest_of(to_data(found)) == digest_of(to_data(value))


@given(stored_values(), stored_values())
@settings(max_examples=200, deadline=None)
def test_other_values_have_another_digest(one: Any, other: Any) -> None:
    """Two values have one digest only when they are equal."""
    if digest_of(to_data(one)) == digest_of(to_data(other)):
        assert one == other


@given(st.dictionaries(st.integers() | st.text(), st.integers(), min_size=2))
@settings(deadline=None)
def test_the_order_of_a_dict_is_kept_and_not_digested(value: dict[Any, int]) -> None:
    """A dict comes back in its order, and has the digest of an equal dict in another order."""
    turned = dict(reversed(value.items()))
    assert list(stored(turned)) == list(turned)
    assert digest_of(to_data(turned)) == digest_of(to_data(value))


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, -0.0, 1e308, 5e-324])
def test_every_float_comes_back(number: float) -> None:
    """Also those that JSON does not have, and inside a complex number."""
    assert repr(stored(number)) == repr(number)
    assert repr(stored(complex(number, number))) == repr(complex(number, number))


def test_whole_numbers_of_any_size_come_back() -> None:
    """A number of more digits than Python reads as a text is no exception."""
    assert stored(7**20000) == 7**20000
    assert to_data(2**63 - 1) == 2**63 - 1


def test_what_json_has_stays_readable() -> None:
    """Texts, numbers, lists and dicts stand in the data as they are, and others say what they are."""
    assert to_data({"a": [1, 2.5, None, True, "é"]}) == {"a": [1, 2.5, None, True, "é"]}
    assert to_data(datetime(2013, 1, 1, tzinfo=UTC)) == {
        "$type": "datetime.datetime",
        "$value": "2013-01-01T00:00:00+00:00",
    }
    flight = {"$type": "tests.formats.stored:Flight", "$value": {"origin": "JFK", "delay": 3}}
    assert to_data(Flight("JFK", 3)) == flight
    assert to_data(Sky.RAIN) == {"$type": "tests.formats.stored:Sky", "$value": "RAIN"}


def test_the_second_of_two_equal_hours_comes_back() -> None:
    """The hour that is repeated when summer time ends keeps which of the two it is, and zones keep their names."""
    late = datetime(2024, 10, 27, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin"))
    assert (stored(late).fold, stored(late).tzinfo) == (1, late.tzinfo)
    named = timezone(late.utcoffset() or UTC.utcoffset(None), "home")
    assert stored(late.replace(tzinfo=named)).tzname() == "home"


def test_nothing_is_made_anew_by_its_class() -> None:
    """A dataclass and a model come back by their fields, without __init__, and know which fields were set."""
    mean = Mean(1)
    mean.number = 7
    assert mean.half == 3.5
    assert (stored(mean).number, stored(mean).half) == (7, 3.5)
    wind = Wind(speed=1)
    wind._seen = 4
    assert (stored(wind)._seen, stored(wind).model_fields_set) == (4, {"speed"})
    assert stored(Loose(name="a", more=(1,))).more == (1,)
    assert stored(Right.READ | Right.WRITE) is Right.READ | Right.WRITE


def test_what_nets_send_comes_back() -> None:
    """A failure keeps its value, its error as text, and its address."""
    error = NodeError("went wrong", "parse", "mend it", {"row": (1, 2)}, "Traceback ...")
    found = stored(Failure(Point(1), error, "parse"))
    assert (found.value, found.address, found.error.held) == (Point(1), "parse", {"row": (1, 2)})
    assert (str(found.error), found.error.traceback) == (str(error), "Traceback ...")
    assert stored(MISSING) is MISSING
    assert isinstance(stored(MISSING), Missing)


@dataclass
class _Bare:
    pass


def test_objects_that_are_none_of_these_are_refused_by_place_and_type() -> None:
    """An error names the address, the way into the value, and the type, and says what to keep instead."""
    with pytest.raises(DataError) as caught:
        to_data({"a": [Mean({"b": (1, print)})]}, "count.seen")
    assert caught.value.address == "count.seen['a'][0].total['b'][1]"
    assert caught.value.what == "<built-in function print> is a builtin_function_or_method, which cannot be stored"
    assert "dataclass" in caught.value.hint


def refused(value: Any) -> str:
    with pytest.raises(DataError) as caught:
        to_data(value)
    assert caught.value.hint
    return caught.value.what


def test_classes_that_cannot_be_imported_are_refused_by_name() -> None:
    """A class that is local, of the script, or hidden by another of its name would not be found again."""

    @dataclass
    class Local:
        pass

    assert "Local is local to a function" in refused(Local())
    script = type("Script", (_Bare,), {"__module__": "__main__"})
    assert refused(script()) == "Script belongs to the script that is run, which cannot be imported"
    hidden = dataclass(type("Flight", (), {"__module__": Flight.__module__}))
    assert refused(hidden()) == "tests.formats.stored:Flight is another one when it is imported"


def test_what_would_be_lost_is_refused() -> None:
    """Attributes that are no fields, subclasses of builtins, and functions that make values are not stored silently."""
    mean = Mean(1)
    mean.other = 2  # type: ignore[attr-defined]
    assert refused(mean) == "this Mean holds more than its fields: other"
    assert "holds more than its fields: other" in refused(_with_more(Point)(1, 2))
    assert "which cannot be stored" in refused(type("Text", (str,), {})("a"))
    assert "makes its values by" in refused(defaultdict(lambda: 0))
    assert "is a list besides being a dataclass" in refused(_ListToo())
    del mean.total
    assert refused(mean) == "this Mean has no total yet"


class _WithMore(Point):
    def __init__(self, *values: Any) -> None:
        self.other = 3


def _with_more(_: type) -> type:
    return _WithMore


@dataclass
class _ListToo(list[int]):
    value: int = 0


def test_a_value_that_contains_itself_is_refused() -> None:
    """A circle is named by the way that leads round it; the same object twice is none."""
    ring: list[Any] = [[1]]
    ring[0].append({"again": ring})
    with pytest.raises(DataError, match="contains itself") as caught:
        to_data(ring, "a.b")
    assert caught.value.address == "a.b[0][1]['again']"
    twice = [1]
    assert stored([twice, twice]) == [[1], [1]]


def test_a_value_that_is_too_deep_is_refused() -> None:
    """The depth of Python's stack is told as what it is."""
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(DataError, match="nested too deeply"):
        to_data(deep)
    with pytest.raises(DataError, match="nested too deeply"):
        from_data(deep)
    while deep:
        deep = deep.pop()


BROKEN = [
    ({"$type": "os:system", "$value": "false"}, "os:system is no class of data"),
    ({"$type": "subprocess:Popen", "$value": {"args": "false"}}, "subprocess:Popen is no class of data"),
    ({"$type": "builtins:eval", "$value": "1"}, "builtins:eval is no class of data"),
    ({"$type": "tests.formats.stored:Flight.__init__", "$value": {}}, "is no class of data"),
    ({"$type": "tests.formats.stored:st.builds", "$value": {}}, "there is no st.builds in module"),
    ({"$type": "no_such_module_at_all:X", "$value": {}}, "cannot import module no_such_module_at_all"),
    ({"$type": "tests.formats.stored:Gone", "$value": {}}, "there is no Gone in module tests.formats.stored"),
    ({"$type": ":", "$value": {}}, "':' names no class"),
    ({"$type": "..:X", "$value": {}}, "cannot import module"),
    ({"$type": "tests.formats.stored:Flight", "$value": {"origin": 1}}, "the field delay is not in the data"),
    ({"$type": "tests.formats.stored:Point", "$value": {"x": 1, "y": 2, "z": 3}}, "Point has no field z"),
    ({"$type": "tests.formats.stored:Wind", "$value": []}, "the field speed is not in the data"),
    ({"$type": "tests.formats.stored:Sky", "$value": "SNOW"}, "Sky has no member 'SNOW'"),
    ({"$type": "tests.formats.stored:Right", "$value": 99}, "Right has no member 99"),
    ({"$type": "eval", "$value": "1"}, "there is no type 'eval'"),
    ({"$type": 3, "$value": "1"}, "is not of the form"),
    ({"$type": "tuple"}, "is not of the form"),
    ({"$type": "tuple", "$value": [], "more": 1}, "is not of the form"),
    ({"$value": 1}, "'$value' is no key that to_data writes"),
    ({"$type": "tuple", "$value": "ab"}, "'ab' is no tuple"),
    ({"$type": "set", "$value": [1, 1]}, "is no set"),
    ({"$type": "set", "$value": [[]]}, "is no set"),
    ({"$type": "dict", "$value": [[1, 2], [1, 3]]}, "is no dict"),
    ({"$type": "dict", "$value": [[1]]}, "is no dict"),
    ({"$type": "bytes", "$value": "%"}, "is no bytes"),
    ({"$type": "fractions.Fraction", "$value": [1, 0]}, "is no fractions.Fraction"),
    ({"$type": "decimal.Decimal", "$value": "many"}, "is no decimal.Decimal"),
    ({"$type": "zoneinfo.ZoneInfo", "$value": "Nowhere/At_All"}, "is no zoneinfo.ZoneInfo"),
    ({"$type": "zoneinfo.ZoneInfo", "$value": "../../etc/passwd"}, "is no zoneinfo.ZoneInfo"),
    ({"$type": "datetime.timedelta", "$value": [10**18, 0, 0]}, "is no datetime.timedelta"),
    ({"$type": "collections.defaultdict", "$value": {"factory": "eval", "items": []}}, "is no collections.defaultdict"),
    ({"$type": "fbcore.Failure", "$value": [1, 2, ""]}, "is no fbcore.Failure"),
    ((1, 2), "is nothing that JSON has"),
    ({3: 1}, "3 is no key that to_data writes"),
]


@pytest.mark.parametrize(("data", "what"), BROKEN)
def test_broken_and_hostile_data_is_refused(data: Any, what: str) -> None:
    """Data that is wrong is named with its place in the document; functions and classes in it are never called."""
    with pytest.raises(DataError) as caught:
        from_data({"a": [data]}, "net.json")
    assert what in caught.value.what
    assert caught.value.address.startswith("net.json['a'][0]")
    assert caught.value.hint


_TAGS = [to_data(each)["$type"] for each in (set(), deque(), Mean(1), Wind(speed=1), Sky.RAIN, Outer.Inner(1), UTC)]

json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["$type", "$value", "a", "factory", "items"]), inner, max_size=3)
        | st.fixed_dictionaries({"$type": st.sampled_from(_TAGS), "$value": inner})
    ),
)


@given(json_like)
@settings(max_examples=200, deadline=None)
def test_any_data_is_read_or_refused(data: Any) -> None:
    """Nothing but a `DataError` comes of data that somebody has made up."""
    try:
        found = from_data(data)
    except DataError:
        return
    canonical(to_data(found))


@pytest.mark.slow
def test_the_digest_is_the_same_in_every_process() -> None:
    """Neither the process nor the seed of hashes shows in a digest."""
    code = (
        "from fbcore.formats.typed_json import digest_of, to_data; from tests.formats.stored import *;"
        "print(digest_of(to_data({'a': {'x', 'y', Town.JFK, (1, None)}, 1: frozenset('abc'), 'm': Mean({b'1', 2})})))"
    )
    run = [sys.executable, "-c", code]
    found = {
        subprocess.run(run, cwd=ROOT, env={"PYTHONHASHSEED": str(seed)}, check=True, capture_output=True).stdout
        for seed in (1, 2, 3)
    }
    assert len(found) == 1

import dataclasses
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from fbcore import InputError
from fbcore.components.record import field_names, fields_of, key_of


@dataclasses.dataclass(slots=True)
class Slotted:
    a: int
    b: int


class Named(NamedTuple):
    a: int
    b: int


RECORDS: list[Any] = [{"a": 1, "b": 2}, Slotted(1, 2), Named(1, 2)]


@pytest.mark.parametrize("record", RECORDS, ids=repr)
def test_every_kind_of_record(record: object) -> None:
    """Names, values and keys are the same, whatever the record is made of."""
    assert field_names(record) == ("a", "b")
    assert fields_of(record, ("b", "a")) == [2, 1]
    assert key_of("b", record)(record) == 2
    assert key_of(("b", "a"), record)(record) == (2, 1)
    assert key_of(lambda _: "all", record)(record) == "all"


def test_keys_of_any_object() -> None:
    """A key may be read from whatever has the attribute, though only records have names of fields."""
    thing = SimpleNamespace(a=1)
    assert key_of("a", thing)(thing) == 1
    with pytest.raises(InputError, match="is no record"):
        field_names(thing)


def test_other_fields_are_refused() -> None:
    """Values are taken only from records that have these fields and no others."""
    with pytest.raises(InputError, match="the fields a, b came after one with a"):
        fields_of({"a": 1, "b": 2}, ("a",))

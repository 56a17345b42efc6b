import json
import sys
from typing import Any

import pytest

from fbcore import DataError
from fbcore.formats.typed_json import digest_of, from_data, to_data

numpy = pytest.importorskip("numpy", reason="numpy is not installed")

ARRAYS = [
    numpy.arange(12, dtype="int16").reshape(3, 4),
    numpy.array([[1.5, numpy.nan], [-0.0, numpy.inf]]),
    numpy.zeros((0, 3), dtype="f4"),
    numpy.array(7.5),
    numpy.array(["a", "longer", ""]),
    numpy.array([b"ab", b"c"]),
    numpy.array([True, False]),
    numpy.array(["2013-01-01T00", "NaT"], dtype="datetime64[h]"),
    numpy.array([1 + 2j], dtype=">c16"),
    numpy.asfortranarray(numpy.arange(6).reshape(2, 3)),
]


def stored(value: Any) -> Any:
    return from_data(json.loads(json.dumps(to_data(value), allow_nan=False)))


@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: f"{array.dtype}{array.shape}")
def test_arrays_come_back_as_they_were(array: Any) -> None:
    """An array has the same type, shape and bits, and can be written to; so have its items."""
    found = stored({"a": [array]})["a"][0]
    assert (type(found), found.dtype, found.shape, found.tobytes()) == (
        type(array),
        array.dtype,
        array.shape,
        array.tobytes(),
    )
    assert found.flags.writeable
    assert digest_of(to_data(found)) == digest_of(to_data(array))
    for item in array.flat:
        back = stored(item)
        assert (type(back), back.dtype, back.tobytes()) == (type(item), item.dtype, item.tobytes())


@pytest.mark.parametrize(
    "array", [numpy.array([object()]), numpy.zeros(2, dtype=[("a", int)]), numpy.ma.array([1])], ids=str
)
def test_arrays_of_objects_are_refused(array: Any) -> None:
    """What is no plain array of numbers, texts or times is refused by its place."""
    with pytest.raises(DataError, match="cannot be stored") as caught:
        to_data([array], "node.seen")
    assert caught.value.address == "node.seen[0]"


@pytest.mark.parametrize(
    "data",
    [
        None,
        {"dtype": "O", "bytes": "", "shape": [0]},
        {"dtype": "<i4", "bytes": "AAAA", "shape": [1]},
        {"dtype": "<i4", "bytes": "AAAAAA==", "shape": [2]},
        {"dtype": "no such", "bytes": "", "shape": [0]},
        {"dtype": "i4,i4", "bytes": "", "shape": [0]},
        {"dtype": "<i4", "bytes": "%", "shape": [0]},
    ],
)
def test_broken_arrays_are_refused(data: Any) -> None:
    """Data that does not make an array is an error with its place."""
    with pytest.raises(DataError, match=r"is no numpy\.ndarray"):
        from_data({"$type": "numpy.ndarray", "$value": data})


def test_without_numpy_an_array_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who reads an array and lacks numpy is told to install it."""
    data = to_data(numpy.arange(3))
    monkeypatch.setitem(sys.modules, "numpy", None)
    with pytest.raises(DataError) as caught:
        from_data(data)
    assert caught.value.hint == "install numpy"

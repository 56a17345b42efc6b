"""Arrays and scalars of numpy as JSON: type, shape, and the bytes. numpy is imported for data that needs it."""

from __future__ import annotations

import base64
import importlib
import sys
from typing import Any

from fbcore.errors import shown
from fbcore.formats.typed_refusal import Refused

ARRAY, SCALAR = "numpy.ndarray", "numpy.generic"


def write_array(value: Any) -> tuple[str, Any] | None:
    """Return the tag of an array or scalar of numpy, and its data; None of any other value.

    Raises:
        Refused: it holds objects of Python, or has fields.
    """
    numpy = sys.modules["numpy"]
    is_array = type(value) is numpy.ndarray
    if not is_array and not isinstance(value, numpy.generic):
        return None
    dtype = value.dtype
    if dtype.hasobject or dtype.names is not None:
        hint = "keep objects in a list, and fields in an array each"
        raise Refused(f"this is an array of {dtype}, which cannot be stored", hint)
    data = {"dtype": dtype.str, "bytes": base64.b64encode(value.tobytes()).decode()}
    return (ARRAY, {**data, "shape": list(value.shape)}) if is_array else (SCALAR, data)


def read_array(tag: str, data: Any) -> Any:
    """Return the array or scalar that was written as this data.

    Raises:
        Refused: numpy is not installed, or the data is wrong.
    """
    try:
        numpy = importlib.import_module("numpy")
    except ImportError as error:
        raise Refused(f"a {tag} cannot be read: {error}", "install numpy") from error
    try:
        dtype = numpy.dtype(data["dtype"])
        if dtype.hasobject or dtype.names is not None:
            raise ValueError(dtype)
        shape = tuple(data["shape"]) if tag == ARRAY else (1,)
        if not dtype.itemsize:
            array = numpy.zeros(shape, dtype)
        else:
            # Copied, for what lies over bytes cannot be written to.
            flat = numpy.frombuffer(base64.b64decode(data["bytes"], validate=True), dtype=dtype)
            array = flat.reshape(shape).copy()
    except (ValueError, TypeError, LookupError, AttributeError, SyntaxError) as error:
        raise Refused(f"{shown(data)} is no {tag}", "the data is broken, or was written by hand") from error
    return array if tag == ARRAY else array[0]

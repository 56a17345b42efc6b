"""Values as what JSON has: objects, lists, texts, numbers, true, false and null."""

from collections.abc import Callable
from typing import Any

from fbcore.errors import NodeError
from fbcore.model.packet import Failure


def plain(value: Any, otherwise: Callable[[Any], Any]) -> Any:
    """Return a value as what JSON has.

    Dataclasses and pydantic models are objects, dates and paths texts, bytes base64, numbers that JSON lacks null,
    arrays lists, failures objects. `otherwise` is called for any other value, and returns something plainer.

    Raises:
        ValueError: the value holds itself, or has keys that JSON cannot have.
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    from pydantic_core import to_jsonable_python

    def fallback(odd: Any) -> Any:
        if isinstance(odd, Failure):
            return {"address": odd.address, "error": odd.error, "value": odd.value}
        if isinstance(odd, NodeError):
            return error_content(odd, otherwise)
        # What numpy, pandas and their like call it.
        return odd.tolist() if hasattr(odd, "tolist") else otherwise(odd)

    return to_jsonable_python(value, bytes_mode="base64", inf_nan_mode="null", fallback=fallback)


def error_content(error: NodeError, otherwise: Callable[[Any], Any]) -> dict[str, Any]:
    """Return what there is to know of an error of a node, as an object of JSON."""
    return {
        "address": error.address,
        "what": error.what,
        "hint": error.hint,
        "held": {port: plain(value, otherwise) for port, value in error.held.items()},
        "traceback": error.traceback,
    }

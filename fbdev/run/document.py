"""A result as one JSON document, for machines."""

import json
from collections.abc import Mapping
from typing import Any

from fbcore.errors import NodeError
from fbcore.net.report import Result


def document(result: Result) -> str:
    """Return a result as one line of JSON, in ASCII.

    `outputs` holds a list of values for each output. Dataclasses and pydantic models are objects, dates and
    paths texts, bytes base64, numbers that JSON lacks null; any other value is its `repr`. `unread` and
    `unsent` hold values too, `discarded` counts.
    """
    content = {
        "graph": result.name,
        "outcome": str(result.outcome),
        "reason": result.reason,
        "seconds": round(result.seconds, 6),
        "outputs": {port: [_plain(value) for value in result.outputs[port]] for port in result.outputs},
        "errors": [_error(error) for error in result.errors],
        "unread": _lists(result.unread),
        "held": {address: _plain(value) for address, value in result.held.items()},
        "unsent": _lists(result.unsent),
        "discarded": result.discarded,
        "knot": result.knot,
        "waits": result.waits,
        "nodes": {
            address: {"component": node.component, "state": node.phase, "in": node.received, "out": node.sent}
            for address, node in result.nodes.items()
        },
        "edges": {
            address: {"packets": edge.put, "fill": edge.fill, "capacity": edge.capacity}
            for address, edge in result.edges.items()
        },
    }
    return json.dumps(content, allow_nan=False, separators=(",", ":"))


def _error(error: NodeError) -> dict[str, Any]:
    held = {port: _plain(value) for port, value in error.held.items()}
    return {
        "address": error.address,
        "what": error.what,
        "hint": error.hint,
        "held": held,
        "traceback": error.traceback,
    }


def _lists(lists: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    return {address: [_plain(value) for value in values] for address, values in lists.items()}


def _plain(value: Any) -> Any:
    """Return a value as what JSON has; by its repr, when there is no other way."""
    if value is None or isinstance(value, bool | int):
        return value
    from pydantic_core import to_jsonable_python

    try:
        return to_jsonable_python(value, bytes_mode="base64", inf_nan_mode="null", fallback=repr)
    except Exception:
        return repr(value)

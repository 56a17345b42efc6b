"""A result as one JSON document, for machines."""

import json
from collections.abc import Mapping
from typing import Any

from fbcore.net.report import Outputs, Result
from fbdev.run.plain import error_content, plain


def document(result: Result, outputs: Outputs) -> str:
    """Return a result as one line of JSON, in ASCII, with those of its outputs that did not go elsewhere.

    `outputs` holds a list of values for each of them. Dataclasses and pydantic models are objects, dates and
    paths texts, bytes base64, numbers that JSON lacks null, arrays lists; any other value is its `repr`. `unread` and
    `unsent` hold values too, `discarded`, `dropped` and `expired` counts.
    """
    content = {
        "graph": result.name,
        "outcome": str(result.outcome),
        "reason": result.reason,
        "seconds": round(result.seconds, 6),
        "outputs": {port: [_plain(value) for value in outputs[port]] for port in outputs},
        "errors": [error_content(error, repr) for error in result.errors],
        "unread": _lists(result.unread),
        "held": {address: _plain(value) for address, value in result.held.items()},
        "unsent": _lists(result.unsent),
        "discarded": result.discarded,
        "dropped": result.dropped,
        "expired": result.expired,
        "dead_letters": result.dead_letters.counts,
        "fed": result.fed,
        "retries": result.retries,
        "restarts": result.restarts,
        "released": result.released,
        "forgotten": result.forgotten,
        "abandoned": result.abandoned,
        "outliving": result.outliving,
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


def _lists(lists: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    return {address: [_plain(value) for value in values] for address, values in lists.items()}


def _plain(value: Any) -> Any:
    """Return a value as what JSON has; by its repr, when there is no other way."""
    try:
        return plain(value, repr)
    except ValueError:
        return repr(value)

"""The law of sameness, as functions: all that can be told of a run but its times, to be compared with another run."""

from __future__ import annotations

from typing import Any

from fbcore.net.registry import PacketRegistry
from tests.laws.ledger import text_of
from tests.laws.running import Run


def account_of(run: Run) -> dict[str, Any]:
    """Return what a result says, without times and with texts for values."""
    result = run.result
    result.seconds = 0.0
    return {
        "summary": result.summary(),
        "outputs": {name: [*map(text_of, result.outputs[name])] for name in result.outputs},
        "nodes": {name: (state.phase, state.received, state.sent) for name, state in result.nodes.items()},
        "edges": {name: (state.put, state.taken, state.fill) for name, state in result.edges.items()},
        "unread": {name: [*map(text_of, values)] for name, values in result.unread.items()},
        "held": {name: text_of(value) for name, value in result.held.items()},
        "unsent": {name: [*map(text_of, values)] for name, values in result.unsent.items()},
        "discarded": result.discarded,
        "errors": [(error.address, error.what, error.traceback) for error in result.errors],
        "in flight": result.packets.in_flight(),
    }


def history_of(packets: PacketRegistry) -> dict[str, Any]:
    """Return what is known of every packet that was born: its activities, its parents, and whether they are assumed."""
    return {str(id): (packets.activities(id), packets.parents(id), packets.is_assumed(id)) for id in packets}

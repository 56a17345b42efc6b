"""The result of a run as a sheet: what somebody wants to see of it first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from fbcore.errors import shown
from fbcore.formats.sheet import Row, Sheet, Table, Tone
from fbcore.net.abandoned import each_once

if TYPE_CHECKING:
    from fbcore.net.report import Result

MOST = 20
"""Rows of a table; the others are counted."""

_FEW = 12
"""Nodes that are shown at once; a longer table is folded."""

_FIRST = 3
"""Values that are shown of a list."""


def sheet_of(result: Result) -> Sheet:
    """Return what there is to see of a result: nothing in it is longer than a line, however large the run was."""
    reason = one_line(result.reason) if not result.errors else ""
    after = f"after {result.seconds:.2f} s"
    return Sheet(result.name, str(result.outcome), _tone(result), after, reason, list(_tables(result)))


def _tone(result: Result) -> Tone:
    if result.outcome.is_good:
        return "good"
    return "doubtful" if result.outcome == "stopped" else "bad"


def _tables(result: Result) -> Iterator[Table]:
    if result.errors:
        errors: list[Row] = []
        for error in result.errors:
            errors += [(error.address, one_line(error.what)), ("", f"hint: {one_line(error.hint)}")]
        notes = [note for error in result.errors for note in ("", error.traceback)]
        yield _table("errors", ("node", "error"), errors, notes=notes, whole=True)
    if result.knot:
        yield _table("circle of waits", ("",), [(" → ".join(result.knot),)], whole=True)
    if result.outputs:
        rows = [(name, *_values(result.outputs[name])) for name in result.outputs]
        yield _table("outputs", ("output", "packets", "values"), rows, numbers=[1])
    if result.read:
        read = [(name, f"{count:,}") for name, count in result.read.items()]
        yield _table("read as a stream", ("output", "packets"), read, numbers=[1])
    left = list(_left_behind(result))
    if left:
        yield _table("left behind", ("", "where", "packets", "values"), left, numbers=[2])
    managed = [(address, "retried", f"{count:,} ×") for address, count in result.retries.items()]
    managed += [(address, "restarted", f"{count:,} ×") for address, count in result.restarts.items()]
    managed += [(address, "released", one_line(reason)) for address, reason in result.released.items()]
    managed += [(address, "keys forgotten", f"{count:,}") for address, count in result.forgotten.items()]
    managed += [(address, "dead letters done", f"{count:,}") for address, count in result.fed.items()]
    managed += [(address, "threads abandoned", f"{count:,}") for address, count in result.abandoned.items()]
    managed += [("", "outlives the net", one_line(each)) for each in each_once(result.outliving)]
    if managed:
        yield _table("policies", ("node", "", ""), managed)
    if result.waits:
        waits = [(address, one_line(what)) for address, what in result.waits.items()]
        yield _table("what nodes waited for", ("node", "waited for"), waits, whole=True)
    yield _nodes(result)


def _nodes(result: Result) -> Table:
    nodes = list(result.nodes.values())
    rows = [(n.address, n.component, n.phase, f"{n.received:,}", f"{n.sent:,}") for n in nodes]
    title = f"{len(nodes):,} node{'' if len(nodes) == 1 else 's'}"
    return _table(
        title, ("node", "component", "phase", "received", "sent"), rows, numbers=[3, 4], folded=len(nodes) > _FEW
    )


def _left_behind(result: Result) -> Iterator[Row]:
    for address, values in result.unread.items():
        count, few = _values(values)
        capacity = result.edges[address].capacity
        yield "unread", address, count if capacity is None else f"{count} of {capacity:,}", few
    for address, value in result.held.items():
        yield "held", address, "1", one_line(shown(value))
    for address, values in result.unsent.items():
        yield "unsent", address, *_values(values)
    for address, dropped in result.dropped.items():
        yield "dropped", address, f"{dropped:,}", ""
    for address, places in result.dead_letters.counts.items():
        for place, letters in places.items():
            yield "dead letters", address, f"{letters:,}", f"in {one_line(place)}"
    for address, expired in result.expired.items():
        yield "expired", address, f"{expired:,}", ""
    for address, discarded in result.discarded.items():
        yield "discarded", address, f"{discarded:,}", ""


def _values(values: Sequence[Any]) -> tuple[str, str]:
    """Count values, and show the first of them."""
    few = [one_line(shown(value)) for value in values[:_FIRST]]
    return f"{len(values):,}", ", ".join([*few, "…"] if len(values) > _FIRST else few)


def _table(title: str, head: Row, rows: Sequence[Row], **options: Any) -> Table:
    notes = options.pop("notes", ())[:MOST]
    return Table(title, head, rows[:MOST], more=max(0, len(rows) - MOST), notes=notes, **options)


def one_line(text: str) -> str:
    """Put a text onto one line, without what moves the cursor."""
    return "".join(each if each.isprintable() else " " for each in " ".join(text.split()))

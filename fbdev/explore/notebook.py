"""A result as a notebook shows it: short, and with a picture where it is small."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fbcore.errors import FlowError
from fbcore.formats.picture import picture
from fbcore.formats.result_html import sheet_to_html
from fbcore.formats.sheet import Sheet, Table, Tone
from fbdev.explore.drawing import drawing_of
from fbdev.explore.picture import printable, to_dot
from fbdev.explore.verdict import VerdictKind

if TYPE_CHECKING:
    from fbdev.explore.result import Result

_SMALL = 40
"""States that are drawn in a notebook; of more, `draw("html")` makes a page."""
_STEPS = 30
_ENDS = 10
_PATIENCE = 5.0

_TONES: dict[VerdictKind, Tone] = {
    VerdictKind.HOLDS: "good",
    VerdictKind.HOLDS_WITHIN: "good",
    VerdictKind.BUG: "bad",
}


def in_notebook(result: Result) -> str:
    """Return the verdict, what it rests on, the failing schedule, and the states if they are few, as HTML."""
    verdict = result.verdict
    given = "; ".join(each.what for each in verdict.givens)
    reason = f"{verdict.detail}{' ' if verdict.detail else ''}({result.evidence})"
    tables = [*_schedule(result), *_ends(result)]
    states = len(result.graph.states)
    page = f'{states:,} states: draw("html") is a page to look into' if states > _SMALL else ""
    if given or result.notes or page:
        rows = [("given", given)] * bool(given) + [("note", printable(note)) for note in result.notes]
        rows += [("picture", page)] * bool(page)
        tables.append(Table("", ("", ""), rows, whole=True))
    sheet = Sheet(result.title, verdict.kind.value, _TONES.get(verdict.kind, "doubtful"), "", printable(reason), tables)
    return sheet_to_html(sheet) + _picture(result)


def _schedule(result: Result) -> list[Table]:
    failure = result.failure
    if failure is None:
        return []
    labels = [*failure.labels, *[""] * len(failure.schedule)]
    steps = [
        (str(number), printable(process), printable(label))
        for number, (process, label) in enumerate(zip(failure.schedule, labels, strict=False), 1)
    ]
    more = max(0, len(steps) - _STEPS)
    return [Table("the failing schedule", ("step", "process", "reached"), steps[:_STEPS], numbers=(0,), more=more)]


def _ends(result: Result) -> list[Table]:
    if result.failure is not None or not result.ends:
        return []
    rows = [("", printable(", ".join(f"{name}: {text}" for name, text in end.items()))) for end in result.ends[:_ENDS]]
    title = f"{len(result.ends):,} end{'' if len(result.ends) == 1 else 's'}"
    return [Table(title, ("", ""), rows, more=max(0, len(result.ends) - _ENDS), folded=True)]


def _picture(result: Result) -> str:
    """Return the states as SVG, if they are few, and Graphviz is there."""
    graph, failure = result.graph, result.failure
    if not 0 < len(graph.states) <= _SMALL:
        return ""
    drawing = drawing_of(graph, failure.schedule if failure else (), failure.what if failure else "", _SMALL)
    try:
        svg = picture(to_dot(drawing), "svg", patience=_PATIENCE).decode()
    except FlowError:
        # Without the extra `draw` the words are enough.
        return ""
    svg = re.sub(r' (id|class)="[^"]*"', "", svg[svg.index("<svg") :])
    return f'<div style="max-width:100%;overflow-x:auto;background:#fff;width:fit-content">{svg}</div>'

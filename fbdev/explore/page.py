"""A result as a page of its own: the states to pan and zoom, and the data of each. It needs nothing from outside."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from fbcore.errors import ExtraError, FlowError
from fbcore.formats.picture import picture
from fbdev.explore.colours import Colours
from fbdev.explore.drawing import Drawing, drawing_of
from fbdev.explore.gathering import Gathered, chain_of, gather, way_to, ways_in
from fbdev.explore.graph import State, StateGraph
from fbdev.explore.legend import legend_of
from fbdev.explore.picture import COLOURS, encodable, printable, to_dot
from fbdev.explore.verdict import VerdictKind

if TYPE_CHECKING:
    from fbdev.explore.result import Result

_HERE = Path(__file__).parent
_MOODS = {VerdictKind.HOLDS: "good", VerdictKind.HOLDS_WITHIN: "good", VerdictKind.BUG: "wrong"}
_FOLDED = {
    "circles": "circles are folded",
    "ends": "those from which the same ends can be reached are one vertex",
    "colours": "those of one colour are one vertex",
}
_TELL_WHY = (VerdictKind.BUG, VerdictKind.INCONCLUSIVE)
_PATIENCE = 20.0
"""Seconds that Graphviz has for a picture, before fewer states are drawn."""
_TO_GATHER = 3.0
_MOST_ROWS = 300
_ENDS = 12


class _Page:
    """What a page is made of."""

    def __init__(self, result: Result, most: int) -> None:
        self.result = result
        self.failure = result.failure
        self.graph = result.graph
        self.is_chain = False
        if not self.graph.states and self.failure is not None and result.program is not None:
            self.graph, self.is_chain = _chain(result), True
        schedule = self.failure.schedule if self.failure else ()
        self.path = self.graph.walk(schedule)
        self.wrong = self.failure.what if self.failure else ""
        self.drawings: list[Drawing] = []
        self.svgs: list[str] = []
        if self.graph.states:
            self._draw(schedule, most)
        self.colours = Colours(self.graph)
        self.told = {vertex.state for drawing in self.drawings for vertex in drawing.vertices} | set(self.path)
        self.gathered = self._gathered()

    def _draw(self, schedule: Sequence[str], most: int) -> None:
        """Draw all states, and once more with circles folded where there are some; fewer if this takes too long."""
        while True:
            drawings = [drawing_of(self.graph, schedule, self.wrong, most)]
            if drawings[0].boxes:
                drawings.append(drawing_of(self.graph, schedule, self.wrong, most, is_folded=True))
            try:
                self.svgs = [_svg(to_dot(each, _mark(place))) for place, each in enumerate(drawings)]
            except ExtraError:
                raise
            except FlowError:
                if most <= 1:
                    raise
                most //= 4
                continue
            self.drawings = drawings
            return

    def _gathered(self) -> Gathered:
        return gather(self.result.program, self.graph, self.told, _TO_GATHER) if self.told else Gathered()

    # -- what a script reads -------------------------------------------------------------------------

    def facts(self) -> dict[str, Any]:
        """Return all that the script of the page knows."""
        ways = ways_in(self.graph, self.path)
        known = {number for each in self.told for _, number in way_to(ways, each)} | self.told
        return {
            "states": {number: self._state(number, ways) for number in sorted(known)},
            "views": [_view(each, _mark(place), known) for place, each in enumerate(self.drawings)],
            "first": self.path[-1] if self.wrong and self.path else 0,
            "path": self.path if self.wrong else [],
            "wrong": self.wrong,
            "why_not": self.gathered.why_not,
        }

    def _state(self, number: int, ways: Mapping[int, tuple[int, str]]) -> dict[str, Any]:
        state = self.graph.states[number]
        found: dict[str, Any] = {}
        if number in ways:
            source, process = ways[number]
            found = {"from": [source, process], "said": _said(self.graph.states[source], state, process)}
        if number in self.told:
            found |= {
                "at": dict(state.reached),
                "kind": kind_of(state),
                "ahead": self._ahead(number),
                "data": self.gathered.data.get(number),
            }
        return found

    def _ahead(self, number: int) -> str:
        state, ends = self.graph.states[number], self.colours.ends(number)
        if state.is_end:
            return ""
        if not ends:
            return (
                "what lies ahead was not tried" if self.colours.is_open(number) else "no end can be reached from here"
            )
        some = ", ".join(str(end) for end in ends[:5]) + (", …" if len(ends) > 5 else "")
        said = f"{self.colours.count(number)} ahead: state {some}"
        return f"{said}, and steps that were not tried" if self.colours.is_open(number) else said

    # -- what is there without a script ----------------------------------------------------------------

    def head(self) -> Iterator[str]:
        """Yield the lines below the title: what is wrong, what the verdict rests on, what it takes for granted."""
        result = self.result
        if result.verdict.detail and result.verdict.kind in _TELL_WHY:
            yield f"<p>{_text(result.verdict.detail)}</p>"
        yield f'<p class="faint">{_text(result.evidence)}</p>'
        if result.verdict.givens:
            given = "; ".join(each.what for each in result.verdict.givens)
            yield f'<p class="given">Given: {_text(given)}.</p>'

    def aside(self) -> Iterator[str]:
        """Yield what stands beside the picture: the failing schedule, the legend, notes, ends, and the test."""
        yield from self._schedule()
        if self.drawings:
            yield "<h2>What is what</h2><ul>"
            yield from legend_of(self.drawings, self.graph, self.colours)
            yield "</ul>"
        notes = [*self._remarks(), *map(str, self.result.spins), *self.result.notes]
        if notes:
            yield f'<h2>Notes</h2><ul class="notes">{"".join(f"<li>{_text(note)}</li>" for note in notes)}</ul>'
        yield from self._ends()
        if self.failure is not None and self.failure.trace:
            yield f"<details><summary>Traceback</summary><pre>{escape(self.failure.trace)}</pre></details>"
        if self.result.token:
            again = f"replay(factory, {self.result.token!r})"
            yield f"<details><summary>This execution again</summary><pre>{escape(again)}</pre></details>"
        if self.result.test:
            yield f"<details><summary>As a test</summary><pre>{escape(self.result.test)}</pre></details>"

    def _schedule(self) -> Iterator[str]:
        failure = self.failure
        if failure is None:
            return
        yield '<h2>The failing schedule</h2><div class="long"><table class="steps"><tbody>'
        labels = [*failure.labels, *[""] * (len(failure.schedule) - len(failure.labels))]
        for number, (process, label) in enumerate(zip(failure.schedule, labels, strict=False), 1):
            if number > _MOST_ROWS:
                yield f'<tr><td></td><td colspan="2">and {len(failure.schedule) - _MOST_ROWS:,} more</td></tr>'
                break
            state = f' data-state="{self.path[number]}"' if number < len(self.path) else ""
            yield f"<tr{state}><td>{number}</td><td>{_text(process)}</td><td>{_text(label)}</td></tr>"
        yield "</tbody></table></div>"
        if failure.circle:
            yield f"<p>And then for ever: {_text(' '.join(failure.circle))}</p>"
        if failure.cause:
            yield f"<p>Because of {_text(', and '.join(failure.cause))}.</p>"

    def _remarks(self) -> Iterator[str]:
        """Say what the picture leaves out."""
        graph, search = self.graph, self.result.search
        if not graph.states or self.is_chain:
            shown = "only the failing schedule is drawn" if self.is_chain else "there is no picture"
            yield f'A search by {search} tells no states apart, so {shown}; explore with search="states".'
            if not self.is_chain:
                return
        elif (folded := _FOLDED.get(self.drawings[0].level)) is not None:
            yield f"{len(graph.states):,} states are too many to be drawn one by one: {folded}."
        untried = sum(state.is_open for state in graph.states)
        if untried and not self.is_chain:
            yield (
                f"The search ended before all steps of {untried:,} states were tried; with keep_going=True it goes on "
                "after a bug."
            )
        without = len(self.told - self.gathered.data.keys())
        if without:
            yield f"{without:,} states are shown without their data: {self.gathered.why_not or 'they have none'}."

    def _ends(self) -> Iterator[str]:
        ends = [state for state in self.graph.states if state.is_end]
        if not ends or self.is_chain:
            return
        yield f'<h2>{len(ends):,} end{"" if len(ends) == 1 else "s"}</h2><table class="steps ends"><tbody>'
        for state in ends[:_ENDS]:
            reached = ", ".join(f"{name}: {text}" for name, text in state.reached.items())
            what = "stuck" if state.is_stuck else "wrong" if state.is_wrong else ""
            yield (
                f'<tr data-state="{state.number}"><td>{state.number}</td><td>{_text(reached)}</td><td>{what}</td></tr>'
            )
        if len(ends) > _ENDS:
            yield f'<tr><td></td><td colspan="2">and {len(ends) - _ENDS:,} more</td></tr>'
        yield "</tbody></table>"


def page_of(result: Result, most: int) -> str:
    """Return the page of a result: one file of HTML, which needs nothing from outside.

    Raises:
        ExtraError: the extra `draw` is not installed.
    """
    page = _Page(result, most)
    # The script is put in last, for in it a dollar sign means nothing.
    holes = {
        "title": _text(result.title),
        "verdict": _text(_verdict(result)),
        "mood": _MOODS.get(result.verdict.kind, "doubtful"),
        "head": "\n".join(page.head()),
        "aside": "\n".join(page.aside()),
        "tones": "\n".join(f".tone-{tone} path:not([fill=none]) {{ fill: var(--{tone}) }}" for tone in COLOURS),
        "views": "\n".join(page.svgs),
        "facts": json_in_html(page.facts()),
        "script": (_HERE / "page.js").read_text(encoding="utf-8"),
    }
    return encodable(Template((_HERE / "page.html").read_text(encoding="utf-8")).substitute(holes))


def _verdict(result: Result) -> str:
    """Return the verdict in a few words; what is wrong, and why nothing is proven, stands below."""
    kind, detail = result.verdict.kind, result.verdict.detail
    return f"{kind.value} {detail}".strip() if kind not in _TELL_WHY else kind.value


def json_in_html(value: object) -> str:
    r"""Write a value as JSON that can stand in a script of a page: nothing in it ends the script or begins a tag.

    Example:
        from fbdev.explore.page import json_in_html

        print(json_in_html("</script>"))
        #> "\u003c/script\u003e"
    """
    text = json.dumps(value)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def with_data(result: Result, seconds: float = 30.0) -> dict[str, Any]:
    """Return a result as plain data, with what each state holds as far as this many seconds allow."""
    found = result.as_dict()
    graph = result.graph
    gathered = gather(result.program, graph, range(len(graph.states)), seconds)
    colours = Colours(graph)
    ways = ways_in(graph)
    for state in found["graph"]["states"]:
        number = state["number"]
        state["colour"] = colours.tone(number)
        state["from"] = list(ways[number]) if number in ways else None
        state["data"] = gathered.data.get(number)
    found["graph"]["without_data"] = gathered.why_not
    return found


def kind_of(state: State) -> str:
    """Say in a word or two what is special about a state."""
    if state.is_stuck:
        return "stuck"
    if state.is_wrong:
        return "wrong"
    return "an end" if state.is_end else ""


def _chain(result: Result) -> StateGraph:
    assert result.program is not None
    assert result.failure is not None
    try:
        graph = chain_of(result.program, result.failure.schedule)
    except Exception:
        # Whatever keeps the program from running again: the page goes without a picture.
        return StateGraph()
    graph.states[-1].is_wrong = True
    return graph


def _svg(dot: str) -> str:
    """Return a picture to stand in a page: without prolog, comments, titles, and a size of its own."""
    svg = picture(dot, "svg", patience=_PATIENCE).decode()
    svg = re.sub(r"<!--.*?-->|<title>.*?</title>\n?", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    return re.sub(r'<svg width="[^"]*" height="[^"]*"', "<svg", svg, count=1).replace(' id="graph0"', "", 1)


def _mark(place: int) -> str:
    return ("v", "f")[place]


def _view(drawing: Drawing, mark: str, known: Iterable[int]) -> dict[str, Any]:
    return {
        "mark": mark,
        "vertices": {
            each.id: {"state": each.state, "size": each.size, "lines": each.lines} for each in drawing.vertices
        },
        "lines": [
            {"source": each.source, "target": each.target, "steps": each.label, "tree": each.is_tree}
            for each in drawing.lines
        ],
        "called": {number: drawing.called[number] for number in known},
    }


def _said(before: State, after: State, process: str) -> str:
    """Return what a step has reached: what its process says, or else what is new."""
    said = after.reached.get(process)
    if said is None:
        said = ", ".join(f"{name}: {text}" for name, text in after.reached.items() if before.reached.get(name) != text)
    return said


def _text(text: str) -> str:
    return escape(printable(text))

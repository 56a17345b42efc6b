"""States and the transitions between them as drawings: Mermaid state diagrams, and DOT for Graphviz."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Literal, NamedTuple

from fbcore.errors import FlowError
from fbcore.formats.mermaid import escape
from fbcore.formats.picture import picture

Look = Literal["state", "good", "bad", "stopped"]
"""What kind of state it is: one that goes on, or the end of a net that finished, failed, or was stopped."""

START, END = "*start", "*end"
"""The ids of the dots where a machine begins and where it ends; no state is called so."""

_MERMAID = {
    "active": "fill:#fde68a,stroke:#b45309,stroke-width:3px,color:#1e293b",
    "good": "fill:#d1fae5,stroke:#059669,color:#1e293b",
    "bad": "fill:#fee2e2,stroke:#dc2626,color:#1e293b",
    "stopped": "fill:#e2e8f0,stroke:#64748b,color:#1e293b",
}
_INK, _FAINT, _LINE = "#1e293b", "#64748b", "#94a3b8"
_DOT = {
    "state": 'fillcolor="#eff6ff", color="#3b82f6"',
    "good": 'fillcolor="#d1fae5", color="#059669"',
    "bad": 'fillcolor="#fee2e2", color="#dc2626"',
    "stopped": 'fillcolor="#e2e8f0", color="#64748b"',
}
_ACTIVE = 'fillcolor="#fde68a", color="#b45309", penwidth="2.5"'
_SHAPE = 'shape="box", style="rounded,filled", margin="0.18,0.07"'
_HEAD = [
    'graph [bgcolor="white", pad="0.2", nodesep="0.3", ranksep="0.5", fontname="Helvetica"]',
    f'node [{_SHAPE}, fontname="Helvetica", fontsize="12", fontcolor="{_INK}", penwidth="1.2", height="0.4"]',
    f'edge [fontname="Helvetica", fontsize="10", fontcolor="{_INK}", color="{_LINE}", penwidth="1.2", arrowsize="0.7"]',
]
_DOTS = {
    START: f'shape="circle", label="", width="0.18", height="0.18", fillcolor="{_INK}", color="{_INK}"',
    END: f'shape="doublecircle", label="", width="0.14", height="0.14", fillcolor="{_INK}", color="{_INK}"',
}
_INDENT = "    "


class State(NamedTuple):
    """One state: its id, what is written in it, and a smaller line below that."""

    id: str
    label: str
    note: str = ""
    look: Look = "state"


class Transition(NamedTuple):
    """A way from one state to another, or from `START` or to `END`, by the names of what leads there."""

    source: str
    target: str
    labels: tuple[str, ...] = ()


class StateChart(NamedTuple):
    """States and transitions to be drawn; `active` is the id of the state to be marked, `note` what else is to be said.

    Shows itself in Jupyter. `to_mermaid`, `to_dot` and `to_svg` write it as text.
    """

    name: str
    states: tuple[State, ...]
    transitions: tuple[Transition, ...]
    active: str = ""
    note: str = ""

    def to_mermaid(self) -> str:
        """Return the text of a Mermaid state diagram, ended by a newline; the same chart gives the same text.

        Source: https://mermaid.js.org/syntax/stateDiagram.html
        """
        names = {state.id: f"s{number}" for number, state in enumerate(self.states)} | {START: "[*]", END: "[*]"}
        lines = ["stateDiagram-v2", "direction LR"]
        for state in self.states:
            label = escape(state.label) + (f"<br>{escape(state.note)}" if state.note else "")
            lines.append(f'state "{label}" as {names[state.id]}')
        for way in self.transitions:
            label = escape(", ".join(way.labels))
            lines.append(f"{names[way.source]} --> {names[way.target]}" + (f" : {label}" if label else ""))
        if self.note and self.states:
            lines += [f"note right of {names[self.states[-1].id]}", f"{_INDENT}{escape(self.note)}", "end note"]
        return f"\n{_INDENT}".join([*lines, *self._classes(names)]) + "\n"

    def _classes(self, names: dict[str, str]) -> Iterator[str]:
        looks = {state.id: "active" if state.id == self.active else state.look for state in self.states}
        for look, style in _MERMAID.items():
            members = [names[id] for id, each in looks.items() if each == look]
            if members:
                yield f"classDef {look} {style}"
                yield f"class {','.join(members)} {look}"

    def to_dot(self) -> str:
        """Return the chart as DOT text, ended by a newline; the same chart gives the same text.

        Source: https://graphviz.org/doc/info/lang.html
        """
        lines = [f'rankdir="{"LR" if len(self.states) <= _WIDE else "TB"}"', *_HEAD]
        ends = {end for way in self.transitions for end in (way.source, way.target)}
        lines += [f'"{dot}" [{look}]' for dot, look in _DOTS.items() if dot in ends]
        lines += [self._box(state) for state in self.states]
        for way in self.transitions:
            label = "".join(f" {_quoted(each)} \\n" for each in way.labels)
            said = f' [label="{label}"]' if label else ""
            lines.append(f'"{_quoted(way.source)}" -> "{_quoted(way.target)}"{said}')
        if self.note:
            lines.append(f'label="{_quoted(self.note)}"; labelloc="b"; fontsize="10"; fontcolor="{_FAINT}"')
        return "\n".join([f'digraph "{_quoted(self.name)}" {{', *(_INDENT + line for line in lines), "}"]) + "\n"

    def _box(self, state: State) -> str:
        label = f"<b>{html.escape(state.label)}</b>"
        if state.note:
            label += f'<br/><font color="{_FAINT}" point-size="9">{html.escape(state.note)}</font>'
        look = _DOT[state.look] + (f", {_ACTIVE}" if state.id == self.active else "")
        return f'"{_quoted(state.id)}" [label=<{label}>, {look}]'

    def to_svg(self) -> str:
        """Return the chart as a picture: an element of SVG.

        Raises:
            ExtraError: the extra `draw` is not installed.
            FlowError: Graphviz cannot draw it in time.
        """
        svg = picture(self.to_dot(), "svg", patience=_PATIENCE).decode()
        return svg[svg.index("<svg") :]

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        try:
            shown = {"image/svg+xml": self.to_svg()}
        except FlowError:
            shown = {"text/vnd.mermaid": self.to_mermaid()}
        return {**shown, "text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"<chart of {self.name}: {len(self.states)} states, {len(self.transitions)} transitions>"


_WIDE = 12
"""States that are drawn from left to right; more would make a strip that fits no page."""

_PATIENCE = 10.0
"""Seconds that a picture may take before a cell shows text instead."""


def _quoted(text: str) -> str:
    """Write what means something to DOT so that it is shown; what cannot be shown becomes a space."""
    shown = "".join(each if each.isprintable() else " " for each in text)
    return shown.replace("\\", "\\\\").replace('"', '\\"')

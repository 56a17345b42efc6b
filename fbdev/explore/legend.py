"""What the looks of a picture mean, for those that occur in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from fbdev.explore.colours import BAD, DECIDED, RISKY, UNDECIDED, Colours
from fbdev.explore.drawing import Drawing
from fbdev.explore.graph import StateGraph

_TONES = {
    BAD: "nothing ahead is right: all that can come is wrong, or never ends",
    RISKY: "it can still go wrong, and well",
    UNDECIDED: "several ends are ahead, or steps that were not tried",
}


def legend_of(drawings: Sequence[Drawing], graph: StateGraph, colours: Colours) -> Iterator[str]:
    """Yield the legend of drawings, as items of a list."""
    vertices = [vertex for drawing in drawings for vertex in drawing.vertices]
    tones = {vertex.tone for vertex in vertices}
    good = colours.of_good_ends
    for place in range(DECIDED):
        tone = f"end{place}"
        ends = [number for number, each in good.items() if each == tone]
        if tone in tones:
            yield _item(tone, "", f"only {_ends(ends)} ahead")
    for tone, text in _TONES.items():
        if tone in tones:
            yield _item(tone, "", text)
    looks = (
        ("bold", any(vertex.is_bold for vertex in vertices), "the failing path"),
        (
            "end",
            any(vertex.is_end and vertex.id != "wrong" for vertex in vertices),
            "an end: no process can make a step",
        ),
        ("open", any(vertex.is_open for vertex in vertices), "some of its steps were not tried"),
        (
            "box",
            any(drawing.boxes for drawing in drawings),
            "a circle: from each of its states one can come to every other",
        ),
    )
    for look, is_there, text in looks:
        if is_there:
            yield _item("", look, text)


def _ends(ends: Sequence[int]) -> str:
    some = ", ".join(map(str, ends[:6])) + (", …" if len(ends) > 6 else "")
    return f"state {some} is" if len(ends) == 1 else f"one of the states {some} is"


def _item(tone: str, look: str, text: str) -> str:
    fill = f' style="background:var(--{tone})"' if tone else ""
    return f'<li><i class="{look}"{fill}></i><span>{escape(text)}</span></li>'

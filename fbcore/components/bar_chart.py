"""Bar charts, as SVG."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from fbcore.components.record import key_of
from fbcore.components.whole_file import whole_file
from fbcore.errors import InputError
from fbcore.model.component import Component
from fbcore.model.memory import Memory
from fbcore.model.port import Config, In, Out


class BarChart(Component):
    """Draw records as a chart of horizontal bars, top to bottom as they come, and send the path of the SVG file.

    `label` and `value` name the fields to draw; `form` is how a value is written beside its bar, as in
    `format(value, ".1f")`, and `unit` stands after it; `subtitle` stands below the `title`. A relative `path` is so to
    `folder`. The file appears whole or not at all.

    Raises:
        InputError: a record lacks a field, or a value is no finite number.
        ConfigError: the file cannot be written there.

    Example:
        from fbcore.components.bar_chart import BarChart

        rows = [{"sky": "rain", "delay": 27.3}, {"sky": "clear", "delay": 10.9}]
        result = BatchRuntime(BarChart).run(
            inputs={"rows": Each(rows)}, path="delays.svg", label="sky", value="delay", title="Delay by weather"
        )
        (path,) = result.outputs.written
        print(path, path.read_text().count('class="bar"'), "bars")
        #> delays.svg 2 bars
    """

    path: Config[Path]
    folder: Config[Path] = Config(default=Path())
    label: Config[str]
    value: Config[str]
    title: Config[str]
    subtitle: Config[str] = Config(default="")
    unit: Config[str] = Config(default="")
    form: Config[str] = Config(default="g")
    rows: In[Any]
    written: Out[Path]
    kept: Memory[list[Bar]] = Memory(list)

    async def run(self) -> None:
        """Collect the bars, for the scale is known only at the end; then write the chart and send its path."""
        keep = self.kept.value.append
        async for row in self.rows:
            keep(bar_of(row, self.label.value, self.value.value))
        bars, self.kept.value = self.kept.value, []
        path = self.folder.value / self.path.value
        chart = bar_chart(bars, self.title.value, self.subtitle.value, self.unit.value, self.form.value)
        with whole_file(path) as file:
            file.write(chart)
        await self.written.send(path)


class Bar(NamedTuple):
    """One bar: what it stands for, and how long it is."""

    label: str
    value: float


def bar_of(row: object, label: str, value: str) -> Bar:
    """Return the bar of a record, of which two fields are named.

    Raises:
        InputError: it lacks one of them, or the value is no finite number.

    Example:
        from fbcore.components.bar_chart import bar_of

        print(bar_of({"sky": "rain", "delay": 27.3}, "sky", "delay"))
        #> Bar(label='rain', value=27.3)
    """
    try:
        name, found = (key_of(field, row)(row) for field in (label, value))
    except (KeyError, AttributeError) as error:
        raise InputError(f"{row!r} lacks a field of the chart", hint=f"it needs {label!r} and {value!r}") from error
    if not isinstance(found, int | float) or not math.isfinite(found):
        what = f"{found!r}, the {value} of {name!r}, is no finite number"
        raise InputError(what, hint="leave the row out, or give it a value")
    return Bar(str(name), found)


# Pixels. An SVG cannot measure text, so that the width of a letter is a guess on the generous side.
_LETTER = 7.6
_ROW, _THICKNESS = 30, 20
_PLOT = 560
_TOP, _SUBTITLE, _BOTTOM, _SIDE, _GAP = 56, 22, 58, 24, 12

_STYLE = """\
text { font: 13px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #334155 }
.title { font-size: 19px; font-weight: 600; fill: #0f172a }
.subtitle, .tick, .unit { fill: #64748b }
.tick { font-size: 12px }
.value { font-weight: 600; fill: #0f172a }
.grid { stroke: #e2e8f0 }
.zero { stroke: #64748b }
.bar { fill: #2f6fb3 }"""
_QUOTES = {'"': "&quot;"}


def bar_chart(bars: Sequence[Bar], title: str, subtitle: str = "", unit: str = "", form: str = "g") -> str:
    """Return a chart of horizontal bars as the text of an SVG file; `unit` stands below the axis.

    Example:
        from fbcore.components.bar_chart import Bar, bar_chart

        chart = bar_chart([Bar("rain", 27.3), Bar("clear", 10.9)], "Mean delay", unit="minutes")
        print("rain" in chart, "minutes" in chart)
        #> True True
    """
    top = _TOP + (_SUBTITLE if subtitle else 0)
    left, right = _margins(bars, form)
    left, right = _SIDE + left, _SIDE + right
    ticks = _ticks([bar.value for bar in bars])
    scale = _Scale(left, ticks[0], _PLOT / (ticks[-1] - ticks[0]))
    width = max(left + _PLOT + right, 2 * _SIDE + 1.5 * _LETTER * len(title), 2 * _SIDE + _LETTER * len(subtitle))
    height = top + _ROW * len(bars) + _BOTTOM
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" width="{width:.0f}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>{_STYLE}</style>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        _text("title", f"{_SIDE}", 36, title),
        *([_text("subtitle", f"{_SIDE}", 60, subtitle)] if subtitle else []),
        *_drawn(bars, scale, ticks, top, unit, form),
        "</svg>\n",
    ]
    return "\n".join(lines)


def fluid_chart(bars: Sequence[Bar], title: str, unit: str = "", form: str = "g") -> str:
    """Return the same bars as HTML that is as wide as there is room: its letters keep their size, its bars do not.

    The page says how its classes look (`plot`, and those of the SVG), and what its title is.

    Example:
        from fbcore.components.bar_chart import Bar, fluid_chart

        chart = fluid_chart([Bar("rain", 27.3), Bar("clear", 10.9)], "Mean delay", unit="minutes")
        print('<svg width="100%"' in chart, 'class="bar" x="0.00%" y="5.0" width="91.00%"' in chart)
        #> True True
    """
    left, right = _margins(bars, form)
    ticks = _ticks([bar.value for bar in bars])
    scale = _Scale(0, ticks[0], 100 / (ticks[-1] - ticks[0]), "%")
    lines = [
        f'<div class="plot" style="padding: 0 {right:.0f}px 0 {left:.0f}px">',
        f'<svg width="100%" height="{_ROW * len(bars) + _BOTTOM}" role="img" aria-label="{escape(title, _QUOTES)}">',
        *_drawn(bars, scale, ticks, 0, unit, form),
        "</svg>",
        "</div>",
    ]
    return "\n".join(lines)


def _margins(bars: Sequence[Bar], form: str) -> tuple[float, float]:
    """Return how much room the labels need to the left of the bars, and the values to the right."""
    labels = max([len(bar.label) for bar in bars], default=0)
    values = max([len(format(bar.value, form)) for bar in bars], default=0)
    return _LETTER * labels + _GAP, _LETTER * values + _GAP


class _Scale(NamedTuple):
    """Where a value lies across the chart: pixels from the left, or percent of the width."""

    left: float
    lowest: float
    per_unit: float
    sign: str = ""

    def x(self, value: float) -> str:
        return self._length(self.left + (value - self.lowest) * self.per_unit)

    def width(self, bar: Bar) -> str:
        return self._length(abs(bar.value) * self.per_unit)

    def _length(self, length: float) -> str:
        return f"{length:.2f}%" if self.sign else f"{length:.1f}"


def _ticks(values: list[float]) -> list[float]:
    """Return round numbers, about four to twelve, from the smallest value to the largest, and 0 among them."""
    low, high = min([0.0, *values]), max([0.0, *values])
    span = (high - low) or 1.0
    power = 10.0 ** math.floor(math.log10(span / 4))
    step = power * max(factor for factor in (1, 2, 5) if factor * power <= span / 4)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [number * step for number in range(first, max(last, first + 1) + 1)]


def _drawn(bars: Sequence[Bar], scale: _Scale, ticks: list[float], top: float, unit: str, form: str) -> Iterator[str]:
    """Yield the elements of the axis and of the bars."""
    bottom = top + _ROW * len(bars)
    for tick in ticks:
        # Where there is little room, every second number is enough; that of 0 stays.
        is_minor = round(tick / (ticks[1] - ticks[0])) % 2
        yield _line("grid", scale.x(tick), top, bottom)
        yield _text("tick minor" if is_minor else "tick", scale.x(tick), bottom + 20, f"{tick:,.10g}", "middle")
    if unit:
        yield _text("unit", scale.x((ticks[0] + ticks[-1]) / 2), bottom + 42, unit, "middle")
    for row, bar in enumerate(bars):
        yield '<g class="row">'
        yield from _row(bar, scale, top + row * _ROW, format(bar.value, form))
        yield "</g>"
    yield _line("zero", scale.x(0), top, bottom)


def _row(bar: Bar, scale: _Scale, y: float, written: str) -> Iterator[str]:
    middle = y + _ROW / 2 + 4.5
    yield _text("label", f"{scale.left - _GAP:.1f}", middle, bar.label, "end")
    yield (
        f'<rect class="bar" x="{scale.x(min(0, bar.value))}" y="{y + (_ROW - _THICKNESS) / 2:.1f}" '
        f'width="{scale.width(bar)}" height="{_THICKNESS}" rx="2">'
        f"<title>{escape(bar.label)}: {written}</title></rect>"
    )
    # To the right of the bar, also where that is the line of 0: to the left there may be no room.
    yield _text("value", scale.x(max(0, bar.value)), middle, written, more='dx="6" ')


def _line(kind: str, x: str, top: float, bottom: float) -> str:
    return f'<line class="{kind}" x1="{x}" x2="{x}" y1="{top}" y2="{bottom}"/>'


def _text(kind: str, x: str, y: float, text: str, anchor: str = "start", more: str = "") -> str:
    return f'<text class="{kind}" x="{x}" {more}y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'

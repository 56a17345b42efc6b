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
from fbcore.model.port import Config, In, Out


class BarChart(Component):
    """Draw records as a chart of horizontal bars, top to bottom as they come, and send the path of the SVG file.

    `label` and `value` name the fields to draw; `form` is how a value is written beside its bar, as in
    `format(value, ".1f")`. A relative `path` is so to `folder`. The file appears whole or not at all.

    Raises:
        InputError: a value is no finite number.
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

    async def run(self) -> None:
        """Collect the bars, for the scale is known only at the end; then write the chart and send its path."""
        bars = [self._bar(row) async for row in self.rows]
        path = self.folder.value / self.path.value
        chart = bar_chart(bars, self.title.value, self.subtitle.value, self.unit.value, self.form.value)
        with whole_file(path) as file:
            file.write(chart)
        await self.written.send(path)

    def _bar(self, row: object) -> Bar:
        label: Any = key_of(self.label.value, row)(row)
        value: Any = key_of(self.value.value, row)(row)
        if not isinstance(value, int | float) or not math.isfinite(value):
            what = f"{value!r}, the {self.value.value} of {label!r}, is no finite number"
            raise InputError(what, hint="leave the row out, or give it a value")
        return Bar(str(label), value)


class Bar(NamedTuple):
    """One bar: what it stands for, and how long it is."""

    label: str
    value: float


# Pixels. An SVG cannot measure text, so that the width of a letter is a guess on the generous side.
_LETTER = 7.6
_ROW, _THICKNESS = 30, 20
_PLOT = 560
_TOP, _SUBTITLE, _BOTTOM, _SIDE = 56, 22, 58, 24

_STYLE = """\
text { font: 13px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #334155 }
.title { font-size: 19px; font-weight: 600; fill: #0f172a }
.subtitle, .tick, .unit { fill: #64748b }
.tick { font-size: 12px }
.value { font-weight: 600; fill: #0f172a }
.grid { stroke: #e2e8f0 }
.zero { stroke: #64748b }
.bar { fill: #2f6fb3 }"""


def bar_chart(bars: Sequence[Bar], title: str, subtitle: str = "", unit: str = "", form: str = "g") -> str:
    """Return a chart of horizontal bars as the text of an SVG file; `unit` stands below the axis.

    Example:
        from fbcore.components.bar_chart import Bar, bar_chart

        chart = bar_chart([Bar("rain", 27.3), Bar("clear", 10.9)], "Mean delay", unit="minutes")
        print("rain" in chart, "minutes" in chart)
        #> True True
    """
    top = _TOP + (_SUBTITLE if subtitle else 0)
    left = _SIDE + _LETTER * max([len(bar.label) for bar in bars], default=0) + 12
    right = _SIDE + _LETTER * max([len(format(bar.value, form)) for bar in bars], default=0)
    ticks = _ticks([bar.value for bar in bars])
    scale = _Scale(left, ticks[0], _PLOT / (ticks[-1] - ticks[0]))
    width = max(left + _PLOT + right, 2 * _SIDE + 1.5 * _LETTER * len(title), 2 * _SIDE + _LETTER * len(subtitle))
    height = top + _ROW * len(bars) + _BOTTOM
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" width="{width:.0f}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>{_STYLE}</style>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        _text("title", _SIDE, 36, title),
        *([_text("subtitle", _SIDE, 60, subtitle)] if subtitle else []),
        *_axis(scale, ticks, top, height - _BOTTOM, unit),
        *(line for row, bar in enumerate(bars) for line in _drawn(bar, scale, top + row * _ROW, form)),
        f'<path class="zero" d="M{scale.x(0):.1f} {top}V{height - _BOTTOM}"/>',
        "</svg>\n",
    ]
    return "\n".join(lines)


class _Scale(NamedTuple):
    """Where a value lies across the chart: pixels from the left."""

    left: float
    lowest: float
    per_unit: float

    def x(self, value: float) -> float:
        return self.left + (value - self.lowest) * self.per_unit


def _ticks(values: list[float]) -> list[float]:
    """Return round numbers, about four to twelve, from the smallest value to the largest, and 0 among them."""
    low, high = min([0.0, *values]), max([0.0, *values])
    span = (high - low) or 1.0
    power = 10.0 ** math.floor(math.log10(span / 4))
    step = power * max(factor for factor in (1, 2, 5) if factor * power <= span / 4)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [number * step for number in range(first, max(last, first + 1) + 1)]


def _axis(scale: _Scale, ticks: list[float], top: float, bottom: float, unit: str) -> Iterator[str]:
    for tick in ticks:
        yield f'<path class="grid" d="M{scale.x(tick):.1f} {top}V{bottom}"/>'
        yield _text("tick", scale.x(tick), bottom + 20, f"{tick:,.10g}", "middle")
    if unit:
        yield _text("unit", (scale.x(ticks[0]) + scale.x(ticks[-1])) / 2, bottom + 42, unit, "middle")


def _drawn(bar: Bar, scale: _Scale, y: float, form: str) -> Iterator[str]:
    start, end = sorted((scale.x(0), scale.x(bar.value)))
    written = format(bar.value, form)
    middle = y + _ROW / 2 + 4.5
    yield _text("label", scale.left - 12, middle, bar.label, "end")
    yield (
        f'<rect class="bar" x="{start:.1f}" y="{y + (_ROW - _THICKNESS) / 2:.1f}" '
        f'width="{end - start:.1f}" height="{_THICKNESS}" rx="2">'
        f"<title>{escape(bar.label)}: {written}</title></rect>"
    )
    # To the right of the bar, also where that is the line of 0: to the left there may be no room.
    yield _text("value", end + 6, middle, written)


def _text(kind: str, x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'

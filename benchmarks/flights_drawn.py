"""Charts, tables and pages of the job of examples/flights, by hand: the same bytes, and no fbcore."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from string import Template
from typing import Any
from xml.sax.saxutils import escape

TEMPLATE = Path(__file__).resolve().parents[1] / "fbcore/components/chart_page.html"
"""How the page looks: the one file that this job and the example share."""

STYLE = """\
text { font: 13px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #334155 }
.title { font-size: 19px; font-weight: 600; fill: #0f172a }
.subtitle, .tick, .unit { fill: #64748b }
.tick { font-size: 12px }
.value { font-weight: 600; fill: #0f172a }
.grid { stroke: #e2e8f0 }
.zero { stroke: #64748b }
.bar { fill: #2f6fb3 }"""

Row = dict[str, Any]
Bars = Sequence[tuple[str, float]]


def bars_of(rows: Sequence[Row], label: str) -> Bars:
    """Return the bars of a chart."""
    return [(str(row[label]), row["mean_delay"]) for row in rows]


def ticks_of(bars: Bars) -> list[float]:
    """Return the numbers on the axis."""
    low, high = min([0.0, *(delay for _, delay in bars)]), max([0.0, *(delay for _, delay in bars)])
    power = 10.0 ** math.floor(math.log10(((high - low) or 1.0) / 4))
    step = power * max(factor for factor in (1, 2, 5) if factor * power <= ((high - low) or 1.0) / 4)
    start = math.floor(low / step)
    return [number * step for number in range(start, max(math.ceil(high / step), start + 1) + 1)]


def margins(bars: Bars) -> tuple[float, float]:
    """Return the room to the left and to the right of the bars."""
    labels, delays = (len(label) for label, _ in bars), (len(f"{delay:.1f}") for _, delay in bars)
    return 12 + 7.6 * max(labels, default=0), 12 + 7.6 * max(delays, default=0)


def columns_of(records: Sequence[Row]) -> Iterator[tuple[bool, list[str]]]:
    """Yield for each column whether it holds numbers, and its heading and cells."""
    formats = {"flights": ",", "share": ".1%", "mean_delay": ".1f"}
    for name in records[0] if records else ():
        values = [record[name] for record in records]
        cells = [name.replace("_", " "), *(format(value, formats.get(name, "")) for value in values)]
        yield not isinstance(values[0], str), cells


def page(records: Sequence[Row], bars: Bars, title: str, subtitle: str) -> str:
    """Return a page with a chart, and the table that it is of."""
    parts = {"chart": fluid_chart(bars, title), "table": html_table(records)}
    template = Template(TEMPLATE.read_text(encoding="utf-8"))
    return template.substitute(parts, title=escape(title), subtitle=escape(subtitle))


def html_table(records: Sequence[Row]) -> str:
    """Return rows as the inside of a table of HTML."""
    columns = list(columns_of(records))
    if not columns:
        return "<caption>(no rows)</caption>"
    kinds = ["number" if is_number else "text" for is_number, _ in columns]
    head, *body = (
        "".join(f'<{{0}} class="{kind}">{escape(cell)}</{{0}}>' for kind, cell in zip(kinds, line, strict=True))
        for line in zip(*(cells for _, cells in columns), strict=True)
    )
    lines = [f"<tr>{line.format('td')}</tr>" for line in body]
    return "\n".join([f"<thead><tr>{head.format('th')}</tr></thead>", "<tbody>", *lines, "</tbody>"])


def text(kind: str, at: str, y: float, what: str, anchor: str = "start", more: str = "") -> str:
    """Return a text of a chart."""
    return f'<text class="{kind}" x="{at}" {more}y="{y:.1f}" text-anchor="{anchor}">{escape(what)}</text>'


def chart(bars: Bars, title: str, subtitle: str) -> str:
    """Return the bars as the text of an SVG file."""
    ticks, (labels, values) = ticks_of(bars), margins(bars)
    left = 24 + labels
    per_minute = 560 / (ticks[-1] - ticks[0])
    width = max(left + 560 + 24 + values, 48 + 11.4 * len(title), 48 + 7.6 * len(subtitle))
    box = f'viewBox="0 0 {width:.0f} {136 + 30 * len(bars)}" width="{width:.0f}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>{STYLE}</style>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        text("title", "24", 36, title),
        text("subtitle", "24", 60, subtitle),
        *drawn(bars, ticks, left, per_minute, 78, "{:.1f}".format),
        "</svg>\n",
    ]
    return "\n".join(lines)


def fluid_chart(bars: Bars, title: str) -> str:
    """Return the bars as HTML that is as wide as there is room."""
    ticks, (left, right) = ticks_of(bars), margins(bars)
    name = escape(title, {'"': "&quot;"})
    lines = [
        f'<div class="plot" style="padding: 0 {right:.0f}px 0 {left:.0f}px">',
        f'<svg width="100%" height="{58 + 30 * len(bars)}" role="img" aria-label="{name}">',
        *drawn(bars, ticks, 0, 100 / (ticks[-1] - ticks[0]), 0, "{:.2f}%".format),
        "</svg>",
        "</div>",
    ]
    return "\n".join(lines)


def drawn(
    bars: Bars, ticks: list[float], left: float, per_minute: float, top: int, length: Callable[[float], str]
) -> Iterator[str]:
    """Yield the axis and the bars."""

    def x(value: float) -> str:
        return length(left + (value - ticks[0]) * per_minute)

    bottom = top + 30 * len(bars)
    for tick in ticks:
        kind = "tick minor" if round(tick / (ticks[1] - ticks[0])) % 2 else "tick"
        yield f'<line class="grid" x1="{x(tick)}" x2="{x(tick)}" y1="{top}" y2="{bottom}"/>'
        yield text(kind, x(tick), bottom + 20, f"{tick:,.10g}", "middle")
    middle = x((ticks[0] + ticks[-1]) / 2)
    yield text("unit", middle, bottom + 42, "mean delay at departure, in minutes", "middle")
    for row, (label, delay) in enumerate(bars):
        y = top + 30 * row
        shape = f'x="{x(min(0, delay))}" y="{y + 5:.1f}" width="{length(abs(delay) * per_minute)}" height="20" rx="2"'
        yield '<g class="row">'
        yield text("label", f"{left - 12:.1f}", y + 19.5, label, "end")
        yield f'<rect class="bar" {shape}><title>{escape(label)}: {delay:.1f}</title></rect>'
        yield text("value", x(max(0, delay)), y + 19.5, f"{delay:.1f}", more='dx="6" ')
        yield "</g>"
    yield f'<line class="zero" x1="{x(0)}" x2="{x(0)}" y1="{top}" y2="{bottom}"/>'

"""A chart and its table as a page for a browser, of one file that needs no other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from fbcore.components.bar_chart import bar_of, fluid_chart
from fbcore.components.text_table import Table, text_table
from fbcore.components.whole_file import whole_file
from fbcore.model.component import Component
from fbcore.model.memory import Memory
from fbcore.model.port import Config, In, Out

TEMPLATE = Path(__file__).with_suffix(".html")
"""The page, with holes for the title, the subtitle, the chart and the table."""


class ChartPage(Component):
    """Write records as an HTML page: a chart of bars that says more where one points, and the table beneath it.

    The page loads nothing from anywhere, is light or dark as the reader's system is, and fits a phone. `label`
    and `value` name the fields to draw; `formats` says how the values of a field are written, as in
    `format(value, ".1f")`, and `unit` stands after those of the bars; `subtitle` stands below the `title`. A relative
    `path` is so to `folder`. The file appears whole or not at all.

    Raises:
        InputError: what came is no record, lacks a field, has others than the first, or a value is no finite number.
        ConfigError: the file cannot be written there.

    Example:
        from fbcore.components.chart_page import ChartPage

        rows = [{"sky": "rain", "delay": 27.3}, {"sky": "clear", "delay": 10.9}]
        result = BatchRuntime(ChartPage).run(
            inputs={"rows": Each(rows)}, path="delays.html", label="sky", value="delay", title="Delay by weather"
        )
        (path,) = result.outputs.written
        print(path, "<h1>Delay by weather</h1>" in path.read_text())
        #> delays.html True
    """

    path: Config[Path]
    folder: Config[Path] = Config(default=Path())
    label: Config[str]
    value: Config[str]
    title: Config[str]
    subtitle: Config[str] = Config(default="")
    unit: Config[str] = Config(default="")
    formats: Config[Mapping[str, str]] = Config(default={})
    rows: In[Any]
    written: Out[Path]
    kept: Memory[list[Any]] = Memory(list)

    async def run(self) -> None:
        """Collect the rows, then write the page and send its path."""
        keep = self.kept.value.append
        async for row in self.rows:
            keep(row)
        rows, self.kept.value = self.kept.value, []
        bars = [bar_of(row, self.label.value, self.value.value) for row in rows]
        formats, title = self.formats.value, self.title.value
        chart = fluid_chart(bars, title, self.unit.value, formats.get(self.value.value, "g"))
        page = chart_page(chart, text_table(rows, formats), title, self.subtitle.value)
        path = self.folder.value / self.path.value
        with whole_file(path) as file:
            file.write(page)
        await self.written.send(path)


def chart_page(chart: str, table: Table, title: str, subtitle: str = "") -> str:
    """Return the text of a page with a chart, as `fluid_chart` draws it, and the table that the chart is of.

    Example:
        from fbcore.components.bar_chart import Bar, fluid_chart
        from fbcore.components.chart_page import chart_page
        from fbcore.components.text_table import text_table

        chart = fluid_chart([Bar("rain", 27.3)], "Mean delay")
        page = chart_page(chart, text_table([{"sky": "rain", "delay": 27.3}], {}), "Mean delay")
        print(chart in page, "<h1>Mean delay</h1>" in page)
        #> True True
    """
    holes = {"title": escape(title), "subtitle": escape(subtitle), "chart": chart, "table": "\n".join(_lines(table))}
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(holes)


def _lines(table: Table) -> Iterator[str]:
    """Yield a table as lines of HTML."""
    if not table.columns:
        yield f"<caption>{table}</caption>"
        return
    kinds = ["number" if column.is_number else "text" for column in table.columns]
    heads = zip(kinds, (column.heading for column in table.columns), strict=True)
    yield f"<thead><tr>{_cells('th', heads)}</tr></thead>"
    yield "<tbody>"
    for cells in zip(*(column.cells for column in table.columns), strict=True):
        yield f"<tr>{_cells('td', zip(kinds, cells, strict=True))}</tr>"
    yield "</tbody>"


def _cells(tag: str, cells: Iterable[tuple[str, str]]) -> str:
    return "".join(f'<{tag} class="{kind}">{escape(text)}</{tag}>' for kind, text in cells)

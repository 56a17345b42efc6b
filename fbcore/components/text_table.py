"""Tables for people, as plain text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from fbcore.components.record import field_names, fields_of
from fbcore.model.component import Component
from fbcore.model.memory import Memory
from fbcore.model.port import Config, In, Out


class TextTable(Component):
    """Lay out records (dicts, dataclasses or named tuples) as a table of plain text, and send it as one text.

    The first record names the columns, and an underscore is shown as a space; numbers stand to the right.
    `formats` says how the values of a column are written, as in `format(value, ".1f")`. Without any records
    the text is "(no rows)". The text is a `Table`, so that a terminal or a page can draw it as one.

    Example:
        from fbcore.components.text_table import TextTable

        rows = [{"sky": "rain", "mean_delay": 27.31}, {"sky": "clear", "mean_delay": 9.8}]
        result = BatchRuntime(TextTable).run(inputs={"rows": Each(rows)}, formats={"mean_delay": ".1f"})
        print(result.outputs.text[0])
        #> sky    mean delay
        #> -----  ----------
        #> rain         27.3
        #> clear         9.8
    """

    formats: Config[Mapping[str, str]] = Config(default={})
    rows: In[Any]
    text: Out[Table]
    kept: Memory[list[Any]] = Memory(list)

    async def run(self) -> None:
        """Collect the rows, for the widths of columns are known only at the end, then send the table."""
        keep = self.kept.value.append
        async for row in self.rows:
            keep(row)
        rows, self.kept.value = self.kept.value, []
        await self.text.send(text_table(rows, self.formats.value))


class TableColumn(NamedTuple):
    """One column of a table: its heading, and its cells as they are to be shown; numbers stand to the right."""

    heading: str
    cells: tuple[str, ...]
    is_number: bool


class Table(str):
    """A table as a text, without a line end at its end, that knows its columns too.

    Whoever prints it, or puts it into other text, has a table of plain text; who can draw a better one has the cells.

    Example:
        from fbcore.components.text_table import text_table

        table = text_table([{"sky": "rain", "delay": 27.3}], {"delay": ".0f"})
        print(table.columns[1])
        #> TableColumn(heading='delay', cells=('27',), is_number=True)
    """

    __slots__ = ("columns",)
    columns: tuple[TableColumn, ...]

    def __new__(cls, columns: Iterable[TableColumn]) -> Table:
        """Lay out columns, all of which have as many cells."""
        found = tuple(columns)
        lines = zip(*map(_aligned, found), strict=True)
        table = super().__new__(cls, "\n".join("  ".join(line).rstrip() for line in lines) or "(no rows)")
        table.columns = found
        return table

    def __getnewargs__(self) -> tuple[Any, ...]:
        """Say what a copy is made of."""
        return (self.columns,)


def text_table(rows: list[Any], formats: Mapping[str, str]) -> Table:
    """Return records as a table of text.

    Raises:
        InputError: what came is no record, or has other fields than the first.

    Example:
        from fbcore.components.text_table import text_table

        print(text_table([{"sky": "rain", "delay": 27.3}], {"delay": ".0f"}))
        #> sky   delay
        #> ----  -----
        #> rain     27
    """
    if not rows:
        return Table(())
    names = field_names(rows[0])
    columns = zip(*(fields_of(row, names) for row in rows), strict=True)
    return Table(_column(name, values, formats.get(name, "")) for name, values in zip(names, columns, strict=True))


def _column(name: str, values: tuple[Any, ...], form: str) -> TableColumn:
    cells = tuple(_on_one_line("" if value is None else format(value, form)) for value in values)
    is_number = all(isinstance(value, int | float | None) for value in values)
    return TableColumn(name.replace("_", " "), cells, is_number)


def _aligned(column: TableColumn) -> list[str]:
    """Return the cells of a column, heading and rule first, all of one width."""
    width = max(map(len, (column.heading, *column.cells)))
    align = str.rjust if column.is_number else str.ljust
    return [align(column.heading, width), "-" * width, *(align(cell, width) for cell in column.cells)]


def _on_one_line(text: str) -> str:
    return " ".join(text.splitlines()).expandtabs(1)

"""Tables for people, as plain text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fbcore.components.record import field_names, fields_of
from fbcore.model.component import Component
from fbcore.model.port import Config, In, Out


class TextTable(Component):
    """Lay out records (dicts, dataclasses or named tuples) as a table of plain text, and send it as one text.

    The first record names the columns, and an underscore is shown as a space; numbers stand to the right.
    `formats` says how the values of a column are written, as in `format(value, ".1f")`. Without any records
    the text is "(no rows)".

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
    text: Out[str]

    async def run(self) -> None:
        """Collect the rows, for the widths of columns are known only at the end, then send the table."""
        rows = [row async for row in self.rows]
        await self.text.send(text_table(rows, self.formats.value))


def text_table(rows: list[Any], formats: Mapping[str, str]) -> str:
    """Return records as a table of text, without a line end at its end.

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
        return "(no rows)"
    names = field_names(rows[0])
    columns = zip(*(fields_of(row, names) for row in rows), strict=True)
    cells = [_column(name, values, formats.get(name, "")) for name, values in zip(names, columns, strict=True)]
    return "\n".join("  ".join(line).rstrip() for line in zip(*cells, strict=True))


def _column(name: str, values: tuple[Any, ...], form: str) -> list[str]:
    """Return the cells of a column, heading and rule first, all of one width."""
    heading = name.replace("_", " ")
    texts = [_on_one_line("" if value is None else format(value, form)) for value in values]
    width = max(len(text) for text in (heading, *texts))
    is_number = all(isinstance(value, int | float | None) for value in values)
    align = str.rjust if is_number else str.ljust
    return [align(heading, width), "-" * width, *(align(text, width) for text in texts)]


def _on_one_line(text: str) -> str:
    return " ".join(text.splitlines()).expandtabs(1)

"""Tables among what comes out of a net, drawn for a terminal."""

import shutil
from typing import Any, TextIO

from fbcore.components.record import field_names
from fbcore.components.text_table import Table, text_table
from fbcore.errors import InputError

_WIDEST = 10_000
"""Columns up to which a table is measured; wider ones fit no terminal."""


def table_of(value: Any) -> Table | None:
    """Return a value as a table: one already, or a list of two or more records (dicts, dataclasses, named tuples).

    None for any other value, and for records of several kinds.
    """
    if isinstance(value, Table):
        return value
    if not isinstance(value, list) or len(value) < 2:
        return None
    try:
        return text_table(value, {}) if field_names(value[0]) else None
    except InputError:
        return None


def draw_table(table: Table, stream: TextIO) -> bool:
    """Draw a table on a terminal; False, and nothing is drawn, when it is too wide for that."""
    # rich takes a tenth of a second to load, which who has no table need not wait for.
    from rich import box
    from rich.console import Console
    from rich.table import Table as Drawing
    from rich.text import Text

    console = Console(file=stream, width=shutil.get_terminal_size().columns, highlight=False, markup=False)
    drawing = Drawing(box=box.ROUNDED, border_style="dim", header_style="bold")
    for column in table.columns:
        drawing.add_column(Text(column.heading), justify="right" if column.is_number else "left")
    for cells in zip(*(column.cells for column in table.columns), strict=True):
        drawing.add_row(*map(Text, cells))
    room = console.options.update(max_width=_WIDEST)
    if not table.columns or console.is_dumb_terminal or console.measure(drawing, options=room).maximum > console.width:
        return False
    console.print(drawing)
    return True

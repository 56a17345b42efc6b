import copy
import dataclasses
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from fbcore import InputError
from fbcore.components.text_table import Table, TableColumn, TextTable, text_table
from tests.components.alone import failure_of, run_alone


@dataclasses.dataclass
class Mean:
    sky: str
    flights: int
    mean_delay: float | None


ROWS = [Mean("rain", 21086, 30.93), Mean("fog", 298, None)]
FORMATS = {"flights": ",", "mean_delay": ".1f"}
TABLE = """\
sky   flights  mean delay
----  -------  ----------
rain   21,086        30.9
fog       298"""


def test_a_table() -> None:
    """Columns are aligned, numbers to the right, under the names of the fields, and sent as one text."""
    assert run_alone(TextTable, {"rows": ROWS}, formats=FORMATS).outputs.text == [TABLE]


def test_dicts() -> None:
    """Dicts make the same table as dataclasses; an ordinary call lays it out too."""
    assert text_table([dataclasses.asdict(row) for row in ROWS], FORMATS) == TABLE


def test_without_formats() -> None:
    """Without a format a value is written as `str` does."""
    assert text_table([{"a": 1.25, "b": True}], {}).splitlines()[-1].split() == ["1.25", "True"]


def test_no_rows() -> None:
    """A table without rows says so, for there is nothing to name its columns by."""
    assert run_alone(TextTable, {"rows": []}).outputs.text == ["(no rows)"]


def test_a_value_of_several_lines() -> None:
    """A row stays on its line, whatever is in it."""
    assert len(text_table([{"a": "x\ny\r\tz"}], {}).splitlines()) == 3


def test_a_row_of_another_kind() -> None:
    """A record with other fields than the first is refused."""
    rows: list[Any] = [{"a": 1}, {"b": 1}]
    assert isinstance(failure_of(TextTable, {"rows": rows}), InputError)


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda table: pickle.loads(pickle.dumps(table))])
def test_a_table_knows_its_columns(again: Callable[[Table], Table]) -> None:
    """A table is a text, and has headings, cells and which of them are numbers; copies have them too."""
    table = again(text_table(ROWS, FORMATS))
    assert (table, type(table)) == (TABLE, Table)
    assert table.columns == (
        TableColumn("sky", ("rain", "fog"), is_number=False),
        TableColumn("flights", ("21,086", "298"), is_number=True),
        TableColumn("mean delay", ("30.9", ""), is_number=True),
    )

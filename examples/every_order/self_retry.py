"""A task that cannot do its work yet calls itself anew, for ever: does it ever get done?

fbdev explore examples/every_order/self_retry.py:clinging
fbdev explore examples/every_order/self_retry.py:yielding
"""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from fbdev.explore import Blocked, Scene, explore, spawn

Steps = Iterator[Any]


def inserting(lets_go: bool) -> Scene:
    """Make a task that writes a row, and the migration that makes the table; both need the lock of the database."""
    database = SimpleNamespace(is_locked=False, has_table=False, rows=0)

    def locked() -> Steps:
        yield Blocked(lambda: not database.is_locked, label="wait for the lock")
        database.is_locked = True

    def insert(is_mine: bool = False) -> Steps:
        """Write a row; where there is no table yet, call the task anew, with the lock or without it."""
        if not is_mine:
            yield from locked()
        yield "has the lock"
        if database.has_table:
            database.rows += 1
            database.is_locked = False
            return "done"
        database.is_locked = not lets_go
        spawn(insert(is_mine=not lets_go))
        return "tries again"

    def migrate() -> Steps:
        """Make the table."""
        yield from locked()
        yield "makes the table"
        database.has_table = True
        database.is_locked = False

    return Scene({"insert": insert(), "migrate": migrate()}, shared=database)


def one_name(name: str) -> str:
    """Call the task that a task has called as that one: `insert.insert` is `insert`."""
    return name.rpartition(".")[2]


def is_written(database: Any) -> bool:
    """Tell whether the row is there, and once."""
    return bool(database.rows == 1)


@explore(at_end=is_written, identity=one_name, accept=["names"])
def clinging() -> Scene:
    """Make a task that hands its lock on to the next."""
    return inserting(lets_go=False)


@explore(at_end=is_written, identity=one_name, accept=["names"])
def yielding() -> Scene:
    """Make a task that gives its lock back before it calls itself."""
    return inserting(lets_go=True)

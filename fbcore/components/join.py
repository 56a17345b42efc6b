"""Joining: a stream enriched by a table."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from fbcore.components.record import Key, key_of
from fbcore.errors import InputError
from fbcore.model.component import Component
from fbcore.model.memory import Memory
from fbcore.model.packet import MISSING
from fbcore.model.port import Config, In, Out


class JoinByKey(Component):
    """Send each record of a stream together with the record of a table that has the same key.

    `right`, the table, is read to its end and kept; then `left` flows past it. Pairs leave by `joined`, in
    the order of `left`; those whose key the table lacks leave by `unmatched`, so that none is lost. The key
    is a field, a tuple of fields, or a function; `right_key` is for tables that call it something else.
    With `otherwise` every record leaves by `joined`, those whose key the table lacks paired with that; which
    these were is still sent to `unmatched`.

    Both must not come from the same node: `left` waits while the table is read, and would hold it up.

    Raises:
        InputError: two records of the table have the same key.

    Example:
        from fbcore.components.join import JoinByKey

        flights = [{"origin": "JFK", "flight": 1}, {"origin": "EWR", "flight": 2}]
        airports = [{"origin": "JFK", "town": "New York"}]
        inputs = {"left": Each(flights), "right": Each(airports)}
        outputs = BatchRuntime(JoinByKey).run(inputs=inputs, key="origin").outputs
        print([(flight["flight"], airport["town"]) for flight, airport in outputs.joined])
        #> [(1, 'New York')]
        print(outputs.unmatched)
        #> [{'origin': 'EWR', 'flight': 2}]
    """

    key: Config[Key]
    right_key: Config[Key | None] = Config(default=None)
    otherwise: Config[Any] = Config(default=MISSING)
    left: In[Any]
    right: In[Any]
    joined: Out[tuple[Any, Any]]
    unmatched: Out[Any]
    table: Memory[dict[Hashable, Any]] = Memory(dict)

    async def run(self) -> None:
        """Read the table, then let the stream pass."""
        table = await self._read_table()
        joined, otherwise = self.joined.send, self.otherwise.value
        key: Callable[[Any], Hashable] | None = None
        async for record in self.left:
            if key is None:
                key = key_of(self.key.value, record)
            match = table.get(key(record), MISSING)
            if match is MISSING:
                await self.unmatched.send(record)
                match = otherwise
            if match is not MISSING:
                await joined((record, match))

    async def _read_table(self) -> dict[Hashable, Any]:
        table = self.table.value
        key: Callable[[Any], Hashable] | None = None
        async for record in self.right:
            if key is None:
                key = key_of(self.right_key.value or self.key.value, record)
            found = key(record)
            if found in table:
                what = f"two records of the table have the key {found!r}: {table[found]!r} and {record!r}"
                raise InputError(what, hint="choose a key that tells them apart, or drop one of them before the join")
            table[found] = record
        return table

"""Collecting packets into one."""

from __future__ import annotations

from typing import Any

from fbcore.model.component import Component
from fbcore.model.memory import Memory
from fbcore.model.port import In, Out


class Collect(Component):
    """Keep the values that come, and send them all as one list when no more will.

    Example:
        from fbcore.components.collect import Collect

        print(BatchRuntime(Collect).run(inputs={"items": Each("abc")}).outputs.values)
        #> [['a', 'b', 'c']]
    """

    items: In[Any]
    values: Out[list[Any]]
    kept: Memory[list[Any]] = Memory(list)

    async def run(self) -> None:
        """Keep everything to the end of the stream."""
        keep = self.kept.value.append
        async for item in self.items:
            keep(item)
        values, self.kept.value = self.kept.value, []
        await self.values.send(values)

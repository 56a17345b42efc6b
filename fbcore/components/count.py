"""Counting packets."""

from __future__ import annotations

from typing import Any

from fbcore.model.component import Component
from fbcore.model.memory import Memory
from fbcore.model.port import In, Out


class Count(Component):
    """Count the packets that come, and send the number when no more will.

    Example:
        from fbcore.components.count import Count

        print(BatchRuntime(Count).run(inputs={"items": Each("abc")}).outputs.total)
        #> [3]
    """

    items: In[Any]
    total: Out[int]
    counted: Memory[int] = Memory(0)

    async def run(self) -> None:
        """Count to the end of the stream."""
        async for _ in self.items:
            self.counted.value += 1
        total, self.counted.value = self.counted.value, 0
        await self.total.send(total)

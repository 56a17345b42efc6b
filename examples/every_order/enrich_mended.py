"""Which planes flew? The net of `enrich.py` without the edge that leads back: no order deadlocks it.

fbdev explore examples/every_order/enrich_mended.py
"""

from __future__ import annotations

from enrich import Flight, Plane, flights, planes

from fbcore import Component, Graph, In, Memory, Out
from fbdev.explore import NetScene


class Enrich(Component):
    """Tell the model of each flight's plane; a flight whose plane has not come yet is kept until it comes."""

    flight: In[Flight]
    plane: In[Plane]
    enriched: Out[str]
    models: Memory[dict[str, str]] = Memory(dict)
    kept: Memory[dict[str, list[str]]] = Memory(dict)

    async def run(self) -> None:
        """Take flights and planes, whichever come first; at the end, give up planes that never came."""
        models, kept = self.models.value, self.kept.value
        async for hit in self.select(self.flight, self.plane):
            tail = hit.value.tail
            if (flight := hit.of(self.flight)) is not None:
                kept.setdefault(tail, []).append(flight.number)
            elif (plane := hit.of(self.plane)) is not None:
                models[tail] = plane.model
            if tail in models:
                for number in kept.pop(tail, ()):
                    await self.enriched.send(f"{number} {models[tail]}")
        for tail in sorted(kept):
            for number in kept[tail]:
                await self.enriched.send(f"{number} unknown")


graph = Graph("enrich_mended")
enrich = graph.add(Enrich)
graph.add(planes).out >> enrich.plane
graph.add(flights).out >> enrich.flight
enrich.enriched >> graph.outputs.enriched
graph.configs.first >> graph["flights"].first
graph.configs.first >> graph["planes"].first

scene = NetScene(graph, configs={"first": 2})

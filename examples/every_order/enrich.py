"""Which planes flew? A net that has always run well, and deadlocks in some orders of its steps.

fbdev run examples/every_order/enrich.py
fbdev explore examples/every_order/enrich.py
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from fbcore import Component, Graph, In, Memory, Out, component
from fbdev.explore import NetScene

HERE = Path(__file__).parent


class Flight(NamedTuple):
    """A flight, and the number on the tail of its plane."""

    number: str
    tail: str

    def __repr__(self) -> str:
        return f"{self.number} by {self.tail}"


class Plane(NamedTuple):
    """A plane, by the number on its tail."""

    tail: str
    model: str

    def __repr__(self) -> str:
        return f"{self.tail} is a {self.model}"


@component
def flights(first: int = 8) -> Iterator[Flight]:
    """Send the first flights of 2013 from New York."""
    for row in islice(rows("flights.csv"), first):
        yield Flight(row["carrier"] + row["flight"], row["tailnum"])


@component
def planes(first: int = 8) -> Iterator[Plane]:
    """Send planes from the register."""
    for row in islice(rows("planes.csv"), first):
        yield Plane(row["tailnum"], row["model"])


def rows(name: str) -> Iterator[dict[str, str]]:
    """Read the rows of a file beside this one."""
    with (HERE / name).open(newline="") as file:
        yield from csv.DictReader(file)


class Enrich(Component):
    """Tell the model of each flight's plane; a flight whose plane has not come yet goes round once more."""

    flight: In[Flight]
    plane: In[Plane]
    enriched: Out[str]
    later: Out[Flight]
    models: Memory[dict[str, str]] = Memory(dict)

    async def run(self) -> None:
        """Take flights and planes, whichever come first."""
        models = self.models.value
        async for hit in self.select(self.flight, self.plane):
            plane, flight = hit.of(self.plane), hit.of(self.flight)
            if plane is not None:
                models[plane.tail] = plane.model
            elif flight is not None and flight.tail in models:
                await self.enriched.send(f"{flight.number} {models[flight.tail]}")
            elif flight is not None:
                await self.later.send(flight)


def enriching(room: int) -> Graph:
    """Declare the net; so many flights fit onto the edge that leads back."""
    graph = Graph("enrich")
    enrich = graph.add(Enrich)
    graph.add(planes).out >> enrich.plane
    graph.add(flights).out >> enrich.flight
    graph.connect(enrich.later, enrich.flight, capacity=room)
    enrich.enriched >> graph.outputs.enriched
    graph.configs.first >> graph["flights"].first
    graph.configs.first >> graph["planes"].first
    return graph


graph = enriching(room=6)

small = enriching(room=1)
scene = NetScene(small, configs={"first": 2})
"""What is explored: as small as it can be and still go wrong."""

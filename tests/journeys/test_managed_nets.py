"""Managed nets as a user relies on them: Ctrl-C in a terminal under load, and components that fail at random."""

import json
import random
from collections import Counter
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from fbcore import (
    BatchRuntime,
    Component,
    CompositeComponent,
    DeadLetters,
    Each,
    Graph,
    In,
    Memory,
    NetSettings,
    NodeSettings,
    Out,
    Restart,
    Retry,
    component,
)
from fbcore.formats.letter_file import LetterFile
from tests.fbdev.terminal import Terminal

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

NET = """
from pathlib import Path

from fbcore import Component, CompositeComponent, Graph, In, Memory, Out, component


class Source(Component):
    '''Send numbers as fast as they are taken, and write down how many went.'''

    number: Out[int]

    async def run(self) -> None:
        number = 0
        try:
            while True:
                await self.number.send(number)
                number += 1
        finally:
            Path("sent.txt").write_text(str(number))


class Checked(Component):
    '''Fail at every thousandth number, once.'''

    number: In[int]
    out: Out[int]
    last: Memory[int] = Memory(int)

    async def run(self) -> None:
        async for number in self.number:
            if number % 1000 == 999 and self.last.value < number:
                self.last.value = number
                raise ConnectionError(number)
            await self.out.send(number)


@component
def parse(number: int) -> int:
    if number % 500 == 7:
        raise ValueError(number)
    return number


class Inner(CompositeComponent):
    number: In[int]
    out: Out[int]

    def build(self, graph: Graph) -> None:
        node = graph.add(parse)
        graph.inputs.number >> node.number
        node.out >> graph.outputs.out


@component
async def fetch(number: int) -> int:
    return number


graph = Graph("load")
before = graph.add(Source, "source").number
for name, target in (("checked", Checked), ("box", Inner), ("fetch", fetch)):
    node = graph.add(target, name)
    before >> node.number
    before = node.out
before >> graph.outputs.out
"""

SETTINGS = """
dead_letters = "failed.jsonl"
grace = 60

[nodes.checked]
restart = { backoff = 0, most = 1000000 }
dead_letters = "never"

[nodes.fetch]
concurrency = 8
"""


def under_load(screen: list[str]) -> bool:
    """Say whether the live table shows that ten thousand packets have moved."""
    words = screen[0].split() if screen and screen[0].startswith("load") else []
    return "packets" in words and int(words[words.index("packets") - 1].replace(",", "")) > 10_000


def document_in(terminal: Terminal) -> dict[str, Any]:
    """Find the document among all that was written to a terminal."""
    start = terminal.seen.index('{"graph":"load"')
    found, _ = json.JSONDecoder().raw_decode(terminal.seen[start:].replace("\r\n", ""))
    return dict(found)


@pytest.mark.parametrize("how", ["drain", "at-once"])
def test_ctrl_c_in_a_terminal_under_load_loses_nothing(tmp_path: Path, how: str) -> None:
    """Every number that was sent came out, or is a dead letter, or is in the account, and no number twice."""
    (tmp_path / "net.py").write_text(NET)
    (tmp_path / "net.toml").write_text(SETTINGS)
    words = ["--settings", "net.toml", "--stop", how, "--output", "out=@out.jsonl", "--json", "--live"]
    with Terminal("run", "net.py", *words, cwd=tmp_path) as terminal:
        terminal.read_until(under_load)
        terminal.press("\x03")
        terminal.read_to_end()
        assert terminal.process.returncode == 5
    assert "Traceback" not in terminal.seen
    document = document_in(terminal)
    assert (document["outcome"], document["reason"]) == ("stopped", "asked to stop by a signal")

    sent = int((tmp_path / "sent.txt").read_text())
    out = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    letters = LetterFile(tmp_path / "failed.jsonl").read()
    failed = [record.values["number"] for record in letters.records.values()]
    assert not letters.broken
    assert sum(document["dead_letters"]["box.parse"].values()) == len(failed)
    assert document["nodes"]["source"]["out"] == sent > 1000
    lying = {*chain(*document["unread"].values()), *document["held"].values(), *chain(*document["unsent"].values())}
    # What waited to be sent by the source itself has not gone.
    lying -= {sent}
    assert Counter(out + failed).most_common(1)[0][1] == 1
    assert not lying & {*out, *failed}
    assert {*out, *failed, *lying} == set(range(sent))
    assert out == sorted(out)
    if how == "drain":
        assert not document["unread"]
        assert not document["held"]


def test_an_impatient_second_ctrl_c_ends_a_drain(tmp_path: Path) -> None:
    """A component that takes its time is not waited for, and what it held is told."""
    slow = NET.replace("    return number\n\n\ngraph", "    import asyncio\n    await asyncio.sleep(1000)\n\n\ngraph")
    (tmp_path / "net.py").write_text(slow)
    (tmp_path / "net.toml").write_text(SETTINGS)
    with Terminal("run", "net.py", "--settings", "net.toml", "--live", cwd=tmp_path) as terminal:
        terminal.read_until(lambda screen: screen[0].startswith("load") and "sending" in "".join(screen))
        terminal.press("\x03")
        terminal.read_until(lambda screen: "stopping, Ctrl-C ends it at once" in screen[0])
        terminal.press("\x03")
        screen = "\n".join(terminal.read_to_end())
        assert terminal.process.returncode == 5
    assert "Traceback" not in terminal.seen
    assert "asked to stop by a signal; asked to stop twice" in screen
    assert "  held  fetch.number: 0\n" in screen
    assert "  held  fetch.number#8: " in screen


# -- failing at random -----------------------------------------------------------------------------------


COUNT = 100_000


class Mood:
    """Who fails at random: at some numbers once or twice, at some for as long as nobody has mended it."""

    def __init__(self, seed: int, transient: int, lasting: int) -> None:
        draw = random.Random(seed)
        self.left = {number: draw.randint(1, 2) for number in draw.sample(range(COUNT), transient)}
        self.lasting = set(draw.sample(range(COUNT), lasting))
        self.is_mended = False

    def look(self, number: int) -> None:
        if self.left.get(number, 0) > 0:
            self.left[number] -= 1
            raise ConnectionError(number)
        if number in self.lasting and not self.is_mended:
            raise ValueError(number)


def test_components_that_fail_at_random_lose_and_double_nothing(tmp_path: Path) -> None:
    """A class, a function and one in a composite, over 100,000 packets.

    What fails for good is put aside; when it is mended, it is fed back, and then every number has come out once.
    """
    moods = [Mood(seed, transient=700, lasting=100 * (seed > 0)) for seed in range(3)]

    class Passes(Component):
        number: In[int]
        out: Out[int]
        count: Memory[int] = Memory(int)

        async def run(self) -> None:
            async for number in self.number:
                moods[0].look(number)
                self.count.value += 1
                await self.out.send(number)

    @component
    def plain(number: int) -> int:
        moods[1].look(number)
        return number

    @component
    def inner(number: int) -> int:
        moods[2].look(number)
        return number

    class Box(CompositeComponent):
        number: In[int]
        out: Out[int]

        def build(self, graph: Graph) -> None:
            node = graph.add(inner)
            graph.inputs.number >> node.number
            node.out >> graph.outputs.out

    graph = Graph("moody")
    before: Any = graph.inputs.number
    for name, target in (("cls", Passes), ("plain", plain), ("box", Box)):
        node = graph.add(target, name)
        before >> node.number
        before = node.out
    before >> graph.outputs.out

    letters = DeadLetters(tmp_path / "failed.jsonl")
    again = Retry(attempts=3, backoff=0, on=ConnectionError)
    settings = NetSettings(
        nodes={
            "cls": NodeSettings(restart=Restart(backoff=0, most=COUNT)),
            "plain": NodeSettings(retry=again, dead_letters=letters),
            "box.inner": NodeSettings(restart=Restart(backoff=0, most=COUNT), retry=again, dead_letters=letters),
        }
    )
    runtime = BatchRuntime(graph, settings=settings)
    first = runtime.run(inputs={"number": Each(range(COUNT))})
    failed = [letter.values["number"] for letter in first.dead_letters]
    assert first.outcome == "finished"
    assert first.restarts["cls"] == sum(Mood(0, 700, 0).left.values())
    assert first.outputs.out == sorted(set(range(COUNT)) - set(failed))
    assert sorted(failed) == sorted(moods[1].lasting | moods[2].lasting)
    assert not first.unread | first.held | first.unsent | first.dropped | first.discarded

    for mood in moods:
        mood.is_mended = True
    second = runtime.run(feed_dead_letters=tmp_path / "failed.jsonl")
    assert (second.outcome, len(second.dead_letters)) == ("finished", 0)
    assert sorted(first.outputs.out + second.outputs.out) == list(range(COUNT))
    assert LetterFile(tmp_path / "failed.jsonl").read().records == {}

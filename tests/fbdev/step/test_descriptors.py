import os
from pathlib import Path

import pytest

from fbdev.step.descriptors import caught
from tests.fbdev.run.test_command import write
from tests.fbdev.step.test_command import shows
from tests.fbdev.terminal import Terminal

LOUD = """
import logging
import os
import sys
from fbcore import Component, Graph, Out

logging.basicConfig(format="logged %(message)s", stream=sys.stderr)
print("loaded")

class Loud(Component):
    said: Out[str]

    async def run(self) -> None:
        print("printed")
        logging.warning("once")
        os.system("echo by a shell; echo and complained >&2")
        await self.said.send("one")
        print("\\x1b[31mred\\x1b[0m")
        await self.said.send(input())

graph = Graph("loud")
graph.add(Loud).said >> graph.outputs.said
"""

HANGING = """
from fbcore import Graph, component

@component
def hang() -> int:
    print("hanging")
    while True:
        pass

graph = Graph("hanging")
graph.add(hang).out >> graph.outputs.out
"""

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="there are no such terminals")]


def test_nothing_that_is_written_tears_the_screen(tmp_path: Path) -> None:
    """Prints, logs and what a shell writes stand among the steps; who reads the keys finds nothing."""
    write(tmp_path, LOUD)
    with Terminal("step", "net.py", cwd=tmp_path, columns=100, rows=30) as terminal:
        terminal.read_until(lambda screen: shows(screen, "can happen"))
        terminal.press("r")
        screen = terminal.read_until(lambda screen: shows(screen, "failed: loud: EOFError"))
        terminal.press("uz")
        terminal.press("q")
        terminal.read_to_end()
    for text in ("│ printed", "│ logged once", "│ by a shell", "│ and complained", "│ red"):
        assert sum(text in line for line in screen) == 1, text
    assert shows(screen, "1 out")


def test_half_a_character_waits_for_its_other_half() -> None:
    """What is read may end within a character; it is handed over when it is whole."""
    taken: list[str] = []
    with caught(taken.append) as hand_over:
        for piece in ("─ü".encode()[:2], "─ü".encode()[2:]):
            os.write(1, piece)
            hand_over()
    assert "".join(taken) == "─ü"


def test_a_turn_that_does_not_end_can_be_given_up(tmp_path: Path) -> None:
    """While a turn hangs the screen says whose it is, and `q` leaves all the same."""
    write(tmp_path, HANGING)
    with Terminal("step", "net.py", cwd=tmp_path, columns=100, rows=30) as terminal:
        terminal.read_until(lambda screen: shows(screen, "can happen"))
        terminal.press("r")
        terminal.read_until(lambda screen: shows(screen, "a turn of hang takes long"))
        terminal.press("q")
        screen = terminal.read_to_end()
    assert terminal.process.returncode == 5
    assert shows(screen, "hanging: a turn of hang did not end, and was given up")
    assert "Traceback" not in terminal.seen

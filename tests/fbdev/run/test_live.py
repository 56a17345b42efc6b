import os
import re
import signal
from pathlib import Path

import pytest

from tests.fbdev.nets import ENDLESS
from tests.fbdev.terminal import Terminal

GATED = """
import asyncio
import logging
import sys
from pathlib import Path
from fbcore import Component, Config, Graph, In, Out, component

logging.basicConfig(format="%(message)s", stream=sys.stderr)

class Numbers(Component):
    # Sends numbers, and in the middle waits for the test.
    gate: Config[Path]
    out: Out[int]

    async def run(self) -> None:
        for number in range(200):
            await self.out.send(number)
            if number == 100:
                await asyncio.to_thread(self.gate.value.read_text)

@component
def loud(value: int) -> int:
    if value % 20 == 0:
        print("printed", value)
        logging.warning("logged %d", value)
        sys.stderr.write("half a line, ")
        sys.stderr.write(f"whole {value}\\n")
    return value

@component
def long_one(value: int) -> int:
    if value == 100:
        print("x" * 250)
    return value

graph = Graph("gated")
graph.configs.gate >> graph.add(Numbers).gate
graph["numbers"].out >> graph.add(loud).value
graph["loud"].out >> graph.add(long_one).value
graph["long_one"].out >> graph.outputs.out
"""

WIDE = """
from fbcore import Component, Config, Graph, component
from pathlib import Path
from gated import Numbers

@component
def same(value: int) -> int:
    return value

graph = Graph("wide")
graph.configs.gate >> graph.add(Numbers).gate
last = graph["numbers"].out
for i in range(60):
    node = graph.add(same, f"a_node_with_a_rather_long_name_{i}")
    last >> node.value
    last = node.out
last >> graph.outputs.out
"""

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with nets that wait in the middle until somebody writes into `gate`."""
    (tmp_path / "gated.py").write_text(GATED)
    (tmp_path / "wide.py").write_text(WIDE)
    (tmp_path / "endless.py").write_text(ENDLESS)
    os.mkfifo(tmp_path / "gate")
    return tmp_path


def is_waiting(screen: list[str]) -> bool:
    """Tell whether the table shows the net waiting for the test, a second after it stopped moving."""
    return any(line.startswith("held up by  numbers: ") for line in screen)


def test_the_table_shows_nodes_edges_and_what_holds_the_net_up(folder: Path) -> None:
    """While a net runs the table names its nodes, edges, counts, and the wait that holds everything up."""
    with Terminal("run", "gated.py", "--gate", "gate", cwd=folder) as terminal:
        screen = terminal.read_until(is_waiting)
    table = screen[next(i for i, line in enumerate(screen) if line.startswith("gated  running")) :]
    assert re.fullmatch(r"gated  running  \d\.\d s  303 packets  0/s", table[0])
    assert table[1].split() == ["node", "state", "in", "out", "rate/s"]
    assert table[2].split() == ["numbers", "running", "0", "101", "0"]
    assert table[3].split() == ["loud", "receiving", "101", "101", "0"]
    assert table[5].split() == ["edge", "fill", "packets"]
    assert table[6].split() == ["numbers.out->loud.value", "░" * 10, "0/64", "101"]
    assert table[8].split() == ["long_one.out->outputs.out", "101"]


def test_what_components_print_does_not_tear_the_table(folder: Path) -> None:
    """Prints, logs, half lines and lines wider than the screen stand above the table, each once and in order."""
    with Terminal("run", "gated.py", "--gate", "gate", cwd=folder) as terminal:
        terminal.read_until(is_waiting)
        (folder / "gate").write_text("go on")
        screen = terminal.read_to_end()
        assert terminal.process.returncode == 0
    first = next(i for i, line in enumerate(screen) if line.startswith("node "))
    printed = [line for line in screen[:first] if not line.startswith("xxx")]
    assert printed == [
        line for n in range(0, 200, 20) for line in (f"printed {n}", f"logged {n}", f"half a line, whole {n}")
    ]
    assert "".join(line for line in screen[:first] if line.startswith("xxx")) == "x" * 250


def test_the_nodes_stay_with_their_last_counts(folder: Path) -> None:
    """When the net has ended its nodes stay, then come the outputs, cut short, and one line of summary."""
    with Terminal("run", "gated.py", "--gate", "gate", cwd=folder) as terminal:
        terminal.read_until(is_waiting)
        (folder / "gate").write_text("go on")
        screen = terminal.read_to_end()
    end = screen[next(i for i, line in enumerate(screen) if line.startswith("node ")) :]
    assert [line.split()[:4] for line in end[1:4]] == [
        ["numbers", "ended", "0", "200"],
        ["loud", "ended", "200", "200"],
        ["long_one", "ended", "200", "200"],
    ]
    assert end[4] == ""
    assert end[5:25] == [str(n) for n in range(20)]
    assert end[25] == "... and 180 more (all of them with --json, or in a pipe)"
    assert re.fullmatch(r"gated: finished after \d+\.\d\d s, 600 packets, [\d,]+/s", end[26])
    assert end[27:] == [""]


@pytest.mark.parametrize(("columns", "rows"), [(100, 30), (60, 20), (40, 10)])
def test_a_large_net_fits_a_small_screen(folder: Path, columns: int, rows: int) -> None:
    """Of a net of 61 nodes as many are shown as fit, and the others are counted; no line is too long."""
    with Terminal("run", "wide.py", "--gate", "gate", cwd=folder, columns=columns, rows=rows) as terminal:
        screen = terminal.read_until(is_waiting)
    table = screen[next(i for i, line in enumerate(screen) if line.startswith("wide  running")) :]
    assert len(table) <= rows
    assert max(map(len, table)) <= columns
    more = [int(line.split()[1]) for line in table if line.startswith("and ")]
    edges = next(i for i, line in enumerate(table) if line.startswith("edge "))
    assert edges - 3 + more[0] == 61
    assert more[1] > 40


def test_no_color_is_heeded(folder: Path) -> None:
    """With NO_COLOR set no colours are written, only bold and dim."""
    with Terminal("run", "gated.py", "--gate", "gate", cwd=folder, NO_COLOR="1") as terminal:
        terminal.read_until(is_waiting)
        (folder / "gate").write_text("go on")
        terminal.read_to_end()
        styles = {code for codes in re.findall(r"\x1b\[([\d;]*)m", terminal.seen) for code in codes.split(";")}
    assert styles <= {"", "0", "1", "2"}


def test_no_table_is_painted_when_none_is_wanted(folder: Path) -> None:
    """With --no-live a terminal shows what a pipe would get, and prints go straight through."""
    with Terminal("run", "gated.py", "--gate", "gate", "--no-live", cwd=folder) as terminal:
        terminal.read_until(lambda screen: "printed 100" in screen)
        (folder / "gate").write_text("go on")
        screen = terminal.read_to_end()
    assert not [line for line in screen if line.startswith(("node ", "gated  "))]
    assert "\x1b[2K" not in terminal.seen


def test_a_dumb_terminal_gets_no_table(folder: Path) -> None:
    """A terminal that cannot move its cursor is not painted on."""
    with Terminal("run", "gated.py", "--gate", "gate", cwd=folder, TERM="dumb") as terminal:
        terminal.read_until(lambda screen: "printed 100" in screen)
        (folder / "gate").write_text("go on")
        terminal.read_to_end()
    assert "\x1b[" not in terminal.seen


def test_an_interrupt_is_shown_and_ends_tidily(folder: Path) -> None:
    """After Ctrl-C the table says that the net is stopping; after the second it is gone, and the cursor is back."""
    with Terminal("run", "endless.py", "--stubborn", cwd=folder) as terminal:
        terminal.read_until(lambda screen: any("waits in" in line for line in screen))
        os.killpg(terminal.process.pid, signal.SIGINT)
        terminal.read_until(lambda screen: any("stopping, Ctrl-C ends it at once" in line for line in screen))
        os.killpg(terminal.process.pid, signal.SIGINT)
        screen = terminal.read_to_end()
        assert terminal.process.returncode == 5
    assert screen[-3].startswith("endless: stopped after")
    assert terminal.seen.rindex("\x1b[?25h") > terminal.seen.rindex("\x1b[?25l")
    assert not [line for line in screen if "running  " in line and "packets" in line]

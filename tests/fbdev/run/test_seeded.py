import json
import subprocess
import sys
from pathlib import Path

import pytest

from fbcore.formats.python_file import load_graph
from fbcore.testing import run_stepped
from fbdev.cli import main
from tests.fbdev import nets
from tests.fbdev.run.test_command import write

RACE = """
import asyncio
from fbcore import Component, Graph, In, Out

class Say(Component):
    heard: Out[str]

    async def run(self) -> None:
        for number in range(3):
            await asyncio.sleep(3600 * (number > 1))
            await self.heard.send(f"{self.name}{number}")

class First(Say):
    name = "a"

class Second(Say):
    name = "b"

class Listen(Component):
    said: In[str]
    order: Out[str]

    async def run(self) -> None:
        await self.order.send(" ".join([word async for word in self.said]))

graph = Graph("race")
listen = graph.add(Listen)
graph.add(First).heard >> listen.said
graph.add(Second).heard >> listen.said
listen.order >> graph.outputs.order
"""

THREAD = """
import asyncio
from fbcore import Graph, component

@component
async def read() -> str:
    return await asyncio.to_thread(str)

graph = Graph("thread")
graph.add(read).out >> graph.outputs.out
"""


def test_a_seed_gives_one_order_and_another_seed_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The order is that of `run_stepped`, the same each time; an hour of sleep is over at once."""
    path = write(tmp_path, RACE)
    found = []
    for seed in range(6):
        said = [main(["run", path, "--seed", str(seed)]), capsys.readouterr().out]
        assert said == [main(["run", path, "--seed", str(seed)]), capsys.readouterr().out]
        assert said == [0, f"{run_stepped(load_graph(path), seed).outputs.order[0]}\n"]
        found.append(said[1])
    assert len(set(found)) > 1


def test_the_summary_and_the_exit_code_are_those_of_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A bad end is told as ever, and its time is that of the net."""
    assert main(["run", write(tmp_path, nets.DEADLOCKED), "--seed", "1"]) == 4
    assert "circle  a -> a.said->b.heard" in capsys.readouterr().err
    assert main(["run", write(tmp_path, RACE), "--seed", "1"]) == 0
    assert capsys.readouterr().err.startswith("race: finished after 60 min 0 s")
    assert main(["run", write(tmp_path, nets.FAILED), "--input", "value=0", "--seed", "1"]) == 1
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_outputs_are_written_when_the_net_has_ended(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Lines go to files and to standard output, and the document of JSON is as ever."""
    path = write(tmp_path, nets.FINISHED)
    where = tmp_path / "out.jsonl"
    assert main(["run", path, "--seed", "1", "--output", f"doubled=@{where}"]) == 0
    assert (where.read_text(), capsys.readouterr().out) == ("0\n2\n4\n", "")
    assert main(["run", path, "--seed", "1", "--output", "doubled=-"]) == 0
    assert capsys.readouterr().out == "0\n2\n4\n"
    assert main(["run", path, "--seed", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["outputs"] == {"doubled": [0, 2, 4]}


def test_work_that_virtual_time_cannot_wait_for_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A thread fails the net, with an error that says why, and no traceback."""
    assert main(["run", write(tmp_path, THREAD), "--seed", "1"]) == 1
    err = capsys.readouterr().err
    assert "a stepped loop cannot wait for a thread" in err
    assert "Traceback" not in err


def test_a_time_limit_is_one_of_virtual_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A limit cancels the net when its own time is up."""
    assert main(["run", write(tmp_path, RACE), "--seed", "1", "--time-limit", "60"]) == 5
    assert "the time limit of 60 s is over" in capsys.readouterr().err


def test_a_live_table_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """There is nothing to watch where time jumps, which is said when it is asked for."""
    assert main(["run", write(tmp_path, RACE), "--seed", "1", "--live"]) == 2
    assert "with --seed there is no time in which to watch" in capsys.readouterr().err


@pytest.mark.slow
def test_standard_input_is_read(tmp_path: Path) -> None:
    """Lines of a pipe come in as ever, though nobody can wait for them."""
    command = [sys.executable, "-m", "fbdev", "run", write(tmp_path, nets.FAILED), "--seed", "1", "--input", "value=-"]
    run = subprocess.run(command, check=False, capture_output=True, text=True, input="4\n2\n")
    assert (run.returncode, run.stdout) == (0, "0.25\n0.5\n")

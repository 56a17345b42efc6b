"""`fbdev run --settings` and `fbdev check --settings`."""

import json
from pathlib import Path

import pytest

from fbcore import FSMRuntime
from fbcore.formats.python_file import load_graph
from fbdev.cli import main
from fbdev.step.recording import write_choices
from tests.fbdev.run.test_command import write

NET = """
from fbcore import Graph, component

@component
def double(number: int) -> int:
    return 2 * number

inner = Graph("inner")
inner.inputs.number >> inner.add(double).number
inner["double"].out >> inner.outputs.out

graph = Graph("numbers")
node = graph.add(inner.as_component())
graph.inputs.number >> node.number
node.out >> graph.outputs.doubled
"""


def files(tmp_path: Path, settings: str) -> list[str]:
    """Write a net, and settings for it, and return what names them on the command line."""
    file = tmp_path / "net.toml"
    file.write_text(settings, encoding="utf-8")
    return [write(tmp_path, NET), "--settings", str(file)]


def test_a_net_is_run_as_settings_say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the file says of a node holds for it."""
    arguments = files(tmp_path, "[nodes.'inner.double']\ncapacity = 3\n")
    assert main(["run", *arguments, "--input", "number=4", "--json"]) == 0
    edges = json.loads(capsys.readouterr().out)["edges"]
    assert [edge["capacity"] for edge in edges.values() if edge["capacity"] is not None] == [3]


def test_edges_are_run_as_settings_say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the file says of edges holds, and what they have lost is in the document."""
    edge = "inputs.number->inner.double.number"
    arguments = files(tmp_path, f'[edges."**->inner.*.*"]\ncapacity = 1\n[edges."{edge}"]\ndrop = "newest"\n')
    (tmp_path / "numbers.txt").write_text("4\n5\n6\n", encoding="utf-8")
    assert main(["run", *arguments, "--input", f"number=@{tmp_path}/numbers.txt", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    lost = document["dropped"].get(edge, 0)
    assert len(document["outputs"]["doubled"]) + lost == 3
    assert (document["edges"][edge]["capacity"], document["expired"]) == (1, {})


def test_settings_that_do_not_fit_are_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The run is refused, with the line, and with the address that was meant."""
    assert main(["run", *files(tmp_path, "[nodes.doubel]\ncapacity = 3\n"), "--input", "number=4"]) == 2
    error = capsys.readouterr().err
    assert "net.toml:2" in error
    assert "its nodes are: inner.double" in error
    assert main(["run", *files(tmp_path, "capacty = 3\n"), "--input", "number=4"]) == 2
    assert "did you mean capacity?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("settings", "code", "said"),
    [
        ("[nodes.'inner.double']\ncapacity = 3\n", 0, ""),
        ("[nodes.doubel]\ncapacity = 3\n", 1, "the graph has no node 'doubel'"),
        ("capacty = 3\n", 1, "there is no setting 'capacty'"),
        ("capacity = \n", 1, "this is no TOML"),
        ('{"grace": 1, "grace": 2}', 1, "this is no TOML"),
    ],
)
def test_settings_are_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], settings: str, code: int, said: str
) -> None:
    """A check finds what is wrong with settings, and for which of the graphs; parts of a graph are not asked."""
    assert main(["check", *files(tmp_path, settings)]) == code
    assert said in capsys.readouterr().out


STATE = """
from fbcore import Component, Graph, In, Memory, Out

class Counts(Component):
    number: In[int]
    count: Out[int]

    async def run(self) -> None:
        await self.count.send(len([number async for number in self.number]))

class Remembers(Counts):
    seen: Memory[int] = Memory(int)

class Forgets(Counts):
    stateless = True

graph = Graph("counting")
for kind in Counts, Remembers, Forgets:
    node = graph.add(kind)
    graph.inputs.number >> node.number
    node.count >> graph.outputs[f"of_{kind.__name__.lower()}"]
"""


def test_a_check_warns_of_what_a_restart_forgets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A class without a Memory, that does not say that it has nothing to remember, loses what it keeps."""
    settings = tmp_path / "net.toml"
    settings.write_text('restart = "on failure"\n', encoding="utf-8")
    arguments = ["check", write(tmp_path, STATE), "--settings", str(settings)]
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert "warning: counts: what it keeps in its variables is lost when it is begun anew" in said
    assert "remembers:" not in said
    assert "forgets:" not in said
    assert main([*arguments, "--strict"]) == 1


FLAKY = """
from fbcore import Component, Graph, In, Out, Memory

class Flaky(Component):
    number: In[int]
    passed: Out[int]
    tried: Memory[int] = Memory(int)

    async def run(self) -> None:
        async for number in self.number:
            self.tried.value += 1
            if self.tried.value < 3:
                raise ValueError(number)
            await self.passed.send(number)

graph = Graph("flaky_line")
node = graph.add(Flaky)
graph.inputs.number >> node.number
node.passed >> graph.outputs.passed
"""


def test_restarts_are_stepped_and_explored_from_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`fbdev step` and `fbdev explore` take the same settings as `fbdev run`."""
    settings, script = tmp_path / "net.toml", tmp_path / "choices.json"
    settings.write_text("[nodes.flaky]\nrestart = { backoff = 1 }\n", encoding="utf-8")
    arguments = [write(tmp_path, FLAKY), "--settings", str(settings), "--input", "number=7"]
    main(["explore", *arguments])
    assert "flaky_line: holds" in capsys.readouterr().out
    with FSMRuntime(load_graph(arguments[0]), settings=settings).start(inputs={"number": 7}) as fsm:
        fsm.run()
        write_choices(script, fsm.choices, "all of it")
    assert main(["step", *arguments, "--script", str(script)]) == 0
    assert capsys.readouterr().out.count("returned 7 to inputs.number->flaky.number") == 2


@pytest.mark.parametrize("words", [["run"], ["check"], ["step"]])
def test_a_file_without_a_name_is_refused(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A variable of a shell that is not set is no reason to run without the settings that were meant."""
    assert main([*words, write(tmp_path, NET), "--settings="]) == 2
    assert '"" names no file; leave the option away for none' in capsys.readouterr().err

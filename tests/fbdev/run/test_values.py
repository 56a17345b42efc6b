import json
from pathlib import Path
from typing import Any

import pytest

from fbdev.cli import main

ECHO = """
from datetime import date
from pathlib import Path
from typing import Any, Literal
from fbcore import Component, Config, Graph, Out

class Echo(Component):
    value: Config[{kind}]{default}
    out: Out[Any]

    async def run(self) -> None:
        await self.out.send(self.value.value)
        await self.out.send(type(self.value.value).__name__)

graph = Graph("echo")
graph.configs.value >> graph.add(Echo).value
graph["echo"].out >> graph.outputs.out
"""

TAKE = """
from fbcore import Component, Graph, In, Out
from pathlib import Path
from typing import Any

class Take(Component):
    value: In[{kind}]
    out: Out[Any]

    async def run(self) -> None:
        async for value in self.value:
            await self.out.send([value, type(value).__name__])

graph = Graph("take")
graph.inputs.value >> graph.add(Take).value
graph["take"].out >> graph.outputs.out
"""

TWO_TYPES = """
from pathlib import Path
from fbcore import Graph, component

@component
def of_path(place: Path = Path()) -> str:
    return type(place).__name__

@component
def of_text(place: str = "") -> str:
    return type(place).__name__

graph = Graph("two_types")
for node in (graph.add(of_path), graph.add(of_text)):
    graph.configs.place >> node.place
    node.out >> graph.outputs.out
"""


def outputs(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> list[Any]:
    """Run a net and return what came out of `out`."""
    assert main(["run", *arguments, "--json"]) == 0
    return list(json.loads(capsys.readouterr().out)["outputs"]["out"])


@pytest.mark.parametrize(
    ("kind", "given", "value", "type"),
    [
        ("str", "5", "5", "str"),
        ("str", '"5"', '"5"', "str"),
        ("int", "-5", -5, "int"),
        ("float", "1e3", 1000.0, "float"),
        ("Path", "a/b.csv", "a/b.csv", "PosixPath"),
        ("bool | None", None, True, "bool"),
        ("Literal['fast', 'slow']", "slow", "slow", "str"),
        ("list[int]", "[1, 2]", [1, 2], "list"),
        ("dict[str, int]", '{"a": 1}', {"a": 1}, "dict"),
        ("int | None", "null", None, "NoneType"),
        ("int | None", "3", 3, "int"),
        ("date", "2013-01-31", "2013-01-31", "date"),
        ("Any", "5", 5, "int"),
        ("Any", "five", "five", "str"),
    ],
)
def test_a_config_is_read_as_its_type(
    tmp_path: Path, kind: str, given: str | None, value: Any, type: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A text is read as the config wants it, and as JSON where a text will not do."""
    (tmp_path / "net.py").write_text(ECHO.format(kind=kind, default=""))
    option = ["--value"] if given is None else ["--value", given]
    assert outputs([str(tmp_path / "net.py"), *option], capsys) == [value, type]


@pytest.mark.parametrize(("option", "value"), [([], True), (["--value"], True), (["--no-value"], False)])
def test_a_flag_is_a_bool(tmp_path: Path, option: list[str], value: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """A flag sets its config to true or false, and left out leaves the default."""
    (tmp_path / "net.py").write_text(ECHO.format(kind="bool", default=" = Config(default=True)"))
    assert outputs([str(tmp_path / "net.py"), *option], capsys) == [value, "bool"]


def test_one_text_may_feed_configs_of_two_types(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where one config of the graph feeds several nodes, each reads the text for itself."""
    (tmp_path / "net.py").write_text(TWO_TYPES)
    assert sorted(outputs([str(tmp_path / "net.py"), "--place", "a"], capsys)) == ["PosixPath", "str"]


def test_a_missing_config_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A config without a value or a default is named as the option that it is."""
    (tmp_path / "net.py").write_text(ECHO.format(kind="int", default=""))
    assert main(["run", str(tmp_path / "net.py")]) == 2
    assert capsys.readouterr().err == (
        "error: --value: this config of the graph has no value and no default\n  hint: add --value INTEGER\n"
    )


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        ("int", "x", "error: --value: 'x' is no int: "),
        ("list[int]", "[1,", "error: --value: '[1,' is no list[int]: "),
        ("Literal['fast', 'slow']", "fats", "'fast' or 'slow'"),
    ],
)
def test_a_config_that_does_not_fit_is_refused(
    tmp_path: Path, kind: str, given: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A text that cannot be read as its config is refused by the name of its option."""
    (tmp_path / "net.py").write_text(ECHO.format(kind=kind, default=""))
    assert main(["run", str(tmp_path / "net.py"), "--value", given]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("kind", "given", "value"),
    [
        ("str", "5", ["5", "str"]),
        ("str", "a=b", ["a=b", "str"]),
        ("int", "5", [5, "int"]),
        ("Path", "a", ["a", "PosixPath"]),
        ("list[int]", "[1]", [[1], "list"]),
        ("Any", "5", [5, "int"]),
        ("Any", "x", ["x", "str"]),
    ],
)
def test_an_input_is_one_value(
    tmp_path: Path, kind: str, given: str, value: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--input NAME=VALUE` gives an input one value, read as what the input takes."""
    (tmp_path / "net.py").write_text(TAKE.format(kind=kind))
    assert outputs([str(tmp_path / "net.py"), "--input", f"value={given}"], capsys) == [value]


def test_an_input_takes_the_lines_of_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--input NAME=@FILE` sends each line of a file, read as what the input takes."""
    (tmp_path / "net.py").write_text(TAKE.format(kind="int"))
    (tmp_path / "numbers.txt").write_text("1\n2\n3")
    given = f"value=@{tmp_path / 'numbers.txt'}"
    assert outputs([str(tmp_path / "net.py"), "--input", given], capsys) == [[1, "int"], [2, "int"], [3, "int"]]


def test_a_line_that_does_not_fit_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line of a file that cannot be read fails the net with the number of the line."""
    (tmp_path / "net.py").write_text(TAKE.format(kind="int"))
    (tmp_path / "numbers.txt").write_text("1\nx\n")
    assert main(["run", str(tmp_path / "net.py"), "--input", f"value=@{tmp_path / 'numbers.txt'}"]) == 1
    assert f"line 2 of {tmp_path / 'numbers.txt'}: 'x' is no int" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["value=x"], "error: --input value: 'x' is no int: "),
        (["other=1"], "error: --input other: the graph has no such input\n  hint: its inputs are: value"),
        (["value=1", "value=2"], "error: --input value: this input is given twice\n"),
        (["value"], "error: --input value: a name alone is no input\n  hint: write --input value=VALUE"),
        (["value=@nowhere.txt"], "error: --input value: cannot read nowhere.txt: No such file or directory"),
        ([], "error: inputs.value: this input of the graph has no value\n  hint: add --input value=VALUE"),
    ],
)
def test_an_input_that_cannot_be_is_refused(
    tmp_path: Path, given: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be an input is wrong usage, said with the way to mend it."""
    (tmp_path / "net.py").write_text(TAKE.format(kind="int"))
    arguments = [word for each in given for word in ("--input", each)]
    assert main(["run", str(tmp_path / "net.py"), *arguments]) == 2
    assert capsys.readouterr().err.startswith(said)

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

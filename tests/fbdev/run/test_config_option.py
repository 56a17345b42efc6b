import enum
import re
from datetime import date
from pathlib import Path
from typing import Any, Literal

import pytest

from fbcore import Component, Config, Graph
from fbdev.invoke import invoke
from fbdev.run.config_option import config_options
from fbdev.run.options import run_command


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


def graph_of(**configs: tuple[Any, Any]) -> Graph:
    """A graph of one node, `work`, with configs of these types and defaults (none: `...`), each fed from outside."""
    annotations = {name: Config[kind] for name, (kind, _) in configs.items()}  # type: ignore[valid-type]
    defaults = {name: Config(default=d) for name, (_, d) in configs.items() if d is not ...}

    async def run(self: Component) -> None: ...

    body = {"__annotations__": annotations, "__doc__": "Work [hard] all day.\n\nAnd more.", "run": run, **defaults}
    work = type("Work", (Component,), body)
    graph = Graph("net")
    node = graph.add(work)
    for name in configs:
        getattr(graph.configs, name) >> getattr(node, name)
    return graph


def help_of(graph: Graph, capsys: pytest.CaptureFixture[str]) -> str:
    """Return the help for running a graph, as words with single spaces."""
    command = run_command(graph, lambda options, configs: 0)
    assert invoke(command, "fbdev run net.py", ["--help"]) == 0
    return re.sub(r"[│\s]+", " ", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("kind", "metavar"),
    [
        (str, "TEXT"),
        (int, "INTEGER"),
        (float, "FLOAT"),
        (Path, "PATH"),
        (Any, "VALUE"),
        (int | None, "INTEGER"),
        (Literal["fast", "slow"], "[fast|slow]"),
        (Colour, "[red|blue]"),
        (list[int], "list[int]"),
        (date, "date"),
    ],
)
def test_the_type_is_shown(kind: Any, metavar: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An option shows the type of its config, the values of a choice among them."""
    assert f"--size {metavar} For work.size: Work [hard] all day. [required]" in help_of(
        graph_of(size=(kind, ...)), capsys
    )


@pytest.mark.parametrize(
    ("kind", "default", "shown"),
    [
        (int, 3, "3"),
        (str, "a b", "a b"),
        (str, " ", "' '"),
        (str, "", "''"),
        (Path, Path("x/y"), "x/y"),
        (int | None, None, "none"),
        (list[int], [1], "[1]"),
        (bool, True, "on"),
        (bool, False, "off"),
    ],
)
def test_the_default_is_shown(kind: Any, default: Any, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An option that may be left out shows what the config is then."""
    assert f"[default: {shown}]" in help_of(graph_of(size=(kind, default)), capsys)


def test_a_bool_is_a_flag(capsys: pytest.CaptureFixture[str]) -> None:
    """A config that is true or false is `--name` and `--no-name`."""
    assert "--all-of-it --no-all-of-it For work.all_of_it" in help_of(graph_of(all_of_it=(bool, False)), capsys)


def test_underscores_become_dashes() -> None:
    """An option is written as people write options; underscores at the ends are left out."""
    graph = graph_of(sort_by=(str, ...), n=(int, ...), last=(int, ...))
    for name in ("_hidden", "_"):
        getattr(graph.configs, name) >> graph["work"].last
    options = config_options(graph, [])
    assert [option.option for option in options] == ["--sort-by", "--n", "--last", "--hidden", "--config"]


def test_a_config_that_feeds_several_nodes_names_them(capsys: pytest.CaptureFixture[str]) -> None:
    """One option may feed several nodes; where their defaults differ, each is shown."""
    graph = graph_of(size=(int, 1))
    other = graph.add(graph.nodes["work"].component.target, "other")
    graph.configs.size >> other.size
    assert "For work.size, other.size: Work" in help_of(graph, capsys)


def test_differing_defaults_are_all_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """Where the defaults of the nodes that one config feeds differ, each is shown with its node."""
    graph = graph_of(size=(int, 1))
    other = graph.add(graph_of(size=(int, 2)).nodes["work"].component.target, "other")
    graph.configs.size >> other.size
    assert "[default: 1 for work.size, 2 for other.size]" in help_of(graph, capsys)


def test_one_required_config_makes_the_option_required(capsys: pytest.CaptureFixture[str]) -> None:
    """An option is required when any node that it feeds requires it."""
    graph = graph_of(size=(int, 1))
    other = graph.add(graph_of(size=(int, ...)).nodes["work"].component.target, "other")
    graph.configs.size >> other.size
    assert "[required]" in help_of(graph, capsys)


@pytest.mark.parametrize("name", ["json", "input", "live", "help", "debug", "quiet"])
def test_a_name_that_is_taken_gets_a_prefix(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A config that is called like an option of every net is `--config-NAME`."""
    assert f"--config-{name} TEXT For work.{name}" in help_of(graph_of(**{name: (str, ...)}), capsys)


def test_the_negative_of_a_flag_is_taken_too() -> None:
    """A flag keeps off another config that is called like its negative, or the other way round."""
    options = config_options(graph_of(no_dry=(str, ...), dry=(bool, False)), [])
    assert [option.options for option in options] == [["--no-dry"], ["--config-dry", "--no-config-dry"]]


def test_a_prefix_that_is_taken_is_put_twice() -> None:
    """A config called `config_json` does not lose its option to one called `json`."""
    options = config_options(graph_of(config_json=(str, ...), json=(str, ...)), ["--json"])
    assert [option.option for option in options] == ["--config-json", "--config-config-json"]


def test_a_config_may_be_inside_a_composite(capsys: pytest.CaptureFixture[str]) -> None:
    """An option that feeds a composite names the node inside, and shows the default that counts in the end."""
    inner = graph_of(size=(int, 1))
    outer = Graph("outer")
    part = outer.add(inner.as_component())
    outer.configs.size >> part.size
    assert "--size INTEGER For net.work.size: Work [hard] all day. [default: 1]" in help_of(outer, capsys)

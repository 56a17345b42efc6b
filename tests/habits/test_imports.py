import ast
import subprocess
import sys
from pathlib import Path

import pytest

import fbcore
from tests.habits.tree import ROOT

SLOW = {"networkx", "pydantic", "rich", "typer"}

PLAIN_NET = """
from fbcore import BatchRuntime, Graph, component

@component
def double(number):
    return 2 * number

graph = Graph("doubling")
graph.inputs.number >> graph.add(double).number
graph["double"].out >> graph.outputs.doubled
assert BatchRuntime(graph).run(inputs={"number": 21}).outputs.doubled == [42]
"""


def modules_after(statement: str) -> set[str]:
    """Run a statement in a fresh interpreter and name the top-level modules that are loaded then."""
    return {module.partition(".")[0] for module in all_modules_after(statement)}


def all_modules_after(statement: str) -> set[str]:
    """Run a statement in a fresh interpreter and name the modules that are loaded then."""
    code = f"{statement}\nimport sys; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    # Whatever else is printed comes before that.
    return set(run.stdout.splitlines()[-1].split())


def imported_for_types() -> dict[str, str]:
    """Name what fbcore imports for type checkers only, each with its module."""
    tree = ast.parse((ROOT / "fbcore" / "__init__.py").read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    return {alias.name: str(node.module) for node in imports for alias in node.names}


def test_import_loads_nothing_slow() -> None:
    """`import fbcore` leaves what takes long to load until it is used."""
    assert modules_after("import fbcore") & SLOW == set()


def test_a_slow_import_is_found() -> None:
    """The check above sees what was loaded."""
    assert "pydantic" in modules_after("import pydantic")


def test_import_loads_what_declares_nets_and_nothing_that_runs_them() -> None:
    """`import fbcore` is quick since it loads words alone: no net, no runtime, and few modules in all."""
    loaded = all_modules_after("import fbcore")
    assert "asyncio" not in loaded
    ours = {name for name in loaded if name.startswith("fbcore.")}
    assert {name.split(".")[1] for name in ours} == {"errors", "model", "source"}
    assert len(ours) < 35


@pytest.mark.slow
def test_a_net_that_nothing_is_said_of_is_run_without_what_manages_nets() -> None:
    """Who runs a graph as it is waits for no settings, no policies, and nothing that reads or writes files."""
    loaded = all_modules_after(PLAIN_NET)
    unwanted = ("fbcore.orchestration", "fbcore.formats", "fbcore.observers", "fbcore.loop", "fbcore.net.policed_edge")
    unwanted += ("dataclasses", "pathlib", "json", "uuid")
    assert [name for name in sorted(loaded) if name.startswith((*unwanted, *SLOW))] == []


NET_FILE = """
from pathlib import Path
from fbcore import Component, Config, Graph, Out

class ReadText(Component):
    path: Config[Path]
    text: Out[str]

    async def run(self) -> None:
        await self.text.send(self.path.value.read_text())

graph = Graph("reading")
read = graph.add(ReadText)
graph.configs.path >> read.path
read.text >> graph.outputs.text
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "unwanted"),
    [
        ("--help", ("fbcore", "asyncio", "pydantic")),
        ("new --help", ("fbcore", "asyncio", "pydantic")),
        ("check net.py", ("fbcore.net", "fbcore.orchestration", "asyncio", "rich", "pydantic")),
        ("draw net.py", ("fbcore.net", "fbcore.orchestration", "rich", "pydantic")),
        ("run net.py --path net.py", ("fbcore.orchestration", "rich", "pydantic", "email")),
    ],
)
def test_a_command_loads_what_it_needs(words: str, unwanted: tuple[str, ...], tmp_path: Path) -> None:
    """Every prompt waits for what a command loads; none waits for what only others need."""
    (tmp_path / "net.py").write_text(NET_FILE, encoding="utf-8")
    command = [*words.replace("net.py", str(tmp_path / "net.py")).split()]
    loaded = all_modules_after(f"from fbdev.cli import main; assert main({command}) == 0; print()")
    assert [name for name in sorted(loaded) if name.startswith(unwanted)] == []


@pytest.mark.slow
def test_every_test_run_of_anybody_loads_the_plugin_alone() -> None:
    """Our plugin is loaded wherever it is installed, and loads nothing besides what pytest has loaded already."""
    usual = "import pytest, argparse, inspect, random"
    more = all_modules_after(f"{usual}; import fbdev.pytest_plugin") - all_modules_after(usual)
    assert more == {"fbdev", "fbdev.pytest_plugin"}


def test_what_is_imported_later_is_what_type_checkers_see() -> None:
    """Every name that `fbcore` imports when it is asked for comes from where type checkers are told that it does."""
    assert imported_for_types() == {name: f"fbcore.{module}" for name, module in fbcore._LATER.items()}


def test_names_that_are_imported_later_are_listed() -> None:
    """`dir(fbcore)` has every public name, asked for or not, and a name that there is not is refused."""
    assert set(fbcore.__all__) <= set(dir(fbcore))
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        _ = fbcore.Nothing

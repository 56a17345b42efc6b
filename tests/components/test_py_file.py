import os
import pickle
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from fbcore import BatchRuntime, Component, Graph, GraphError, In, LoadError, Out, PyFile
from fbcore.formats.graph_data import graph_from_data, graph_to_data
from fbcore.model.component import class_spec
from fbcore.model.graph import spec_of
from tests.components.py_files import DOUBLE, graph_of, refusal, run, write
from tests.habits.tree import ROOT


class Double(Component):
    number: In[int]
    doubled: Out[int]

    async def run(self) -> None:
        async for value in self.number:
            await self.doubled.send(2 * value)


MAIN = """
    def main(number: int) -> int:
        return 2 * number
    """
SCRIPT = """
    # /// fbcore
    # [inputs]
    # number = "int"
    # [outputs]
    # doubled = "int"
    # ///
    import sys
    for line in sys.stdin:
        print(2 * int(line))
    """


def test_every_way_gives_what_a_class_gives(tmp_path: Path) -> None:
    """The same work as a body, as `main`, as a script and as a class: the same packets, in the same order."""
    inputs = {"number": range(300)}
    expected = run(Double, inputs).outputs.doubled
    assert run(PyFile(write(tmp_path / "body.py", DOUBLE)), inputs).outputs.doubled == expected
    assert run(PyFile(write(tmp_path / "function.py", MAIN)), inputs).outputs.out == expected
    assert run(PyFile(write(tmp_path / "script.py", SCRIPT), process=True), inputs).outputs.doubled == expected


@pytest.mark.parametrize("text", [DOUBLE, MAIN], ids=["body", "main"])
@pytest.mark.parametrize(
    ("name", "id"), [("double.py", "double"), ("double-it.py", "double_it"), ("2 it.py", "_2_it"), ("Odd.v2", "odd")]
)
def test_the_node_is_named_after_the_file(tmp_path: Path, text: str, name: str, id: str) -> None:
    """The id of the node is the file's name, made an id where it is none."""
    graph = graph_of(PyFile(write(tmp_path / name, text)))
    assert graph.nodes["it"].component.name == id


def test_a_file_is_documented_by_its_docstring(tmp_path: Path) -> None:
    """What the file says of itself is the documentation of the component."""
    assert class_spec(PyFile(write(tmp_path / "a.py", '"""Double it."""\n' + dedent(DOUBLE)))).doc == "Double it."
    assert class_spec(PyFile(write(tmp_path / "b.py", DOUBLE))).doc == "The component in b.py."


@pytest.mark.parametrize("text", [DOUBLE, MAIN], ids=["body", "main"])
def test_a_changed_file_counts_when_it_is_named_again(tmp_path: Path, text: str) -> None:
    """A component keeps the text that it was made of; a new one has the new text."""
    path = write(tmp_path / "file.py", text)
    old = PyFile(path)
    write(path, text.replace("2 *", "30 *"))
    new = PyFile(path)
    port = "doubled" if text == DOUBLE else "out"
    assert [run(each, {"number": [1]}).outputs[port] for each in (old, new)] == [[2], [30]]


@pytest.mark.parametrize("options", [{}, {"process": True}])
def test_a_class_of_a_file_is_made_again_by_unpickling(tmp_path: Path, options: dict[str, bool]) -> None:
    """A component made of a file is pickled as the call that made it."""
    path = write(tmp_path / "double.py", SCRIPT if options else DOUBLE)
    again = pickle.loads(pickle.dumps(PyFile(path, **options)))
    assert run(again, {"number": [4]}).outputs.doubled == [8]
    assert repr(again) == f"<component double of {path}>"


def test_a_function_of_a_file_is_made_again_by_unpickling(tmp_path: Path) -> None:
    """So is one made of `main`."""
    again = pickle.loads(pickle.dumps(PyFile(write(tmp_path / "double.py", MAIN))))
    assert run(again, {"number": [4]}).outputs.out == [8]
    assert again(4) == 8


@pytest.mark.parametrize(
    ("text", "given"),
    [
        (DOUBLE, {}),
        (MAIN, {}),
        (SCRIPT, {"process": True}),
        (
            "from fbcore import *\nclass Own(Component):\n    number: In[int]\n    async def run(self): ...",
            {"entry": "Own"},
        ),
    ],
    ids=["body", "main", "process", "entry"],
)
def test_a_file_takes_a_name_and_options(tmp_path: Path, text: str, given: dict[str, Any]) -> None:
    """As every template does; a pickle and a graph as data have them too, and a wrong one is told."""
    path = write(tmp_path / "double.py", text)
    made = PyFile(path, name="Twice", loop=False, **given)
    graph = Graph("net")
    graph.add(made)
    (node,) = graph_from_data(graph_to_data(graph)).nodes.values()
    for each in (made, pickle.loads(pickle.dumps(made)), node.component.target):
        assert (repr(each), each.options.loop) == ("<component Twice>", False)
    assert node.id == ("twice" if isinstance(made, type) else "Twice")
    plain = PyFile(path, **given)
    only = PyFile(path, execute_after_start=True, **given)
    assert (only.options.execute_after_start, plain.options.execute_after_start) == (True, None)
    assert spec_of(only).name == spec_of(plain).name
    with pytest.raises(GraphError, match="there is no option lopp") as caught:
        PyFile(path, lopp=True, **given)
    assert "did you mean loop?" in caught.value.hint
    with pytest.raises(GraphError, match="cannot be the name"):
        PyFile(path, name="a b", **given)


# -- where a file lies --------------------------------------------------------------------------------------

NET = """
    from fbcore import BatchRuntime, Each, Graph, PyFile

    graph = Graph("net")
    double = graph.add(PyFile("steps/double.py"))
    graph.inputs.number >> double.number
    double.doubled >> graph.outputs.numbers
    print(BatchRuntime(graph).run(inputs={"number": Each([1, 2])}).outputs.numbers)
    """


@pytest.mark.slow
@pytest.mark.parametrize("way", ["from its folder", "from elsewhere", "by a link"])
def test_a_path_is_relative_to_the_file_that_names_it(tmp_path: Path, way: str) -> None:
    """A net finds its files whatever the current folder is, and when the net is reached by a link."""
    net = write(tmp_path / "net.py", NET)
    write(tmp_path / "steps/double.py", DOUBLE)
    folder = tmp_path if way == "from its folder" else ROOT
    if way == "by a link":
        net = tmp_path / "elsewhere/linked.py"
        net.parent.mkdir()
        net.symlink_to(tmp_path / "net.py")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, net], cwd=folder, env=environment, check=True, stdout=-1, text=True)
    assert done.stdout == "[2, 4]\n"


def test_a_path_from_a_prompt_is_relative_to_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no file calls, a path is what it is everywhere: relative to the current folder."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "double.py", DOUBLE)
    made = eval('PyFile("double.py")', {"PyFile": PyFile})
    assert run(made, {"number": [1]}).outputs.doubled == [2]


def test_a_path_to_the_current_folder_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who meant the current folder learns how to say so."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "double.py", DOUBLE)
    with pytest.raises(LoadError, match="there is no such file") as caught:
        PyFile("double.py")
    assert caught.value.address == str(Path(__file__).parent / "double.py")
    assert 'Path.cwd() / "double.py"' in caught.value.hint


def test_a_missing_file_is_answered_with_a_similar_one(tmp_path: Path) -> None:
    """A name that is nearly right is answered with the right one."""
    path = write(tmp_path / "clean.py", DOUBLE)
    assert refusal(tmp_path / "claen.py").hint == f"did you mean {path}?"


# -- files that are no components ---------------------------------------------------------------------------


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    """A file of data is said to be no component."""
    assert "a component is a Python file" in refusal(write(tmp_path / "flights.csv", "year,month\n1,2 3\n")).hint


def test_a_file_that_declares_nothing_is_refused(tmp_path: Path) -> None:
    """A file with neither a block nor `main` is refused, and the hint shows a block."""
    error = refusal(write(tmp_path / "a.py", "print(1)\n"))
    assert "neither a block `# /// fbcore` in it nor a function main" in error.what
    assert "# [inputs]" in error.hint


def test_a_process_needs_a_block(tmp_path: Path) -> None:
    """A script has no signature that ports could be made of."""
    assert "it has no ports" in refusal(write(tmp_path / "a.py", MAIN), process=True).what


def test_an_entry_has_no_process(tmp_path: Path) -> None:
    """A script is run as a whole."""
    with pytest.raises(GraphError, match="runs the whole file"):
        PyFile(write(tmp_path / "a.py", MAIN), entry="main", process=True)


def test_what_the_graph_finds_wrong_is_told_with_the_block(tmp_path: Path) -> None:
    """A problem of the ports is shown with the line of the block."""
    path = write(
        tmp_path / "a.py",
        "# A file.\n" + dedent(DOUBLE).lstrip().replace("# [outputs]", "# [configs]\n# n = 'int'\n# [outputs]"),
    )
    with pytest.raises(GraphError, match="no value and no default"):
        BatchRuntime(graph_of(PyFile(path))).run(inputs={"number": 1})
    assert str(class_spec(PyFile(path)).place) == f"{path}:2"

import dataclasses
import os
import pickle
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fbcore import BatchRuntime, LoadError
from fbcore.formats.python_file import load_graph, split_target
from fbcore.source.module import import_file
from fbcore.source.package import importable
from fbcore.source.read import Source

A_GRAPH = """
from fbcore import Graph, component

@component
def one() -> int:
    return 1

{name} = Graph("{name}")
{name}.add(one).out >> {name}.outputs.n
"""

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file into the test's folder and return its path."""

    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture(autouse=True)
def modules_as_before(tmp_path: Path) -> Iterator[None]:
    """Forget what a test has imported."""
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def refusal(target: str | Path) -> LoadError:
    """Load what cannot be loaded, and return the error, which is one line and a hint."""
    with pytest.raises(LoadError) as caught:
        load_graph(target)
    assert "\n" not in caught.value.what + caught.value.address + caught.value.hint
    assert len(caught.value.what) < 400
    return caught.value


# -- choosing ---------------------------------------------------------------------------------------------


def test_the_only_graph_is_taken(write: Write) -> None:
    """A file with one graph needs no name."""
    assert load_graph(write("net.py", A_GRAPH.format(name="mine"))).name == "mine"


def test_the_graph_called_graph_is_taken(write: Write) -> None:
    """Among several graphs the one called `graph` is meant."""
    text = A_GRAPH.format(name="other") + A_GRAPH.format(name="graph")
    assert load_graph(write("net.py", text)).name == "graph"


def test_a_graph_is_taken_by_its_name(write: Write) -> None:
    """`file.py:name` names one of several."""
    path = write("net.py", A_GRAPH.format(name="other") + A_GRAPH.format(name="graph"))
    assert load_graph(f"{path}:other").name == "other"


def test_one_graph_with_two_names_is_one(write: Write) -> None:
    """A graph that has two names is not taken for two."""
    assert load_graph(write("net.py", A_GRAPH.format(name="mine") + "same = mine\n")).name == "mine"


def test_several_graphs_are_named(write: Write) -> None:
    """Where several graphs are and none is called `graph`, the error names them and the way to choose."""
    path = write("net.py", A_GRAPH.format(name="first") + A_GRAPH.format(name="second"))
    error = refusal(path)
    assert error.what == "there are 2 graphs in this file: first, second"
    assert error.hint == f"name one of them: {path}:first"


def test_no_graph_says_what_is_there(write: Write) -> None:
    """Where no graph is, the error says what was found, and how to declare one."""
    error = refusal(write("net.py", "import os\nfrom fbcore import Graph\nx = 1\ndef build(): ...\n"))
    assert error.what == "there is no graph in this file, only x, build"
    assert error.hint == 'declare one at the top level: graph = Graph("net")'


def test_an_empty_file_has_no_graph(write: Write) -> None:
    """An empty file is not said to hold anything."""
    assert refusal(write("net.py", "")).what == "there is no graph in this file, nor anything else"


def test_something_else_called_graph_is_told(write: Write) -> None:
    """A `graph` that is no Graph is told from a missing one."""
    assert refusal(write("net.py", "graph = {}\n")).what == "there is no graph in this file, and `graph` is a dict"


def test_an_unknown_name_is_answered_with_the_known_ones(write: Write) -> None:
    """A name that is not in the file: the graphs that are."""
    error = refusal(f"{write('net.py', A_GRAPH.format(name='mine'))}:yours")
    assert (error.what, error.hint) == ("there is no yours in this file", "its graphs are: mine")


def test_a_function_is_no_graph(write: Write) -> None:
    """The name of a function that makes a graph is refused with the way to call it."""
    error = refusal(f"{write('net.py', 'def build(): ...')}:build")
    assert (error.what, error.hint) == (
        "build is no Graph but a function",
        "make one of it at the top level: graph = build()",
    )


def test_a_colon_without_a_name_names_nothing(write: Write) -> None:
    """`file.py:` means the file."""
    assert load_graph(f"{write('net.py', A_GRAPH.format(name='mine'))}:").name == "mine"


@pytest.mark.parametrize(
    ("target", "file", "name"),
    [
        ("a.py", "a.py", ""),
        ("a.py:x", "a.py", "x"),
        ("a.py:1x", "a.py", "1x"),
        (r"C:\nets\a.py", r"C:\nets\a.py", ""),
        (r"C:\nets\a.py:x", r"C:\nets\a.py", "x"),
        ("a:b/c.py", "a:b/c.py", ""),
    ],
)
def test_a_target_is_split_at_its_name(target: str, file: str, name: str) -> None:
    """The name stands after the last colon; a colon in a path is none of ours."""
    assert split_target(target) == (Path(file), name)


# -- importing --------------------------------------------------------------------------------------------


def test_the_graph_runs(write: Write) -> None:
    """What is loaded is a graph like any other."""
    assert BatchRuntime(load_graph(write("net.py", A_GRAPH.format(name="mine")))).run().outputs.n == [1]


def test_neighbours_can_be_imported(write: Write, tmp_path: Path) -> None:
    """A file imports what lies beside it, and the path of imports is as before afterwards."""
    before = list(sys.path)
    write("neighbour_of_net.py", "NAME = 'mine'\n")
    path = write("net.py", "from fbcore import Graph\nfrom neighbour_of_net import NAME\ngraph = Graph(NAME)\n")
    assert load_graph(path).name == "mine"
    assert sys.path == before


def test_neighbours_can_be_imported_later(write: Write) -> None:
    """While a folder is importable, what lies in it is."""
    path = write("late_neighbour.py", "NAME = 'late'\n")
    with importable(path.parent):
        import late_neighbour  # type: ignore[import-not-found]

        assert late_neighbour.NAME == "late"


def test_neighbours_of_another_file_are_not_mixed_up(write: Write) -> None:
    """Two files in two folders each get their own neighbour, though the neighbours share a name."""
    text = "from fbcore import Graph\nfrom parts_of_net import NAME\ngraph = Graph(NAME)\n"
    names = []
    for name in ("left", "right"):
        write(f"{name}/parts_of_net.py", f"NAME = '{name}'\n")
        names.append(load_graph(write(f"{name}/net.py", text)).name)
    assert names == ["left", "right"]


def test_the_module_has_the_name_of_the_file(write: Write) -> None:
    """The file is a module that others can import, so that what it defines can be pickled."""
    module = import_file(Source(write("a_module_of_ours.py", "class Point: ...\npoint = Point()\n")))
    assert module is sys.modules["a_module_of_ours"]
    assert type(pickle.loads(pickle.dumps(module.point))) is module.Point


def test_dataclasses_with_late_annotations_work(write: Write) -> None:
    """A dataclass whose annotations are texts finds its module."""
    text = "from __future__ import annotations\nfrom dataclasses import dataclass, field\n"
    module = import_file(Source(write("net.py", f"{text}@dataclass\nclass P:\n    x: int = field(default=1)\n")))
    assert dataclasses.asdict(module.P()) == {"x": 1}


def test_a_file_in_a_package_is_a_module_of_it(write: Write) -> None:
    """A file beside `__init__.py` imports its siblings relatively, by the package's name, and by their plain names."""
    write("packed_nets/__init__.py", "")
    write("packed_nets/inner/__init__.py", "from .parts import NAME\n")
    write("packed_nets/inner/parts.py", "NAME = 'mine'\n")
    text = "from fbcore import Graph\nfrom .parts import NAME\nfrom ..inner import parts\nimport parts as plain\n"
    path = write("packed_nets/inner/net.py", text + "graph = Graph(NAME)\nclass Point: ...\n")
    module = import_file(Source(path))
    assert module.__name__ == "packed_nets.inner.net"
    assert pickle.loads(pickle.dumps(module.Point)) is module.Point
    assert load_graph(path).name == "mine"


def test_a_package_called_as_another_hurts_nobody(write: Write) -> None:
    """A folder with an `__init__.py`, called as a package of Python that is loaded, is one of plain files."""
    import json

    write("json/__init__.py", "")
    assert load_graph(write("json/net_of_ours.py", A_GRAPH.format(name="mine"))).name == "mine"
    assert sys.modules["json"] is json


def test_an_exception_in_a_package_is_told_with_its_line(write: Write) -> None:
    """What is wrong in the `__init__.py` of a file's package is one line, as anywhere."""
    write("broken_nets/__init__.py", "\n1 / 0\n")
    error = refusal(write("broken_nets/net.py", A_GRAPH.format(name="mine")))
    assert error.what == "ZeroDivisionError: division by zero"
    assert error.address.endswith("__init__.py:2")


@pytest.mark.parametrize("name", ["json.py", "not-a-name.py", "no_suffix"])
def test_a_name_that_is_taken_or_none_hurts_nobody(write: Write, name: str) -> None:
    """A file called as a module of Python, or by no name at all, is loaded without putting anything in its place."""
    import json

    assert load_graph(write(name, A_GRAPH.format(name="mine"))).name == "mine"
    assert sys.modules["json"] is json


def test_a_file_is_run_again_when_loaded_again(write: Write) -> None:
    """Every loading makes a new graph, as a graph that has run is frozen."""
    path = write("net.py", A_GRAPH.format(name="mine"))
    assert load_graph(path) is not load_graph(path)


def test_the_part_for_scripts_is_not_run(write: Write) -> None:
    """What stands under `if __name__ == "__main__"` is left alone."""
    load_graph(write("net.py", A_GRAPH.format(name="mine") + "if __name__ == '__main__':\n    raise SystemExit\n"))


# -- files that are no nets -------------------------------------------------------------------------------


def test_a_missing_file_is_answered_with_a_similar_one(write: Write) -> None:
    """A slip in the name of a file: the file that was meant."""
    path = write("flights.py", "")
    error = refusal(path.with_name("fligths.py"))
    assert (error.what, error.hint) == ("there is no such file", f"did you mean {path}?")
    assert isinstance(error.__cause__, FileNotFoundError)


def test_a_folder_is_answered_with_a_file_in_it(write: Write) -> None:
    """A folder: a file in it."""
    path = write("net.py", "")
    error = refusal(path.parent)
    assert (error.what, error.hint) == ("this is a folder, not a file", f"name a file in it, such as {path}")


def test_a_file_without_permission_is_refused(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that we may not read is told from a missing one."""
    path = write("net.py", "")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert refusal(path).what == "no permission to read this file"


def test_a_pipe_is_refused(tmp_path: Path) -> None:
    """What is no ordinary file is refused before anything waits for it."""
    os.mkfifo(tmp_path / "net.py")
    assert refusal(tmp_path / "net.py").what == "this is no ordinary file"


@pytest.mark.parametrize("name", ["a" * 5000, "a\0b.py"])
def test_an_impossible_path_is_refused(name: str) -> None:
    """A path that no file can have is an error of one short line."""
    with pytest.raises(LoadError, match="cannot read this file"):
        load_graph(name)


def test_binary_data_is_refused(tmp_path: Path) -> None:
    """Bytes that are no text are called that, wherever they begin."""
    path = tmp_path / "net.py"
    for data in (b"\x7fELF\0\0\0", b"x = 1\n" * 5000 + b"\0"):
        path.write_bytes(data)
        assert refusal(path).what.startswith("this is binary data")


def test_an_undecodable_file_is_refused_with_its_line(tmp_path: Path) -> None:
    """A file in another encoding: the line of the first byte that is not in ours."""
    path = tmp_path / "net.py"
    path.write_bytes(b"# one\n# caf\xe9\n")
    error = refusal(path)
    assert error.address == f"{path}:2"
    assert "0xe9" in error.what


def test_an_unknown_encoding_is_refused(write: Write) -> None:
    """An encoding that Python does not have is an error like any other of syntax."""
    assert "unknown encoding" in refusal(write("net.py", "# coding: klingon\n")).what


def test_a_syntax_error_is_refused_with_its_line(write: Write) -> None:
    """What is no Python: the line, and the error as Python calls it."""
    path = write("net.py", "x = 1\ny = (\n")
    error = refusal(path)
    assert (error.what, error.address) == ("SyntaxError: '(' was never closed", f"{path}:2")
    assert isinstance(error.__cause__, SyntaxError)


def test_a_file_of_another_kind_is_refused(write: Write) -> None:
    """A file of data is said to be no Python."""
    assert "a net is a Python file" in refusal(write("flights.csv", "year,month\n2013,1 2\n")).hint


@pytest.mark.parametrize("text", [f"x = '{'a' * 3_000_000}", "a b " * 500_000, "(" * 100_000, "-" * 100_000 + "1"])
def test_a_huge_line_is_refused_shortly(write: Write, text: str) -> None:
    """A line of megabytes is not quoted in the error."""
    refusal(write("net.py", text))


# -- files that raise -------------------------------------------------------------------------------------


def test_an_exception_is_refused_with_its_line(write: Write) -> None:
    """What a file raises while it is imported is told with its line, and is the cause."""
    path = write("net.py", "def f():\n    return 1 / 0\n\nf()\n")
    error = refusal(path)
    assert (error.what, error.address) == ("ZeroDivisionError: division by zero", f"{path}:2")
    assert isinstance(error.__cause__, ZeroDivisionError)
    assert "net" not in sys.modules


def test_an_exception_inside_a_library_is_told_with_the_users_line(write: Write) -> None:
    """The line is the last one of the user's own files, not one of a library."""
    path = write("net.py", "import json\n\njson.loads('{')\n")
    assert refusal(path).address == f"{path}:3"


def test_an_exception_in_a_neighbour_is_told_with_its_line(write: Write) -> None:
    """What a neighbour raises is told with the neighbour's line."""
    neighbour = write("raising_neighbour.py", "\n\nraise ValueError('no')\n")
    error = refusal(write("net.py", "import raising_neighbour\n"))
    assert (error.what, error.address) == ("ValueError: no", f"{neighbour}:3")


def test_a_syntax_error_in_a_neighbour_is_told_with_its_line(write: Write) -> None:
    """So is what is no Python there."""
    neighbour = write("broken_neighbour.py", "\nx = = 1\n")
    error = refusal(write("net.py", "import broken_neighbour\n"))
    assert (error.what, error.address) == ("SyntaxError: invalid syntax", f"{neighbour}:2")


def test_a_long_message_is_cut(write: Write) -> None:
    """A message of many lines or a megabyte is cut to one short line."""
    assert len(refusal(write("net.py", "raise ValueError('a' * 1_000_000)\n")).what) == 200
    assert refusal(write("net.py", "raise ValueError('one\\ntwo')\n")).what == "ValueError: one"


def test_an_error_of_ours_keeps_its_hint(write: Write) -> None:
    """What the graph refuses is told with the line that asked for it, and how to mend it."""
    path = write("net.py", "from fbcore import Graph\n\ngraph = Graph('a b')\n")
    error = refusal(path)
    assert (error.address, error.hint) == (f"{path}:3", "use letters, digits and _")


def test_a_missing_module_is_answered_with_what_to_install(write: Write) -> None:
    """A module that is not there: install it, or put it beside the file."""
    error = refusal(write("net.py", "import no_such_thing.at_all\n"))
    assert error.hint == "install no_such_thing, or put no_such_thing.py beside net.py"


def test_a_relative_import_is_answered_with_the_plain_one(write: Write) -> None:
    """A file that is no part of a package cannot import relatively, and is told how else."""
    assert "plain names" in refusal(write("net.py", "from .parts import x\n")).hint


@pytest.mark.parametrize("use", ["from net import graph", "import net\nnet.graph"])
def test_a_circle_of_imports_is_named(write: Write, use: str) -> None:
    """Two files that need each other: both are named, and the mend."""
    write("circular_neighbour.py", f"{use}\n")
    path = write("net.py", "import circular_neighbour\n")
    error = refusal(path)
    assert error.what == f"circular import: {path} -> {path.with_name('circular_neighbour.py')} -> {path}"
    assert "third one" in error.hint


def test_a_circle_of_neighbours_is_named(write: Write) -> None:
    """So are two neighbours of the file that need each other."""
    write("circle_a.py", "from circle_b import y\nx = 1\n")
    write("circle_b.py", "from circle_a import x\ny = 1\n")
    error = refusal(write("net.py", "import circle_a\n"))
    assert error.what.startswith("circular import: ")
    assert [part in error.what for part in ("circle_a.py", "circle_b.py")] == [True, True]


@pytest.mark.parametrize("text", ["import sys\nsys.exit(3)\n", "raise SystemExit(3)\n"])
def test_an_exit_is_refused(write: Write, text: str) -> None:
    """A file that exits while it is imported does not take us with it."""
    error = refusal(write("net.py", text))
    assert error.what == "it exits while it is imported (SystemExit: 3)"
    assert "__main__" in error.hint


def test_what_is_no_exception_is_refused_too(write: Write) -> None:
    """Whatever else leaves the file is an error of loading."""
    text = "class Odd(BaseException): ...\nraise Odd('x')\n"
    assert refusal(write("net.py", text)).what == "Odd: x"


def test_an_interrupt_is_let_through(write: Write) -> None:
    """Ctrl-C while a file is loaded is no error of the file."""
    with pytest.raises(KeyboardInterrupt):
        load_graph(write("net.py", "raise KeyboardInterrupt\n"))
    assert "net" not in sys.modules

import sys
from pathlib import Path

import pytest

from fbcore import BatchRuntime, Graph, LoadError, PyFile
from fbcore.model.port_spec import PortKind
from tests.components.py_files import failure, refusal, run, write


def test_ports_come_from_the_signature(tmp_path: Path) -> None:
    """Parameters are inputs, those with a default are configs, and what is returned goes out, as in `@component`."""
    text = """
        from pathlib import Path

        def main(line: str, *, root: Path = Path("."), least: int = 2) -> Path | None:
            return root / line if len(line) >= least else None
        """
    file = PyFile(write(tmp_path / "a.py", text))
    assert [(port.name, port.kind) for port in file.spec.ports.values()] == [
        ("line", PortKind.INPUT),
        ("root", PortKind.CONFIG),
        ("least", PortKind.CONFIG),
        ("out", PortKind.OUTPUT),
    ]
    assert run(file, {"line": ["ab", "c"]}, root="/x").outputs.out == [Path("/x/ab")]
    assert run(file, {"line": ["ab"]}, least="3").outputs.out == []


@pytest.mark.parametrize("head", ["def", "async def"])
def test_main_may_yield(tmp_path: Path, head: str) -> None:
    """A `main` that yields sends every item; without parameters it is a source."""
    text = f"from collections.abc import *\n{head} main():\n    yield 1\n    yield 2\n"
    assert run(PyFile(write(tmp_path / "a.py", text))).outputs.out == [1, 2]


def test_two_files_with_main_have_names_of_their_own(tmp_path: Path) -> None:
    """A node is named after its file, so that two functions `main` do not clash; other entries keep their name."""
    text = "def main(n: int) -> int:\n    return n\ndef other(n: int) -> int:\n    return -n\n"
    graph = Graph("net")
    graph.inputs.n >> graph.add(PyFile(write(tmp_path / "left.py", text))).n
    graph.inputs.n >> graph.add(PyFile(write(tmp_path / "right.py", text))).n
    graph.inputs.n >> graph.add(PyFile(tmp_path / "right.py", entry="other")).n
    assert list(graph.nodes) == ["left", "right", "other"]
    graph["other"].out >> graph.outputs.out
    assert BatchRuntime(graph).run(inputs={"n": 1}).outputs.out == [-1]


def test_an_entry_is_taken_in_spite_of_a_block(tmp_path: Path) -> None:
    """Who names an entry gets it; the body is run once, as that of a module."""
    text = "# /// fbcore\n# ///\ndef double(n: int) -> int:\n    return 2 * n\nassert __name__ != '__main__'\n"
    file = PyFile(write(tmp_path / "a.py", text), entry="double")
    assert run(file, {"n": [1, 2]}).outputs.out == [2, 4]


def test_an_entry_may_be_a_component(tmp_path: Path) -> None:
    """A component in the file is taken as it is, with the options of its decorator."""
    text = """
        from fbcore import Component, Out, component

        @component
        def main(n: int) -> int:
            return 2 * n

        class Source(Component):
            number: Out[int]
            async def run(self) -> None:
                await self.number.send(1)
        """
    path = write(tmp_path / "a.py", text)
    assert run(PyFile(path, entry="Source")).outputs.number == [1]
    assert run(PyFile(path), {"n": [1]}).outputs.out == [2]
    assert PyFile(path).spec.name == "a"


def test_neighbours_are_imported(tmp_path: Path) -> None:
    """A file with `main` imports what a body may: in a package relatively, and its neighbours; later as well."""
    write(tmp_path / "near_an_entry.py", "NAME = 'near'\n")
    text = """
        from .near_an_entry import NAME as near

        def main():
            from near_an_entry import NAME
            return [NAME, near]
        """
    assert run(PyFile(write(tmp_path / "a.py", text))).outputs.out == [["near", "near"]]
    write(tmp_path / "package_of_an_entry/__init__.py", "NAME = 'top'\n")
    path = write(tmp_path / "package_of_an_entry/b.py", "from . import NAME\ndef main():\n    return NAME\n")
    assert run(PyFile(path)).outputs.out == ["top"]


def test_an_error_is_told_with_its_line(tmp_path: Path) -> None:
    """What `main` raises is told with the file's line."""
    path = write(tmp_path / "a.py", "def main(n: int) -> float:\n    return 1 / n\n")
    error = failure(PyFile(path), {"n": [0]})
    assert error.what == "ZeroDivisionError: division by zero (a.py:2)"
    assert f'File "{path}", line 2, in main\n    return 1 / n\n' in error.traceback


# -- files that are no components ---------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["def main() -> None:\n    print(1)\n", "def main():\n    return\n"])
def test_a_main_of_a_script_is_refused(tmp_path: Path, text: str) -> None:
    """A `main` that takes nothing and gives nothing has no ports, and is meant for a process."""
    path = tmp_path / "a.py"
    error = refusal(write(path, f"\n\n{'import sys'}\n{text}"))
    assert (error.what, error.address) == ("main has no parameters and returns nothing", f"{path}:2")
    assert "process=True" in error.hint


def test_parameters_that_no_port_can_have_are_refused(tmp_path: Path) -> None:
    """What `@component` refuses is refused with the line of the function."""
    path = tmp_path / "a.py"
    error = refusal(write(path, "x = 1\ndef main(*rows): ...\n"))
    assert error.address == f"{path}:2"
    assert "*rows" in error.what


def test_an_unknown_entry_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    """A name that is not there, or is no function, is refused."""
    path = write(tmp_path / "a.py", "def one(x): ...\nasync def two(x): ...\nthree = 3\n")
    assert refusal(path, entry="none").hint == "there are: one, two"
    assert refusal(path, entry="three").what == "three is no function, but a int"


def test_a_file_that_fails_is_refused_with_its_line(tmp_path: Path) -> None:
    """What the file raises while it is imported is told as for a file with a net."""
    path = write(tmp_path / "a.py", "def main(x): ...\n\nraise ValueError('no')\n")
    with pytest.raises(LoadError) as caught:
        PyFile(path)
    assert (caught.value.what, caught.value.address) == ("ValueError: no", f"{path}:3")
    assert not [module for module in list(sys.modules.values()) if getattr(module, "__file__", None) == str(path)]


def test_await_without_a_block_is_refused(tmp_path: Path) -> None:
    """Top-level await is for bodies, which have a block."""
    path = write(tmp_path / "a.py", "def main(x): ...\nawait main(1)\n")
    with pytest.raises(LoadError, match="'await' outside function") as caught:
        PyFile(path)
    assert "# /// fbcore" in caught.value.hint

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fbcore import BatchRuntime, Graph, GraphError, InputError, PyFile
from fbcore.model.component import class_spec
from fbcore.model.port_spec import PortKind, PortSpec
from tests.components.py_files import graph_of, refusal, run, write

Ports = Callable[..., dict[str, PortSpec]]


def block(*lines: str) -> str:
    """Return a file with these lines in its block, and some work."""
    return "\n".join(["# /// fbcore", *(f"# {line}".rstrip() for line in lines), "# ///", "work = 1", ""])


@pytest.fixture
def ports(tmp_path: Path) -> Ports:
    """Declare ports in a file, which may begin with other lines, and return their specifications."""

    def declare(*lines: str, first: str = "") -> dict[str, PortSpec]:
        return class_spec(PyFile(write(tmp_path / "file.py", first + block(*lines)))).ports

    return declare


# -- what a block declares ----------------------------------------------------------------------------------


def test_ports_are_declared_in_order(ports: Ports) -> None:
    """Every table declares ports of its kind, in the order of the block."""
    found = ports("[outputs]", 'b = "int"', "", "[inputs]", 'a = "str"', "[configs]", 'c = "float"')
    assert [(port.name, port.kind, port.type) for port in found.values()] == [
        ("b", PortKind.OUTPUT, int),
        ("a", PortKind.INPUT, str),
        ("c", PortKind.CONFIG, float),
    ]


def test_a_config_may_have_a_default(ports: Ports) -> None:
    """A config is required unless it has a default, of whatever type TOML knows."""
    found = ports("[configs]", 'a = "int"', 'b = {type = "list[int]", default = [1, 2]}', "[configs.c]", "default = 3")
    assert [found[name].required for name in "abc"] == [True, False, False]
    assert (found["b"].default, found["c"].default, found["c"].type) == ([1, 2], 3, Any)


def test_an_input_may_be_optional(tmp_path: Path) -> None:
    """An optional input may be left unconnected, and ends at once."""
    text = block("[inputs]", 'a = {type = "int", optional = true}', "[outputs]", 'n = "int"')
    text += "await n.send(len([value async for value in a]))\n"
    graph = Graph("net")
    graph.add(PyFile(write(tmp_path / "file.py", text))).n >> graph.outputs.n
    assert BatchRuntime(graph).run().outputs.n == [0]


def test_a_block_may_be_empty(tmp_path: Path) -> None:
    """A file may have no ports at all, and says so by an empty block."""
    run(PyFile(write(tmp_path / "a.py", "# /// fbcore\n# ///\nwork = 1\n")))


def test_a_block_may_stand_beside_others(ports: Ports) -> None:
    """Blocks of other tools are left alone."""
    assert list(ports("[inputs]", 'a = "int"', first="# /// script\n# not toml\n# ///\n\n")) == ["a"]


# -- types --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("imports", "text", "kind"),
    [
        ("", "dict[str, int | None]", dict[str, int | None]),
        ("", "Literal['a']", "Literal['a']"),
        ("import pathlib\n", "pathlib.Path", Path),
        ("", "pathlib.Path", Path),
        ("from pathlib import Path as P\n", "list[P]", list[Path]),
        ("import collections.abc as c\n", "c.Sized", "Sized"),
        ("import collections.abc\n", "collections.abc.Sized", "Sized"),
        ("try:\n    import no_such_thing\nexcept ImportError:\n    from pathlib import Path\n", "Path", Path),
        ("import typing\nif typing.TYPE_CHECKING:\n    from pathlib import Path\n", "Path", Path),
    ],
)
def test_a_type_is_found(ports: Ports, imports: str, text: str, kind: Any) -> None:
    """Types are what they are in the file: names of Python, of typing, and of the file's own imports."""
    port = ports("[inputs]", f'a = "{text}"', first=imports)["a"]
    assert port.resolved
    assert port.type == kind or str(kind) in str(port.type)


def test_a_type_may_come_from_a_neighbour(tmp_path: Path) -> None:
    """Imports of what lies beside the file are found, plain and relative ones."""
    write(tmp_path / "kinds_of_rows.py", "class Row: ...\n")
    for line in ("from kinds_of_rows import Row", "from .kinds_of_rows import Row", "from . import kinds_of_rows"):
        text = "kinds_of_rows.Row" if line.endswith("rows") else "Row"
        path = write(tmp_path / "file.py", f"{line}\n" + block("[inputs]", f'a = "{text}"'))
        assert class_spec(PyFile(path)).ports["a"].type.__name__ == "Row"


@pytest.mark.parametrize("text", ["Mine", "list[Mine]", "no_such_thing.Row", "Broken", "pathlib.NoSuch"])
def test_a_type_that_cannot_be_found_is_any(ports: Ports, tmp_path: Path, text: str) -> None:
    """What the file itself defines, or cannot import, counts as Any, and is marked."""
    write(tmp_path / "broken_kinds.py", "raise SystemExit\n")
    first = "import no_such_thing\nfrom broken_kinds import Broken\nclass Mine: ...\n"
    port = ports("[inputs]", f'a = "{text}"', first=first)["a"]
    assert not port.resolved
    assert port.type in (Any, list[Any])


def test_declaring_runs_no_body(tmp_path: Path) -> None:
    """A graph with a file in it can be declared and validated without running a line of the file."""
    text = block("[inputs]", 'a = "int"').replace("work = 1", "raise SystemExit")
    graph = Graph("net")
    graph.inputs.a >> graph.add(PyFile(write(tmp_path / "file.py", text))).a
    assert graph.validate() == []


def test_types_are_checked(tmp_path: Path) -> None:
    """What is connected to a file's ports must fit, and so must what comes in from outside."""
    file = PyFile(write(tmp_path / "file.py", block("[inputs]", 'a = "int"', "[outputs]", 'b = "str"')))
    with pytest.raises(InputError, match=r"inputs\.a"):
        BatchRuntime(graph_of(file)).run(inputs={"a": "x"})
    graph = graph_of(file)
    graph["it"].b >> graph["it"].a
    with pytest.raises(GraphError, match="str does not fit int"):
        graph.validate()


# -- mistakes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "line", "what"),
    [
        pytest.param(["[inputs]", "a = "], 3, "no TOML: invalid value", id="no TOML"),
        pytest.param(["[inputs"], 2, "no TOML", id="no TOML at the end"),
        pytest.param(["[inputs]", 'a = "int', "b = 1"], 3, "no TOML", id="a text that is not closed"),
        pytest.param(["", "[input]", 'a = "int"'], 3, "no use for 'input'", id="an unknown table"),
        pytest.param(['inputs = "int"'], 1, "inputs is no table", id="no table"),
        pytest.param(["[inputs]", 'a = "int"', "b = 5"], 4, "5 is no type", id="no text"),
        pytest.param(["[inputs]", "a = {type = 5}"], 3, "the type of a cannot be 5", id="a type that is none"),
        pytest.param(["[inputs]", 'a = {default = "x"}'], 3, "inputs have no option 'default'", id="an unknown option"),
        pytest.param(["[configs]", 'a = {kind = "x"}'], 3, "configs have no option 'kind'", id="another one"),
        pytest.param(["[inputs.b]", "optional = 1"], 2, "the optional of b cannot be 1", id="an option of its own"),
        pytest.param(["[outputs]", "", 'a-b = "int"'], 4, "'a-b' cannot be the name of a port", id="no id"),
        pytest.param(["[outputs]", '_a = "int"'], 3, "'_a' cannot be the name of a port", id="a private name"),
        pytest.param(["[outputs]", '"for" = "int"'], 3, "'for' cannot be the name of a port", id="a keyword"),
        pytest.param(["[outputs]", 'run = "int"'], 3, "a component has `run` anyway", id="a name that is taken"),
        pytest.param(["[outputs]", 'self = "int"'], 3, "a component has `self` anyway", id="self"),
        pytest.param(["[inputs]", 'a = "int"', "[outputs]", 'a = "int"'], 5, "two ports called a", id="a name twice"),
        pytest.param(["[outputs]", 'a = "dict[str"'], 3, "the type of a is no type: 'dict[str'", id="no annotation"),
        pytest.param(["[outputs]", 'a = "5"'], 3, "the type of a is no type: '5'", id="a number"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, lines: list[str], line: int, what: str) -> None:
    """What is wrong with a block is told at once, with the line of the file and how to mend it."""
    path = tmp_path / "file.py"
    error = refusal(write(path, block(*lines)))
    assert error.address == f"{path}:{line}"
    assert what in error.what


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("# /// fbcore\n# [inputs]\nwork = 1\n", 3),
        ("# /// fbcore\n# [inputs]", 2),
        ("# /// fbcore\n#[inputs]\n# ///\n", 2),
        ("x = 1\n#/// fbcore\n# ///\n", 3),
    ],
)
def test_a_block_that_is_not_closed_is_told(tmp_path: Path, text: str, line: int) -> None:
    """A block goes from `# /// fbcore` to `# ///`, without a gap."""
    path = tmp_path / "file.py"
    error = refusal(write(path, text))
    assert (error.what, error.address) == ("the block fbcore is not closed", f"{path}:{line}")


def test_a_second_block_is_refused(tmp_path: Path) -> None:
    """One file is one component."""
    path = tmp_path / "file.py"
    error = refusal(write(path, block() + block()))
    assert (error.what, error.address) == ("this is a second block fbcore, the first is at line 1", f"{path}:4")


def test_line_ends_of_any_kind_do(tmp_path: Path) -> None:
    """A file may have been written on another system."""
    path = tmp_path / "file.py"
    path.write_bytes(block("[inputs]", 'a = "int"').replace("\n", "\r\n").encode())
    assert list(class_spec(PyFile(path)).ports) == ["a"]

"""Commands as they are written: placeholders become ports, and what cannot be one is refused before anything runs."""

import pickle
from collections.abc import Callable
from typing import Any

import pytest

from fbcore import Graph, GraphError, TerminalTemplate
from fbcore.formats.drawing import boxes_of, drawing_of
from fbcore.formats.graph_data import graph_digest, graph_from_data, graph_to_data
from fbcore.model.graph import spec_of
from fbcore.model.options import Options


def ports(command: Any) -> dict[str, str]:
    """Return the kinds of the ports of a command."""
    return {name: str(port.kind) for name, port in spec_of(command).ports.items()}


def test_a_command_has_a_port_for_each_placeholder_and_stream() -> None:
    """Configs, or inputs where that is said; and no port for what was not asked for."""
    streams = {"stdout": "output", "exit_code": "message"}
    assert ports(TerminalTemplate("jq -c {filter}")) == {"filter": "config", "stdin": "input", **streams}
    assert ports(TerminalTemplate("curl {url}", inputs="url")) == {"url": "input", **streams}
    both = TerminalTemplate("x {a} {b} {a}", inputs=["a"], stdin="lines", stdout=None, stderr="bytes")
    assert ports(both) == {"a": "input", "b": "config", "stdin": "input", "stderr": "output", "exit_code": "message"}


def test_braces_can_be_written() -> None:
    """Doubled, they are braces that the command sees."""
    assert ports(TerminalTemplate("awk '{{print $1}}'")) == ports(TerminalTemplate("awk"))


def test_a_command_is_known_by_its_text() -> None:
    """Nodes are named after the program, whatever it is called; drawings show the command."""
    graph = Graph("commands")
    for command in ("sort -r", "/usr/bin/7z x", "import a", "{program} -x", ["wc", "-l"]):
        graph.add(TerminalTemplate(command))
    assert list(graph.nodes) == ["sort", "_7z", "import_", "terminal", "wc"]
    notes = [box.note for box in boxes_of(drawing_of(graph).items)]
    assert notes == ["$ sort -r", "$ /usr/bin/7z x", "$ import a", "$ {program} -x", "$ wc -l"]
    assert repr(TerminalTemplate("sort -u", name="Unique")) == "<component Unique>"
    assert len(repr(TerminalTemplate("echo " + "long " * 100))) < 100


def test_a_command_takes_options() -> None:
    """As every template does."""
    assert TerminalTemplate("date", loop=True).options == Options(loop=True)


def test_a_command_comes_back_from_data_and_from_a_pickle() -> None:
    """With all that it was made of."""
    graph = Graph("net")
    graph.add(TerminalTemplate(["grep", "{pattern}"], ok=(0, 1), inputs="pattern", loop=False), "find")
    graph.inputs.pattern >> graph["find"].pattern
    graph["find"].stdout >> graph.outputs.found
    data = graph_to_data(graph)
    again = graph_from_data(data)
    assert graph_to_data(again) == data
    assert graph_digest(again) == graph_digest(graph)
    made = pickle.loads(pickle.dumps(graph.nodes["find"].component.target))
    assert (made._setting.ok, made._command.words) == ((0, 1), graph.nodes["find"].component.target._command.words)


@pytest.mark.parametrize(
    ("make", "what", "hint"),
    [
        (lambda: TerminalTemplate(""), "there is no command in it", "write the name of a program"),
        (lambda: TerminalTemplate("  "), "there is no command in it", "write the name"),
        (lambda: TerminalTemplate([]), "there is no command in it", "write the name"),
        (lambda: TerminalTemplate("", shell=True), "there is no command in it", "write the name"),
        (lambda: TerminalTemplate("echo 'a"), "the command cannot be read (No closing quotation)", "close what is"),
        (lambda: TerminalTemplate("awk '{print $1}'"), "a brace stands alone at '{print $1}'", "{{ and }}"),
        (lambda: TerminalTemplate("echo {"), "a brace stands alone", "{{ and }}"),
        (lambda: TerminalTemplate("echo {a:text}"), "'text' is no type", "str, int, float, Path"),
        (lambda: TerminalTemplate("echo {a:int=x}"), "'x' is no int", "another default"),
        (lambda: TerminalTemplate("echo {a:int} {a:str}"), "{a} is there already", "only {a} then"),
        (lambda: TerminalTemplate("echo {a} {*a}"), "{a} is there already", "only {a} then"),
        (lambda: TerminalTemplate("echo x{*a}"), "{*a} is any number of words, and stands inside one", "spaces"),
        (lambda: TerminalTemplate("echo {*a}", shell=True), "{*a} is any number of words", "spaces"),
        (lambda: TerminalTemplate("echo {stop}"), "{stop} cannot be the name of a port", "has it anyway"),
        (lambda: TerminalTemplate("echo {stdin}"), "{stdin} cannot be the name of a port", "has it anyway"),
        (lambda: TerminalTemplate("echo {_a}"), "{_a} cannot be the name of a port", "choose another"),
        (lambda: TerminalTemplate("echo {class}"), "{class} cannot be the name of a port", "choose another"),
        (lambda: TerminalTemplate("echo {pattern}", inputs="patern"), "no placeholder {patern}", "mean pattern?"),
        (lambda: TerminalTemplate("echo", inputs="a"), "no placeholder {a}", "its placeholders: none"),
        (lambda: TerminalTemplate("{a} x", inputs="a"), "{a} is the program itself", "let a config name it"),
        (lambda: TerminalTemplate("echo {a=1}", inputs="a"), "is an input, and has a default", "make it a config"),
        (lambda: TerminalTemplate("echo a\0b"), "a command cannot have a zero byte", "leave it away"),
        (lambda: TerminalTemplate(["echo", "a"], shell=True), "a shell takes one text", "as you would type it"),
        (lambda: TerminalTemplate("echo", stdin="words"), "'words' is no", "give a value of type"),
        (lambda: TerminalTemplate(3), "3 is no str | Sequence[str]", "give a value of type"),
        (lambda: TerminalTemplate("echo", ok="0"), "'0' is no", "give a value of type"),
        (lambda: TerminalTemplate("echo", env={"A": 1}), "is no Mapping[str, str]", "give a value of type"),
        (lambda: TerminalTemplate("echo", input="a"), "there is no parameter input", "did you mean inputs?"),
        (lambda: TerminalTemplate("echo", lop=True), "there is no parameter lop", "did you mean loop?"),
    ],
)
def test_what_cannot_be_a_command_is_refused(make: Callable[[], Any], what: str, hint: str) -> None:
    """Where it is written, with the command and what to do about it."""
    with pytest.raises(GraphError) as caught:
        make()
    assert what in caught.value.what
    assert hint in caught.value.hint

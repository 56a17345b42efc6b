"""A session as a test for pytest, which makes the same choices and expects to come to the same place."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fbcore.model.packet import Each
from fbcore.net.report import Result
from fbdev.step.origin import Origin, is_literal
from fbdev.step.recording import write_new
from fbdev.step.session import Session

_WIDTH = 90


def save_test(path: Path, session: Session, origin: Origin) -> None:
    """Write a test of where a session has come to.

    Raises:
        LoadError: the file is there already, or cannot be written.
    """
    write_new(path, test_of(session, origin, path.resolve().parent))


def test_of(session: Session, origin: Origin, folder: Path) -> str:
    """Return the source of a test that stands in a folder."""
    to_origin = os.path.relpath(origin.folder, folder)
    here = "Path(__file__).parent" if to_origin == "." else f"Path(__file__).parent / {_written(to_origin)}"
    given = _given(origin)
    reads = "input_values" in given
    body = [*_load(origin, given), *_assertions(session)]
    name = re.sub(r"\W", "_", f"{origin.name}_{_ending(session)}")
    return "\n".join(
        [
            '"""A session of the debugger, kept as a test."""',
            "",
            *(["from contextlib import ExitStack"] if reads else []),
            "from pathlib import Path",
            "",
            "import pytest",
            "",
            "from fbcore import FSMRuntime",
            "from fbcore.formats.python_file import load_graph",
            *(["from fbdev.run.inputs import input_values"] if reads else []),
            "",
            f"FOLDER = {here}",
            "",
            f"# {' '.join(str(origin).split())}",
            f"CHOICES = {_choices(session.fsm.choices)}",
            "",
            "",
            f"def test_{name}(monkeypatch: pytest.MonkeyPatch) -> None:",
            f'    """{_promise(session)}"""',
            *(f"    {line}" if line else "" for line in body),
            "",
        ]
    )


def _choices(choices: Sequence[str]) -> str:
    """Write the choices, many on a line, and keep formatters from giving each a line of its own."""
    text = _written(choices)
    return f"{text}  # fmt: skip" if "\n" in text else text


def _load(origin: Origin, given: str) -> Iterator[str]:
    yield "monkeypatch.chdir(FOLDER)"
    yield "monkeypatch.syspath_prepend(FOLDER)"
    yield f"graph = load_graph({_written(origin.target)})"
    reading = "ExitStack() as files, " if "files" in given else ""
    begin = f"restore({_written(origin.snapshot)})" if origin.snapshot else f"start({given})"
    settings = f", settings={_written(origin.settings)}" if origin.settings else ""
    yield f"with {reading}FSMRuntime(graph{settings}).{begin} as fsm:"
    yield "    fsm.replay(CHOICES)"


def _given(origin: Origin) -> str:
    """Write the keywords of `start`: values where Python can read them back, else what was on the command line."""
    parts = []
    if origin.inputs:
        inputs = origin.inputs
        if all(not isinstance(value, Each) and is_literal(value) for value in inputs.values()):
            parts.append(f"inputs={_written(dict(inputs))}")
        else:
            parts.append(f"inputs=input_values(graph, {_written(list(origin.texts))}, files)")
    if origin.configs:
        parts.append(f"**{_written(dict(origin.configs))}")
    return ", ".join(parts)


def _ending(session: Session) -> str:
    result, stuck = session.fsm.result, session.stuck()
    if result is not None:
        return f"is_{result.outcome}"
    return f"comes_to_be_{stuck.outcome}" if stuck is not None else f"after_{len(session.steps)}_steps"


def _promise(session: Session) -> str:
    result, stuck = session.fsm.result, session.stuck()
    if result is not None:
        return f"These choices end the net: {result.outcome}."
    return f"After these choices the net is {stuck.outcome}." if stuck is not None else "These choices lead here."


# -- what it expects -----------------------------------------------------------------------------------


def _assertions(session: Session) -> Iterator[str]:
    result = session.fsm.result
    lines = _of_result(result) if result is not None else _of_state(session)
    yield from (f"    {line}" for each in lines for line in each.splitlines())


def _of_result(result: Result) -> Iterator[str]:
    yield "assert fsm.result is not None"
    yield f"assert fsm.result.outcome == {_written(str(result.outcome))}"
    for name in result.outputs:
        yield _equal(f"fsm.result.outputs[{_written(name)}]", result.outputs[name])
    if result.errors:
        yield _equal("[error.address for error in fsm.result.errors]", [error.address for error in result.errors])
    if result.knot:
        yield _equal("fsm.result.knot", result.knot)


def _of_state(session: Session) -> Iterator[str]:
    state = session.fsm.state()
    yield "state = fsm.state()"
    yield f'assert state["time"] == {state["time"]!r}'
    yield 'phases = {address: node["phase"] for address, node in state["nodes"].items()}'
    yield _equal("phases", {address: node["phase"] for address, node in state["nodes"].items()})
    edges: Mapping[str, list[Any]] = state["edges"]
    if is_literal(edges):
        yield _equal('state["edges"]', edges)
    else:
        counts = {edge: len(values) for edge, values in edges.items()}
        yield 'counts = {edge: len(values) for edge, values in state["edges"].items()}'
        yield _equal("counts", counts)
    yield _equal('state["enabled"]', state["enabled"])
    stuck = session.stuck()
    if stuck is not None:
        yield "standstill = fsm.net.standstill()"
        yield f'assert standstill is not None and standstill.outcome == "{stuck.outcome}"'


def _equal(what: str, value: Any) -> str:
    if not is_literal(value):
        return f"assert len({what}) == {len(value)}"
    text = _written(value)
    if "\n" not in text and len(what) + len(text) > _WIDTH:
        return f"assert {what} == (\n    {text}\n)"
    return f"assert {what} == {text}"


def _written(value: Any) -> str:
    """Write a value over several lines where it is too long for one, as a formatter would."""
    text = repr(value)
    if len(text) > _WIDTH and isinstance(value, dict) and value:
        lines = [f"{_quoted(repr(key))}: {_written(each)}," for key, each in value.items()]
    elif len(text) > _WIDTH and isinstance(value, list | tuple) and value:
        lines = list(_filled([f"{_written(each)}," for each in value]))
    else:
        return _quoted(text)
    opening, closing = _quoted(text)[0], _quoted(text)[-1]
    inside = [f"    {line}" for each in lines for line in each.splitlines()]
    return "\n".join([opening, *inside, closing])


def _filled(words: Sequence[str]) -> Iterator[str]:
    """Put as many words on a line as there is room for."""
    line = ""
    for word in words:
        if line and len(line) + len(word) >= _WIDTH:
            yield line
            line = ""
        line = f"{line} {word}" if line else word
    yield line


def _quoted(text: str) -> str:
    """Write texts in double quotes; where there is such a quote already, it is left as Python writes it."""
    # Where there is no double quote, no text has a single one in it either, for that would be written in double ones.
    return text if '"' in text else text.replace("'", '"')

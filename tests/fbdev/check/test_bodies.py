import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from fbdev.check.bodies import not_awaited
from fbdev.cli import main

FORGETFUL = """
import asyncio
from fbcore import Component, In, Message, Out, OutArray, component


async def note(text: str) -> None: ...


class Forgets(Component):
    number: In[int]
    out: Out[int]
    parts: OutArray[int]
    told: Message

    async def run(self) -> None:
        async for number in self.number:
            self.out.send(number)
            self.parts[0].send(number)
            self.told.send()
            self.tidy()
            asyncio.sleep(1)
            self.number.receive()

    async def tidy(self) -> None:
        note("tidied")


class Remembers(Component):
    number: In[int]
    out: Out[int]

    async def run(self) -> None:
        later = self.number.receive()
        await self.out.send(await later)
        async with asyncio.TaskGroup() as group:
            group.create_task(self.tidy())
        print("done")
        unknown.thing().send(1)

    async def tidy(self) -> None:
        await note("tidied")


@component
def doubled(number: int) -> int:
    note("doubled")
    return 2 * number
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module of components, some of which forget to await."""
    file = tmp_path / "forgetful.py"
    file.write_text(FORGETFUL)
    spec = importlib.util.spec_from_file_location("forgetful", file)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "forgetful", found)
    spec.loader.exec_module(found)
    return found


def test_what_is_called_and_not_awaited_is_an_error(module: ModuleType) -> None:
    """Ports of every kind, elements, methods, and functions of the module and of others; each with its line."""
    found = [(each.what.partition("(")[0], each.place.rpartition(":")[2]) for each in not_awaited(module.Forgets)]
    lines = FORGETFUL.splitlines()
    texts = (
        "self.out.send",
        "self.parts[0].send",
        "self.told.send",
        "self.tidy",
        "asyncio.sleep",
        "self.number.receive",
    )
    written = [next(n for n, line in enumerate(lines, 1) if line.strip().startswith(text)) for text in texts]
    wanted = [(text, str(line)) for text, line in zip(texts, written, strict=True)]
    wanted.append(("note", str(next(n for n, line in enumerate(lines, 1) if 'note("tidied")' in line))))
    assert sorted(found) == sorted(wanted)
    (in_function,) = not_awaited(module.doubled)
    assert (in_function.address, in_function.hint) == ("doubled", "write `await note(...)`")


def test_what_is_awaited_in_whatever_way_is_none(module: ModuleType) -> None:
    """Later, or by a task; what cannot be known is not guessed."""
    assert list(not_awaited(module.Remembers)) == []


def test_a_component_without_a_source_is_let_be() -> None:
    """One that was made by `exec` is not looked into."""
    made = ModuleType("made")
    exec(FORGETFUL.replace("unknown.thing().send(1)", "pass"), vars(made))
    assert list(not_awaited(made.Forgets)) == []


def test_the_check_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By an error at its line, and what to write."""
    (tmp_path / "net.py").write_text(FORGETFUL)
    assert main(["check", f"{tmp_path / 'net.py'}:Forgets"]) == 1
    out, _ = capsys.readouterr()
    assert "error: Forgets: self.out.send(...) is not awaited, and so does nothing" in out
    assert "hint: write `await self.out.send(...)`" in out

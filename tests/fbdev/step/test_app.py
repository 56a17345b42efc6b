import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from fbcore import Each
from fbdev.step.app import Debugger
from fbdev.step.dialogs import Packets, Page
from fbdev.step.origin import Origin
from fbdev.step.rows import Rows
from fbdev.step.session import Session
from fbdev.step.worker import Worker
from tests.fbdev import nets
from tests.fbdev.step.conftest import MakeSession
from tests.fbdev.step.test_lines import NESTED
from tests.fbdev.step.test_session import FAILING, PRINTING

pytestmark = pytest.mark.slow

LOOP = """
from fbcore import Component, Graph, In, Out

class Ask(Component):
    answer: In[int]
    question: Out[int]

    async def run(self) -> None:
        for number in range(3):
            await self.question.send(number)
        async for _ in self.answer:
            pass

class Answer(Component):
    question: In[int]
    answer: Out[int]

    async def run(self) -> None:
        async for number in self.question:
            await self.answer.send(number)
            await self.answer.send(number)

graph = Graph("loop")
ask, answer = graph.add(Ask), graph.add(Answer)
graph.connect(ask.question, answer.question, capacity=1)
graph.connect(answer.answer, ask.answer, capacity=1)
"""


class Person:
    """Somebody at the debugger: presses keys, and reads what is on the screen."""

    def __init__(self, pilot: Pilot[None]) -> None:
        self.app: Any = pilot.app
        self.pilot = pilot

    async def press(self, *keys: str) -> None:
        """Press keys, and wait after each until all is done that it led to."""
        for key in keys:
            await self.pilot.press(key)
            await self.app.workers.wait_for_complete()
            await self.pilot.pause()

    async def answer(self, text: str) -> None:
        """Answer a question with another text than the one that is offered."""
        self.app.screen.query_one(Input).value = text
        await self.press("enter")

    def lines(self, pane: str) -> list[str]:
        """Read the lines of a pane."""
        return [line.text() for line in self.app.rows(pane).lines]

    def text(self, pane: str) -> str:
        """Read a text: the `head`, what is `said` below, or the `text` of the pane Look."""
        return str(self.app.screen_stack[0].query_one(f"#{pane}", Static).content)

    def page(self) -> str:
        """Read the page that is open."""
        return str(self.app.screen.query_one(Static).content)


Sit = Callable[..., None]


@pytest.fixture
def sit(make_session: MakeSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sit]:
    """Sit somebody down at the debugger of a net, and let them do what they do."""
    monkeypatch.chdir(tmp_path)
    workers: list[Worker] = []

    def sit(source: str, doing: Callable[[Person], Awaitable[None]], inputs: Any = None, **options: Any) -> None:
        session: Session = make_session(source, inputs)
        workers.append(Worker())
        app = Debugger(session, workers[-1], Origin("net.py", tmp_path, [], inputs or {}, {}))

        async def main() -> None:
            async with app.run_test(size=options.get("size", (100, 30))) as pilot:
                await pilot.pause()
                await doing(Person(pilot))

        asyncio.run(main())

    yield sit
    for worker in workers:
        assert worker.close()


def test_somebody_finds_a_planted_deadlock(sit: Sit) -> None:
    """With one key a person sees that the net is blocked, by which circle, and can go back to before it was."""

    async def doing(person: Person) -> None:
        assert person.lines("next") == ["1 ask     begins", "2 answer  begins"]
        await person.press("r")
        assert "deadlocked" in person.text("head")
        assert person.text("said").startswith("deadlocked: a circle of waits through the full edge")
        assert "ask  waits for room on\n  │ ask.question->answer.question" in person.text("text")
        assert "  ask  and so round" in person.text("text")
        assert any(line.endswith("█████ 1/1    1") for line in person.lines("net"))
        before = person.lines("steps")
        await person.press("u", "u")
        assert "can go on" in person.text("head")
        assert len([line for line in person.lines("steps") if line.endswith("taken back")]) == 2
        await person.press("y", "y")
        assert person.lines("steps") == before
        await person.press("enter")
        assert "ending" in person.text("head")
        await person.press("r")
        assert person.lines("next") == []
        assert person.text("text").startswith("loop: deadlocked after 0.00 s")

    sit(LOOP, doing)


def test_somebody_finds_a_failing_node(sit: Sit) -> None:
    """A run stops where a node fails, and shows the error with the user's own line."""

    async def doing(person: Person) -> None:
        await person.press("r")
        assert person.text("said").startswith("failed: divide: ZeroDivisionError")
        assert "failed" in person.text("head")
        assert "held      0 from value" in person.text("text")
        assert "return 1 / value" in person.text("text")
        assert any(
            line.split()[:2] == ["divide", "failed"] for line in (each.lstrip("▸ ") for each in person.lines("net"))
        )

    sit(FAILING, doing, {"value": Each([1, 0])})


def test_another_order_is_chosen(sit: Sit) -> None:
    """Enter makes the step that is pointed at, a number that with this number, `s` the first."""

    async def doing(person: Person) -> None:
        await person.press("down", "enter")
        assert person.lines("steps") == ["   1  0 s  answer  begins"]
        await person.press("2")
        assert person.lines("steps")[1].startswith("   2  0 s  answer")
        await person.press("s", "space")
        assert [line.split()[3] for line in person.lines("steps")[2:]] == ["ask", "ask"]
        await person.press("9")
        assert len(person.lines("steps")) == 4

    sit(LOOP, doing)


def test_a_click_points_and_a_second_one_chooses(sit: Sit) -> None:
    """With the mouse one points at a line, and chooses it by clicking twice."""

    async def doing(person: Person) -> None:
        await person.pilot.click("#next", offset=(6, 2))
        assert person.app.rows("next").key == "choice answer"
        await person.pilot.click("#next", offset=(6, 2), times=2)
        await person.press()
        await person.app.workers.wait_for_complete()
        await person.pilot.pause()
        assert person.lines("steps") == ["   1  0 s  answer  begins"]

    sit(LOOP, doing)


def test_breakpoints_are_set_and_cleared(sit: Sit) -> None:
    """`b` sets a breakpoint where one points, `B` lists them and takes new ones; runs stop there."""

    async def doing(person: Person) -> None:
        person.app.rows("net").focus()
        await person.press("home", "down", "b")
        assert person.lines("net")[1].startswith("●")
        assert "● 1" in person.text("head")
        person.app.rows("next").focus()
        await person.press("r")
        assert person.text("said") == "breakpoint: numbers.out->double.value"
        await person.press("B")
        await person.answer("double.out where value > 3")
        await person.answer("nonsense")
        assert "names no node, port or edge" in str(person.app.screen.query_one("Label").content)
        person.app.screen.query_one(Rows).focus()
        await person.press("home", "delete", "escape", "r")
        assert person.text("said") == "breakpoint: double.out where value > 3"
        await person.press("r")
        assert person.text("said") == "the net has ended: finished"

    sit(nets.FINISHED, doing)


def test_somebody_goes_as_far_as_they_say(sit: Sit) -> None:
    """`g` asks how far to go; what cannot be read is said, and nothing happens."""

    async def doing(person: Person) -> None:
        await person.press("g")
        await person.answer("double.out where value == 2")
        assert person.text("said") == "reached double.out where value == 2"
        count = len(person.lines("steps"))
        await person.press("g")
        await person.answer("time soon")
        assert person.text("said").startswith("'soon' is no number")
        assert len(person.lines("steps")) == count
        await person.press("R")
        assert all(line.endswith("taken back") for line in person.lines("steps"))
        person.app.rows("steps").focus()
        await person.press("end", "enter")
        assert len(person.app.scene.steps) == count

    sit(nets.FINISHED, doing)


def test_packets_are_shown_with_what_they_were_made_of(sit: Sit) -> None:
    """`i` shows the packets where one points, and the one that is pointed at with all that is known of it."""

    async def doing(person: Person) -> None:
        await person.press("i")
        assert person.text("said").startswith("no packets there")
        await person.press("g")
        await person.answer("divide.out")
        person.app.rows("steps").focus()
        await person.press("i")
        assert isinstance(person.app.screen, Packets)
        listed = [line.text() for line in person.app.screen.query_one(Rows).lines]
        assert listed == ["divide.out#0  0.5", "   made of inputs.value#0  2"]
        await person.press("down")
        assert "inputs.value#0  is no more" in str(person.app.screen.query_one("#packet Static").content)
        await person.press("escape")
        assert not isinstance(person.app.screen, Packets)

    sit(FAILING, doing, {"value": Each([2, 4])})


def test_a_session_is_written(sit: Sit, tmp_path: Path) -> None:
    """`w` writes a test, or the choices, and does not write over a file; a snapshot that cannot be made is said."""

    async def doing(person: Person) -> None:
        await person.press("r", "w", "enter")
        assert person.text("said") == "written; run it with: pytest test_net_steps.py"
        await person.press("w")
        assert person.app.screen.query_one(Input).value == "test_net_steps_2.py"
        await person.answer("steps.txt")
        assert person.text("said") == "written; replay it with: fbdev step net.py --script steps.txt"
        await person.press("w")
        await person.answer("steps.txt")
        assert "is there already" in person.text("said")
        await person.press("S", "enter")
        assert person.text("said")

    sit(LOOP, doing)
    assert "def test_net_comes_to_be_deadlocked(" in (tmp_path / "test_net_steps.py").read_text()
    assert (tmp_path / "steps.txt").read_text().splitlines()[:2] == ["# fbdev step net.py", "ask"]


def test_a_large_net_is_folded_and_filtered(sit: Sit) -> None:
    """Composites fold with a key, a filter leaves what one looks for, and Enter shows all of a node."""

    async def doing(person: Person) -> None:
        whole = person.lines("net")
        person.app.rows("net").focus()
        await person.press("home", "down", "down", "enter")
        assert "  ▸ one  4 nodes, 0 packets" in person.lines("net")
        await person.press("f")
        assert person.lines("net") == whole
        await person.press("slash")
        await person.answer("two.two.one")
        assert len(person.lines("net")) < len(whole)
        assert person.app.rows("net").border_title == "Net, filtered by two.two.one"
        await person.press("end", "up", "enter")
        assert isinstance(person.app.screen, Page)
        await person.press("escape", "slash")
        await person.answer("")
        assert person.lines("net") == whole

    sit(NESTED, doing, {"value": 1})


def test_what_components_print_is_among_the_steps(sit: Sit, capsys: pytest.CaptureFixture[str]) -> None:
    """Prints stand below the step that printed them, and nowhere else."""

    async def doing(person: Person) -> None:
        await person.press("s")
        assert person.lines("steps") == ["   1  0 s  talk  begins", "      │ one"]

    sit(PRINTING, doing)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("size", [(80, 24), (140, 40), (50, 20)])
def test_it_fits_where_it_is(sit: Sit, size: tuple[int, int]) -> None:
    """On any screen no line of the net is wider than its pane; a pane takes the whole of it with `z`."""

    async def doing(person: Person) -> None:
        await person.press("r")
        net = person.app.rows("net")
        assert all(len(line) <= net.scrollable_content_region.width for line in person.lines("net"))
        net.focus()
        await person.press("z")
        assert net.size.width >= size[0] - 4
        await person.press("z", "t", "question_mark")
        assert person.app.theme == "fbdev-light"
        assert "s, space       make the step that comes" in person.page()
        await person.press("escape", "n")
        assert "deadlocked" in person.page()

    sit(LOOP, doing, size=size)


def test_a_net_is_stopped(sit: Sit) -> None:
    """`x` asks the net to stop; a net that has ended says so."""

    async def doing(person: Person) -> None:
        await person.press("s", "x", "r")
        assert person.text("said") == "the net has ended: stopped"
        await person.press("x")
        assert person.text("said").startswith("finished: the net has ended, and cannot be stopped")
        await person.press("s")
        assert "no step is left" in person.text("said")
        await person.press("q")

    sit(nets.FINISHED, doing)

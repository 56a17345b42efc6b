"""`@explore(...)` above coroutine functions, as pytest runs them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.fbdev.explore.user_tests import count_of, run_tests

pytestmark = pytest.mark.slow

BOX = """
class Box:
    def __init__(self):
        self.n = 0

    async def add(self):
        seen = self.n
        print("saw", seen)
        await asyncio.sleep(0)
        self.n = seen + 1


"""

LOSES = (
    BOX
    + """
@explore(accept=["unseen"])
async def test_gather(tmp_path):
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").touch()
    box = Box()
    await asyncio.gather(box.add(), box.add())
    assert box.n == 2
"""
)


def test_a_coroutine_is_one_process_with_all_its_tasks(tmp_path: Path) -> None:
    """A failed assert is a failure of one order, which is reported with its cause, and replayed."""
    text = run_tests(tmp_path, LOSES)
    assert count_of(text) == "1 failed", text
    assert "bug: main raised AssertionError: assert 1 == 2 (given" in text
    assert re.search(r"\d main.add-2 ", text)
    assert "because of step" in text
    assert "fbdev/explore" not in text
    assert text.count("saw 0") == 2
    (line,) = re.findall(r"again: (pytest .*)", text)
    again = run_tests(tmp_path, LOSES, *shlex.split(line)[1:])
    assert count_of(again) == "1 failed"
    assert "1 executions" in again
    mended = LOSES.replace("Box()\n", "Box()\n    await box.add()\n    box.n -= 1\n")
    other = run_tests(tmp_path, mended, *shlex.split(line)[1:])
    assert "choice 1 does not fit any more: main " in other


def test_fixtures_parameters_classes_and_time(tmp_path: Path) -> None:
    """Fixtures are made anew, methods have an object of their own, time is virtual, and orders are all tried."""
    text = run_tests(
        tmp_path,
        BOX
        + """
@pytest.fixture
def box():
    return Box()

@pytest.mark.parametrize("count", [1, 2, 3])
class TestBox:
    @explore()
    async def test_locked(self, box, count):
        lock = asyncio.Lock()

        async def add():
            async with lock:
                await box.add()

        await asyncio.gather(*(add() for _ in range(count)))
        assert box.n == count

@explore()
async def test_time():
    started = asyncio.get_running_loop().time()
    await asyncio.sleep(3600)
    assert asyncio.get_running_loop().time() == started + 3600

@explore()
async def test_waits_for_ever():
    await asyncio.Event().wait()

@explore()
async def test_skipped_inside():
    async def skip():
        await asyncio.sleep(1)
        pytest.skip("by a task")

    await asyncio.create_task(skip())
""",
        "-rs",
    )
    assert count_of(text) == "1 failed, 4 passed, 1 skipped", text
    assert "deadlock: main waits for" in text
    assert "by a task" in text


def test_other_plugins_leave_coroutines_alone(tmp_path: Path) -> None:
    """With anyio's mark and in its auto mode, a coroutine that explores is ours; and a limit of time ends it."""
    text = run_tests(
        tmp_path,
        """
        @pytest.mark.anyio
        @explore()
        async def test_marked():
            await asyncio.sleep(1)
            assert type(asyncio.get_running_loop()).__module__.startswith("fb")

        @pytest.mark.anyio
        async def test_theirs(anyio_backend_name):
            await asyncio.sleep(0)

        @pytest.mark.timeout(1)
        @explore()
        async def test_hangs():
            while True:
                pass

        @explore()
        async def test_refused(stepped_loop): pass
        """,
        "--anyio-mode=auto",
    )
    assert count_of(text) == "1 failed, 2 passed, 1 error", text
    assert "Timeout (>1.0s) from pytest-timeout" in text
    assert "the fixture stepped_loop cannot be made anew for each execution" in text


def test_failing_cases_can_be_pasted_beside_their_tests(tmp_path: Path) -> None:
    """Of coroutines, methods with parameters and nets: each fails as its test did, and passes when that is mended."""
    tests = (
        LOSES
        + """
from fbcore import Each, Graph, component
from fbdev.explore import NetScene

MENDED = False

@component
def same(number: int) -> int:
    if number == 2 and not MENDED:
        raise ValueError("no")
    return number

graph = Graph("same")
graph.inputs.number >> graph.add(same).number
graph["same"].out >> graph.outputs.out

@explore()
def test_net():
    return NetScene(graph, inputs={"number": Each([1, 2])})

@pytest.fixture
def box():
    return Box()

class TestBox:
    @pytest.mark.parametrize("count", [2])
    @explore()
    async def test_box(self, box, count, monkeypatch):
        await asyncio.gather(*(box.add() for _ in range(count)))
        assert box.n == count
"""
    )
    text = run_tests(tmp_path, tests, "--explore-report", "reports")
    assert count_of(text) == "3 failed", text
    cases = sorted((tmp_path / "reports").glob("*.case.txt"))
    assert [path.name.partition("-")[0] for path in cases] == [
        "test_it.py.TestBox.test_box",
        "test_it.py.test_gather.case.txt",
        "test_it.py.test_net.case.txt",
    ]
    # The one of the class first, for the class comes last.
    pasted = tests + "\n" + "\n\n".join(path.read_text(encoding="utf-8") for path in cases)
    text = run_tests(tmp_path, pasted, "-k", "without")
    assert re.search(r"^3 failed, 3 deselected", count_of(text)), text
    mended = pasted.replace("MENDED = False", "MENDED = True").replace("await asyncio.sleep(0)", "pass")
    text = run_tests(tmp_path, mended)
    assert count_of(text) == "6 passed", text

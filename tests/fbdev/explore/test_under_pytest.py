"""`@explore(...)` in a user's tests, as pytest runs them with the installed plugin."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fbdev.explore.user_tests import count_of, run_tests
from tests.habits.tree import ROOT

pytestmark = pytest.mark.slow

LOSES = """
@explore(at_end=is_two)
def test_counts():
    return losing()
"""


def test_a_failure_is_a_report_and_its_line_replays_it(tmp_path: Path) -> None:
    """Schedule, causal pair and token, and nothing of our inside; the line that is printed repeats one schedule."""
    text = run_tests(tmp_path, LOSES)
    assert count_of(text) == "1 failed"
    assert "bug: what must hold at the end does not" in text
    assert re.search(r"because of step 2: b reads count at .*test_it.py:\d+ in add\n +and step 4: a writes", text)
    assert "Traceback" not in text
    assert "fbdev/explore" not in text
    assert "hidden" not in text
    assert "FAILED test_it.py::test_counts - Explored: bug: what must hold" in text
    # Of all executions, pytest shows what the failing one printed.
    assert text.count("read 0") == 2
    (line,) = re.findall(r"again: (pytest .*)", text)
    again = run_tests(tmp_path, LOSES, *shlex.split(line)[1:])
    assert "1 executions, 4 steps" in again
    assert "the schedule: 4 steps, 2 switches" in again
    assert count_of(again) == "1 failed"


def test_a_token_that_does_not_fit_says_which_choice(tmp_path: Path) -> None:
    """After the code has changed; of what is mended the one schedule passes; and what is no token is refused."""
    (token,) = re.findall(r"--explore-replay (\S+)", run_tests(tmp_path, LOSES))
    other = run_tests(tmp_path, LOSES.replace("losing()", "[steps(), steps()]"), "--explore-replay", token)
    assert "choice 1 does not fit any more: a cannot make a step there" in other
    assert count_of(other) == "1 failed"
    mended = run_tests(tmp_path, LOSES.replace("is_two", "lambda count: True"), "--explore-replay", token, "-rP")
    assert count_of(mended) == "1 passed"
    assert "one schedule, which does not fail" in mended
    assert "'x1.abc' is no replay token" in run_tests(tmp_path, LOSES, "--explore-replay", "x1.abc")
    assert "no test that is selected has @explore(...)" in run_tests(
        tmp_path, "def test_it(): pass", "--explore-replay", token
    )


def test_what_passes_shows_what_it_rests_on(tmp_path: Path) -> None:
    """With -rP pytest shows the verdict of a test that passed."""
    text = run_tests(tmp_path, "@explore()\ndef test_two():\n    return [steps(), steps()]", "-rP")
    assert count_of(text) == "1 passed"
    assert re.search(r"explore call -+\nholds \(given: .*\n.* 9 states", text)


def test_fixtures_of_function_scope_are_made_anew_for_each_execution(tmp_path: Path) -> None:
    """Theirs and pytest's own, with their ends; others are made once, as the whole module's are."""
    text = run_tests(
        tmp_path,
        """
        made, ended = [], []

        @pytest.fixture(scope="module")
        def once():
            made.append("once")
            return made

        @pytest.fixture
        def box(tmp_path, once, monkeypatch):
            assert not list(tmp_path.iterdir())
            (tmp_path / "folder").mkdir()
            (tmp_path / "folder" / "file").write_text("text")
            monkeypatch.setattr(pytest, "mine", [], raising=False)
            assert len(ended) == made.count("box")
            made.append("box")
            yield []
            ended.append("box")

        @pytest.fixture(autouse=True)
        def clean():
            made.append("clean")

        @explore()
        def test_it(box, tmp_path, once):
            assert (tmp_path / "folder").exists()

            def put():
                yield "one"
                assert len(box) < 2
                box.append(1)
                assert len(pytest.mine) < 2
                pytest.mine.append(1)

            return [put(), put()]

        def test_after(once, tmp_path):
            assert not hasattr(pytest, "mine")
            assert once.count("once") == 1
            assert once.count("box") == len(ended) > 3
            assert once.count("clean") == once.count("box") + 1
            assert len(list(tmp_path.parent.glob("test_it[0-9]*"))) == 1
        """,
    )
    assert count_of(text) == "2 passed", text


def test_a_net_takes_no_fixture_that_is_made_anew(tmp_path: Path) -> None:
    """For it is made once; others are made anew before each execution, and `tmp_path` is emptied."""
    text = run_tests(
        tmp_path,
        """
        from fbcore import Each, Graph, component

        cleaned, folders = [], []

        @component
        def keep(number: int) -> int:
            (folders[0] / str(number)).touch(exist_ok=False)
            return number

        graph = Graph("keeps")
        graph.inputs.number >> graph.add(keep).number
        graph["keep"].out >> graph.outputs.out

        @pytest.fixture(autouse=True)
        def clean():
            cleaned.append(1)

        @pytest.fixture(scope="module")
        def wide():
            return [1, 2]

        @pytest.fixture
        def narrow():
            return [1, 2]

        @explore(invariant=lambda net: folders[0].exists(), search="every", accept=["unseen"])
        def test_wide(wide, tmp_path):
            folders[:] = [tmp_path]
            return NetScene(graph, inputs={"number": Each(wide)})

        @explore()
        def test_narrow(narrow):
            return NetScene(graph, inputs={"number": Each(narrow)})

        def test_after():
            assert len(cleaned) > 6
        """,
    )
    assert "the fixture narrow is made anew for each execution, and a net is made once and may keep it" in text
    assert count_of(text) == "1 failed, 2 passed", text


def test_parameters_classes_and_marks(tmp_path: Path) -> None:
    """Parametrized tests, fixtures with parameters, methods on an object of their own, skip and xfail."""
    text = run_tests(
        tmp_path,
        """
        @pytest.fixture(params=["x", "y"])
        def letter(request):
            return request.param

        @pytest.mark.parametrize("count", [1, 2], ids=["one", "two two"])
        @explore()
        def test_both(letter, count):
            def process():
                yield letter
                assert (letter, count) != ("y", 2)
            return [process()]

        class TestThem:
            def setup_method(self):
                self.calls = []

            @explore()
            def test_method(self):
                assert self.calls == []

                def process():
                    yield "ready"
                    self.calls.append(1)
                    assert len(self.calls) <= 2
                return [process(), process()]

            @staticmethod
            @explore()
            def test_static():
                return [steps()]

        @pytest.mark.xfail(raises=AssertionError, strict=True)
        @explore(at_end=is_two)
        def test_expected():
            return losing()

        @explore()
        @pytest.mark.skip(reason="by mark")
        def test_skipped():
            assert False

        @explore()
        def test_skips_itself():
            def process():
                yield "ready"
                pytest.skip("by itself")
            return [process()]
        """,
        "-rs",
    )
    assert count_of(text) == "1 failed, 5 passed, 2 skipped, 1 xfailed", text
    assert "by mark" in text
    assert "by itself" in text
    (line,) = re.findall(r"again: pytest (.*) --explore-replay", text)
    assert shlex.split(line) == ["test_it.py::test_both[two two-y]"] or shlex.split(line) == [
        "test_it.py::test_both[y-two two]"
    ]


def test_what_cannot_be_made_anew_is_refused_by_name(tmp_path: Path) -> None:
    """With what to do instead; so are tests of unittest, and decorators without parentheses."""
    text = run_tests(
        tmp_path,
        """
        import unittest

        @pytest.fixture
        async def later():
            return 1

        @explore()
        def test_later(later): pass

        @explore()
        def test_request(request): pass

        @explore()
        def test_log(caplog): pass

        class Cases(unittest.TestCase):
            @explore()
            def test_case(self): pass

        @pytest.mark.skip
        @explore()
        def test_skipped(request): pass
        """,
    )
    assert count_of(text) == "1 skipped, 4 errors"
    assert "the fixture later is a coroutine, which cannot be made anew for each execution: make it a plain" in text
    assert "the fixture request cannot be made anew for each execution: take what you need of it in a fixture" in text
    assert "the fixture caplog cannot be made anew" in text
    assert "a unittest.TestCase runs its methods itself" in text
    text = run_tests(tmp_path, "@explore\ndef test_bare():\n    return [steps()]")
    assert "test_bare was explored when it was imported: write @explore(), and it is a test" in text


def test_errors_are_shown_as_the_users_own(tmp_path: Path) -> None:
    """A factory or a fixture that fails shows its traceback, and none of ours; what is no process is named."""
    text = run_tests(
        tmp_path,
        """
        calls = []

        @pytest.fixture
        def fails():
            calls.append(1)
            if len(calls) > 3:
                raise RuntimeError("spent")

        @explore()
        def test_factory(): return {}["no"]

        @explore()
        def test_fixture(fails): return [steps(), steps()]

        @explore()
        def test_nothing(): pass

        @explore(at_end=lambda shared: pytest.fail("not so"))
        def test_end(): return [steps()]

        @explore(at_end=lambda shared: [1, 2] == shared)
        def test_many():
            def process():
                yield "ready"
                assert {"a": 1} == {"a": 2}
            return [process()]
        """,
    )
    assert count_of(text) == "5 failed"
    assert "KeyError: 'no'" in text
    assert "RuntimeError: spent" in text
    assert "a factory returns processes, and not None" in text
    assert "the check at the end does not hold: Failed: not so" in text
    assert "bug: process raised AssertionError: assert {'a': 1} == {'a': 2} (given" in text
    assert "Differing items" in text
    assert "fbdev/explore" not in text


def test_what_is_not_proven_fails_unless_it_is_accepted(tmp_path: Path) -> None:
    """The report says how to accept it, or how to give more time; `--explore-budget` is instead of all budgets."""
    tests = """
    @explore(budget=1000)
    def test_long(): return [steps(99), steps(99), steps(99)]

    @explore(budget=1000, accept=["preemptions"])
    def test_enough(): return [steps(99), steps(99), steps(99)]
    """
    text = run_tests(tmp_path, tests, "--explore-budget", "2")
    assert count_of(text) == "1 failed, 1 passed", text
    assert "holds within" in text
    assert "mend: if that is enough, say @explore(accept=['preemptions']); else give it more" in text
    tests += """
    @explore()
    def test_snapshot(): return Scene([steps(), steps()], shared=[], snapshot=tuple)
    """
    text = run_tests(tmp_path, tests, "-k", "snapshot")
    assert "mend: if that is enough, say @explore(accept=['snapshot'])\n" in text
    text = run_tests(tmp_path, tests, "--explore-budget", "0")
    assert "inconclusive: 0 seconds are spent" in text
    assert "mend: give it more with @explore(budget=SECONDS) or --explore-budget SECONDS" in text
    assert "'-1' is no number of seconds" in run_tests(tmp_path, tests, "--explore-budget=-1")


def test_a_report_is_written_for_each_test(tmp_path: Path) -> None:
    """Its result as JSON, a picture, and the failing case; with names that files can have, on several cores too."""
    tests = LOSES + (
        '\n@pytest.mark.parametrize("name", ["a/b", "ä" * 300])\n@explore()\ndef test_named(name): return [steps()]\n'
    )
    text = run_tests(tmp_path, tests, "--explore-report", "reports/here", "-n", "2")
    assert "1 failed, 2 passed" in text
    assert "reports of the tests with @explore(...) are in reports/here" in text
    folder = tmp_path / "reports" / "here"
    found = json.loads((folder / "test_it.py.test_counts.json").read_text(encoding="utf-8"))
    assert found["nodeid"] == "test_it.py::test_counts"
    assert found["verdict"] == "bug"
    assert found["token"].startswith("x1.")
    assert (folder / "test_it.py.test_counts.svg").read_text(encoding="utf-8").endswith("</svg>\n")
    page = (folder / "test_it.py.test_counts.html").read_text(encoding="utf-8")
    assert "what must hold at the end does not" in page
    assert "def test_counts_without_end():" in (folder / "test_it.py.test_counts.case.txt").read_text(encoding="utf-8")
    assert len(list(folder.glob("*.json"))) == 3
    (tmp_path / "file").touch()
    assert "@explore: --explore-report: " in run_tests(tmp_path, tests, "--explore-report", "file/in")
    assert "file is a file; name a folder" in run_tests(tmp_path, tests, "--explore-report", "file")


def test_executions_are_quiet(tmp_path: Path) -> None:
    """What thousands of executions print and log is dropped, unless with -s; a warning is told once."""
    tests = """
    @explore()
    def test_talks():
        def process():
            yield "ready"
            print("printed")
            logging.getLogger("talks").warning("logged")
            warnings.warn("warned")
        return [process(), process()]
    """
    text = run_tests(tmp_path, tests, "-rP", "-W", "always")
    assert "printed" not in text
    assert "logged" not in text
    assert text.count('warnings.warn("warned")') == 1
    assert count_of(text) == "1 passed, 1 warning"
    assert run_tests(tmp_path, tests, "-s", "-W", "always").count("printed") > 3


def test_other_plugins_leave_it_alone(tmp_path: Path) -> None:
    """A limit of pytest-timeout ends the test, and is no failing schedule; marks for anyio change nothing."""
    text = run_tests(
        tmp_path,
        """
        @pytest.mark.timeout(0.5)
        @explore()
        def test_hangs():
            def process():
                yield "ready"
                while True:
                    pass
            return [process()]

        @pytest.mark.anyio
        @explore()
        def test_marked(): return [steps()]
        """,
        "--anyio-mode=auto",
    )
    assert count_of(text) == "1 failed, 1 passed", text
    assert "Timeout (>0.5s) from pytest-timeout" in text
    assert "bug:" not in text


def test_other_projects_pay_nothing(tmp_path: Path) -> None:
    """Where no test explores, nothing of fbcore and fbdev is imported but the plugin."""
    text = run_tests(
        tmp_path,
        """
        import sys

        def test_it():
            ours = {name for name in sys.modules if name.split(".")[0] in ("fbcore", "fbdev")}
            assert ours == {"fbdev", "fbdev.pytest_plugin"}
            assert not {"networkx", "pydantic"} & set(sys.modules)
        """,
        head="",
    )
    assert count_of(text) == "1 passed", text


@pytest.mark.skipif(sys.platform == "win32", reason="this platform has no such signals")
def test_an_interrupt_ends_the_run(tmp_path: Path) -> None:
    """Ctrl-C while a test is explored stops pytest, as it does in other tests."""
    (tmp_path / "test_it.py").write_text(
        "import os, signal\nfrom fbdev.explore import explore\n\n\n@explore()\ndef test_long():\n    def process():\n"
        "        for number in range(100):\n            yield number\n"
        "            if number == 50:\n                os.kill(os.getpid(), signal.SIGINT)\n"
        "    return [process(), process()]\n\n\ndef test_next():\n    pass\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == pytest.ExitCode.INTERRUPTED
    assert "KeyboardInterrupt" in done.stdout
    assert "passed" not in done.stdout

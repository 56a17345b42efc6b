"""`fbdev run --log`: lines for people and for programs, on the screen and in files."""

import json
import logging
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from fbdev.cli import main as fbdev_main
from tests.fbdev.terminal import Terminal

NET = """
import logging
from fbcore import Component, Each, Graph, In, Out, component

class Numbers(Component):
    out: Out[int]

    async def run(self) -> None:
        for number in range(3):
            self.log.debug("about to send %d", number)
            await self.out.send(number)
        print("all are sent")

@component
def check(number: int) -> int:
    if number == 1:
        logging.getLogger("checks").warning("%d is odd\\nvery", number, extra={"by": "eye"})
    return number

graph = Graph("talk")
graph.add(Numbers).out >> graph.add(check).number
graph["check"].out >> graph.outputs.out
"""


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A net that logs, prints and warns, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    Path("talk.py").write_text(NET)
    return "talk.py"


def main(arguments: list[str]) -> int:
    """Obey as a program that begins: nobody keeps a log yet."""
    handlers, logging.root.handlers = logging.root.handlers, []
    try:
        return fbdev_main(arguments)
    finally:
        LEFT[:], logging.root.handlers = logging.root.handlers, handlers


LEFT: list[logging.Handler] = []
"""The handlers that the last run has left at the root."""


def lines_in(file: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(file).read_text().splitlines()]


def messages(file: str) -> list[str]:
    return [line["message"] for line in lines_in(file)]


def test_a_file_of_json_lines(net: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every line of the log, with its context; the screen is as without."""
    assert main(["run", net, "--log", "talk.jsonl"]) == 0
    lines = lines_in("talk.jsonl")
    assert messages("talk.jsonl")[0] == "begins, with 2 nodes"
    assert messages("talk.jsonl")[-1].startswith("finished after ")
    (odd,) = [line for line in lines if line["logger"] == "checks"]
    assert (odd["node"], odd["packet"], odd["firing"], odd["level"]) == ("check", "numbers.out#1", 2, "WARNING")
    assert (odd["message"], odd["extra"], odd["at"]) == ("1 is odd\nvery", {"by": "eye"}, "talk.py:17")
    captured = capsys.readouterr()
    assert captured.out == "all are sent\n0\n1\n2\n"
    assert "odd" not in captured.err
    assert captured.err.startswith("talk: finished")


def test_lines_are_added_to_a_file(net: str) -> None:
    """A second run does not take away what the first one has told."""
    for _ in range(2):
        assert main(["run", net, "--log", "talk.jsonl"]) == 0
    assert [message for message in messages("talk.jsonl") if message.startswith("begins")] == [
        "begins, with 2 nodes"
    ] * 2


def test_lines_for_people(net: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Time, level, address, text and packet; what is more than a line stands below, indented."""
    assert main(["run", net, "--log", "text"]) == 0
    err = re.sub(r"\d\d:\d\d:\d\d\.\d{3}", "TIME", capsys.readouterr().err)
    assert "TIME INFO    talk: begins, with 2 nodes\n" in err
    assert "TIME WARNING check: 1 is odd (numbers.out#1, firing 2)\n    very\n" in err
    assert "about to send" not in err


def test_json_has_standard_error_for_itself(net: str, capsys: pytest.CaptureFixture[str]) -> None:
    """No summary and no notices between the lines: the log tells both."""
    assert main(["run", net, "--log", "json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line.get("event") for line in (lines[0], lines[-1])] == ["begins", "ended"]


def test_several_places(net: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One log goes to the screen and into files, each in its form."""
    assert main(["run", net, "--log", "text", "--log", "talk.jsonl", "--log", "talk.log"]) == 0
    assert "1 is odd" in capsys.readouterr().err
    assert "1 is odd\nvery" in messages("talk.jsonl")
    assert "WARNING check: 1 is odd" in Path("talk.log").read_text()


@pytest.mark.parametrize(
    ("level", "wanted"),
    [("debug", {"about to send 0", "1 is odd\nvery"}), ("error", set()), ("WARNING", {"1 is odd\nvery"})],
)
def test_a_level(net: str, level: str, wanted: set[str]) -> None:
    """From it on lines are logged."""
    assert main(["run", net, "--log", "talk.jsonl", "--log-level", level]) == 0
    if level != "debug":
        assert set(messages("talk.jsonl")) == wanted
    assert wanted <= set(messages("talk.jsonl"))


def test_a_level_alone_logs_to_the_screen(net: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Who asks for a level wants to see lines."""
    assert main(["run", net, "--log-level", "debug"]) == 0
    assert "DEBUG   numbers: about to send 2" in capsys.readouterr().err


def test_levels_of_nodes_count_before(net: str) -> None:
    """One node may say more than the others, and another one less."""
    Path("net.toml").write_text('[nodes.numbers]\nlog_level = "DEBUG"\n[nodes.check]\nlog_level = "ERROR"\n')
    assert main(["run", net, "--settings", "net.toml", "--log", "talk.jsonl", "--log-level", "warning"]) == 0
    assert messages("talk.jsonl") == [f"about to send {number}" for number in range(3)]


def test_what_nodes_print_is_logged(net: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With `stdout = "log"` it is no output, and standard output is what it was afterwards."""
    Path("net.toml").write_text('stdout = "log"\n')
    before = sys.stdout
    assert main(["run", net, "--settings", "net.toml", "--log", "talk.jsonl"]) == 0
    assert sys.stdout is before
    assert capsys.readouterr().out == "0\n1\n2\n"
    (line,) = [line for line in lines_in("talk.jsonl") if line["message"] == "all are sent"]
    assert (line["node"], line["event"], line["level"]) == ("numbers", "stdout", "INFO")


def test_a_log_of_the_file_itself_shows_what_it_would_have(net: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Who sets up a log in the file sees no more of it, though another one wants more, and nothing twice."""
    Path("talk.py").write_text("import logging\nlogging.basicConfig(format='mine %(message)s')\n" + NET)
    assert main(["run", net, "--log", "talk.jsonl", "--log-level", "debug"]) == 0
    assert [line for line in capsys.readouterr().err.splitlines() if line.startswith("mine")] == ["mine 1 is odd"]
    assert "about to send 1" in messages("talk.jsonl")
    assert [type(handler) for handler in LEFT] == [logging.StreamHandler]
    assert main(["run", net, "--log", "text"]) == 0
    err = capsys.readouterr().err
    assert (err.count("1 is odd"), "mine" in err) == (1, False)
    assert (logging.root.level, len(LEFT)) == (logging.WARNING, 1)


@pytest.mark.parametrize("level", ["NOTSET", "ERROR"])
def test_levels_of_the_file_are_given_back(net: str, level: str) -> None:
    """A log of the file that takes everything still does, and one that takes errors alone takes no more."""
    setup = f"import logging\nlogging.basicConfig(level={level!r}, filename='mine.log', format='%(message)s')\n"
    Path("talk.py").write_text(setup + NET)
    assert main(["run", net, "--log", "talk.jsonl", "--log-level", "info"]) == 0
    assert ("about to send 0" in Path("mine.log").read_text()) is (level == "NOTSET")
    assert ("1 is odd" in Path("mine.log").read_text()) is (level == "NOTSET")
    assert logging.root.level == logging.getLevelName(level)
    logging.root.setLevel(logging.WARNING)
    LEFT[0].close()


FAILS = """
from fbcore import Component, Graph

class Fails(Component):
    async def run(self) -> None:
        self.log.warning("it will not go well")
        raise ValueError("as it was said")

graph = Graph("bad")
graph.add(Fails)
"""


def test_without_a_log_warnings_are_shown_and_failures_once(net: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A warning has the address of its node; a failure is told by the summary alone, without its traceback."""
    Path("bad.py").write_text(FAILS)
    assert main(["run", "bad.py"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("fails: it will not go well\nbad: failed")
    assert err.count("as it was said") == 1
    assert "Traceback" not in err


def test_a_failure_in_the_log_has_its_traceback(net: str) -> None:
    """As text, without the lines that run the net."""
    Path("bad.py").write_text(FAILS)
    assert main(["run", "bad.py", "--log", "bad.jsonl"]) == 1
    (failed,) = [line for line in lines_in("bad.jsonl") if line.get("event") == "failed"]
    assert failed["exception"].splitlines()[-1] == "ValueError: as it was said"
    assert "fbcore" not in failed["exception"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--log", "talk.yaml"], "talk.yaml: say text, json, or a file that ends in .jsonl, .ndjson, .log, .txt"),
        (["--log", "text", "--log", "json"], "standard error is for text, or for JSON"),
        (["--log", "nowhere/talk.jsonl"], "nowhere/talk.jsonl cannot be written: No such file or directory"),
        (["--log-level", "loud"], "'loud' is no level of a log; its levels are: CRITICAL, ERROR"),
        (["--log", "json", "--live"], "--log json has standard error for itself"),
    ],
)
def test_what_cannot_be_is_refused(net: str, options: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything runs, in a line that says what can be."""
    assert main(["run", net, *options]) == 2
    captured = capsys.readouterr()
    assert (captured.out, said in captured.err) == ("", True)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
def test_a_full_disk_is_told_once(net: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The net goes on, and nobody gets a traceback for each line."""
    Path("full.jsonl").symlink_to("/dev/full")
    assert main(["run", net, "--log", "full.jsonl"]) == 0
    assert capsys.readouterr().err.count("notice: the log cannot be written to full.jsonl: No space left") == 1


def test_a_line_that_cannot_be_made_is_told_once(net: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A mistake in a call of the log is named with its line."""
    Path("talk.py").write_text(NET.replace('"%d is odd\\nvery", number', '"%d is odd", "one"'))
    assert main(["run", net, "--log", "text", "--log", "talk.jsonl"]) == 0
    err = capsys.readouterr().err
    assert "notice: talk.py:17: a line of the log cannot be made: TypeError: %d format" in err
    assert "Traceback" not in err


@pytest.mark.slow
def test_lines_stand_above_the_live_table(tmp_path: Path) -> None:
    """Each once, in order and whole; the table is below them, and stays at the end."""
    source = NET.replace("range(3)", "range(300)").replace("number == 1", "number % 50 == 0").replace("\\nvery", "")
    source = "import asyncio\n" + source.replace("send(number)", "send(number)\n            await asyncio.sleep(0.002)")
    (tmp_path / "talk.py").write_text(source)
    with Terminal("run", "talk.py", "--log", "text", cwd=tmp_path) as terminal:
        screen = terminal.read_to_end()
    logged = [line for line in screen if "is odd" in line]
    assert [re.sub(r"^\S+ ", "", line) for line in logged] == [
        f"WARNING check: {number} is odd (numbers.out#{number}, firing {number + 1})" for number in range(0, 300, 50)
    ]
    table = next(index for index, line in enumerate(screen) if line.split()[:1] == ["numbers"])
    assert table > screen.index(logged[-1])

from pathlib import Path

import pytest

from fbcore import Outcome
from fbdev.cli import main
from fbdev.exit_code import exit_code_of
from tests.fbdev import nets

WAYS = {
    "finished": (nets.FINISHED, [], 0),
    "quiescent": (nets.QUIESCENT, ["--input", "start=10"], 0),
    "failed": (nets.FAILED, ["--input", "value=0"], 1),
    "starved": (nets.STARVED, [], 3),
    "deadlocked": (nets.DEADLOCKED, [], 4),
    "stopped": (nets.ENDLESS, ["--time-limit", "0.05"], 5),
}


@pytest.mark.parametrize("outcome", WAYS)
def test_the_exit_code_says_how_the_net_ended(tmp_path: Path, outcome: str, capsys: pytest.CaptureFixture[str]) -> None:
    """0 finished or quiescent, 1 failed, 3 starved, 4 deadlocked, 5 stopped; the summary says it in words."""
    source, arguments, code = WAYS[outcome]
    (tmp_path / "net.py").write_text(source)
    assert main(["run", str(tmp_path / "net.py"), *arguments]) == code
    assert f": {outcome} after " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("source", "arguments", "said"),
    [
        (nets.FINISHED, ["--cuont", "3"], "--cuont"),
        (nets.FINISHED, ["--count", "three"], "--count: 'three' is no int: "),
        (nets.FINISHED, ["--count"], "--count"),
        (nets.FINISHED, ["--input", "x=1"], "--input x: the graph has no such input"),
        (nets.FINISHED, ["--time-limit", "soon"], "soon is no number of seconds"),
        (nets.FINISHED, ["--grace", "-1"], "-1 is no number of seconds"),
        (nets.FINISHED, ["--quiet", "--live"], "--quiet shows no table"),
        (nets.FINISHED, ["another.py"], "another.py"),
        (nets.FAILED, [], "inputs.value: this input of the graph has no value"),
        (nets.INVALID, [], "graph invalid cannot run: 1 problem"),
        ("x = (", [], "SyntaxError"),
        ("x = 1", [], "there is no graph in this file, only x"),
    ],
)
def test_wrong_usage_is_2(
    tmp_path: Path, source: str, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot run at all is wrong usage: it is said on standard error, and standard output stays empty."""
    (tmp_path / "net.py").write_text(source)
    assert main(["run", str(tmp_path / "net.py"), *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert said in err
    assert "Traceback" not in err


def test_every_outcome_has_a_code() -> None:
    """No way to end is without an exit code, and only good ones are 0."""
    assert {outcome for outcome in Outcome if exit_code_of(outcome) == 0} == {o for o in Outcome if o.is_good}

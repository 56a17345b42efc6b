from pathlib import Path

import pytest

from fbcore import BatchRuntime, Result
from fbcore.formats.python_file import load_graph
from fbcore.net.report import EdgeState, Outcome, Snapshot
from fbdev.run.ending import ending
from tests.fbdev import nets


def ended(source: str, folder: Path, **options: object) -> list[str]:
    """Run the net in a source and return the lines that say how it ended."""
    (folder / "net.py").write_text(source)
    result = BatchRuntime(load_graph(folder / "net.py")).run(raises=False, **options)  # type: ignore[arg-type]
    return ending(result).splitlines()


def result_of(outcome: Outcome, seconds: float, put: int) -> Result:
    """A result with one edge."""
    edges = {"a.out->b.in": EdgeState("a.out->b.in", put, put, 0, 64)}
    return Result("net", outcome, "", {}, Snapshot({}, edges, seconds, (), is_stopping=False))


@pytest.mark.parametrize(
    ("seconds", "put", "line"),
    [
        (2.0, 1, "net: finished after 2.00 s, 1 packet, 0/s"),
        (0.5, 1000, "net: finished after 0.50 s, 1,000 packets, 2,000/s"),
        (0.0, 0, "net: finished after 0.00 s, 0 packets"),
        (125.4, 125400, "net: finished after 2 min 5 s, 125,400 packets, 1,000/s"),
    ],
)
def test_the_first_line_says_outcome_time_and_packets(seconds: float, put: int, line: str) -> None:
    """One line says how the net ended, how long it ran, how many packets its edges carried, and how fast."""
    assert ending(result_of(Outcome.FINISHED, seconds, put)) == line


def test_a_good_end_is_one_line(tmp_path: Path) -> None:
    """Where everything arrived there is nothing more to say."""
    assert len(ended(nets.FINISHED, tmp_path)) == 1


def test_discarded_packets_are_counted(tmp_path: Path) -> None:
    """What went nowhere is said, even when the net ended well."""
    lines = ended(nets.FINISHED.replace('graph["double"].out >> graph.outputs.doubled', ""), tmp_path)
    assert lines[1:] == ["  discarded  double.out: 3 packets"]


def test_a_failure_names_node_line_and_packet(tmp_path: Path) -> None:
    """A failed net: what each node raised and where, what it held, and how to see the traceback."""
    lines = ended(nets.FAILED, tmp_path, inputs={"value": 0})
    assert lines[0].startswith("failing: failed after ")
    assert lines[1] == "  error  divide: ZeroDivisionError: division by zero (net.py:6)"
    assert "  held  divide.value: 0" in lines
    assert lines[-1] == "  hint: --debug shows the traceback"


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    """With --debug the traceback of the component comes first."""
    (tmp_path / "net.py").write_text(nets.FAILED)
    result = BatchRuntime(load_graph(tmp_path / "net.py")).run(inputs={"value": 0}, raises=False)
    lines = ending(result, debug=True).splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert "    return 1 / value" in lines
    assert "  hint: --debug shows the traceback" not in lines


def test_a_deadlock_names_its_circle(tmp_path: Path) -> None:
    """A deadlocked net: the circle of waits, the packets in it, and the mend."""
    lines = ended(nets.DEADLOCKED, tmp_path)
    assert lines[0].startswith("deadlocked: deadlocked after ")
    assert "  circle  a -> a.said->b.heard -> b -> b.said->a.heard -> a" in lines
    assert "  unread  a.said->b.heard: 1 packet: 1" in lines
    assert "capacity=" in lines[-1]


def test_a_starved_net_names_what_lies_where(tmp_path: Path) -> None:
    """A starved net: who waits for what, and a hint."""
    lines = ended(nets.STARVED, tmp_path)
    assert lines[0].startswith("starved: starved after ")
    assert any(line.startswith(("  waits  ", "  unread  ")) for line in lines)
    assert lines[-1].startswith("  hint: ")


def test_a_time_limit_is_given_as_the_reason(tmp_path: Path) -> None:
    """A stopped net: why, and what held it up."""
    lines = ended(nets.ENDLESS, tmp_path, time_limit=0.05)
    assert lines[0].endswith("(the time limit of 0.05 s is over)")
    assert any(line.startswith("  waits  ticks: ") for line in lines)

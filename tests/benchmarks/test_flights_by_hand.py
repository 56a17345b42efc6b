"""The job that the example is measured against does the same, and does it alone."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.flights_by_hand import run
from fbcore import BatchRuntime
from fbcore.formats.python_file import load_graph

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples/flights/flights.py"

FLIGHTS = """\
year,hour,origin,time_hour,dep_delay
2013,5,JFK,2013-01-01T10:00:00Z,10
2013,5,JFK,2013-01-01T10:00:00Z,-40
2013,6,JFK,2013-01-01T11:00:00Z,NA
2013,5,LGA,2013-01-01T10:00:00Z,7
2013,6,LGA,2013-01-01T11:00:00Z,NA
2013,5,JFK,yesterday,1
2013,5,JFK,2013-01-01T10:00:00Z,soon
"""
WEATHER = """\
origin,time_hour,precip,visib,wind_speed
JFK,2013-01-01T10:00:00Z,0.01,10,5
JFK,2013-01-01T11:00:00Z,0,NA,1048
LGA,2013-01-01T10:00:00Z,0,0.5,30
JFK,2013-01-01T12:00:00Z,a lot,10,5
"""


def by_hand(flights: Path, weather: Path, out: Path) -> str:
    """Do the job by hand."""
    return asyncio.run(run(flights, weather, out))


def as_a_net(flights: Path, weather: Path, out: Path) -> str:
    """Do the job with the example."""
    parts = BatchRuntime(load_graph(str(EXAMPLE))).run(flights=flights, weather=weather, out=out).outputs.report
    # Where in the code a row failed only a net can say.
    return re.sub(r" \(flights\.py:\d+\)", "", "\n".join(parts))


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.slow
@pytest.mark.parametrize("lines", [8, 1], ids=["small and bad", "none at all"])
def test_both_say_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: int) -> None:
    """Report, tables and charts are the same for rows that are broken, cancelled or without weather, and for none."""
    monkeypatch.chdir(tmp_path)
    flights, weather, out = Path("flights.csv"), Path("weather.csv"), Path("out")
    flights.write_text("".join(FLIGHTS.splitlines(keepends=True)[:lines]), encoding="utf-8")
    weather.write_text(WEATHER, encoding="utf-8")
    # Which of two inputs a broken row came by first is not determined.
    report, files = sorted(as_a_net(flights, weather, out).splitlines()), files_in(out)
    assert sorted(by_hand(flights, weather, out).splitlines()) == report
    assert files_in(out) == files
    assert len(files) == 6


@pytest.mark.slow
def test_all_the_flights(tmp_path: Path) -> None:
    """On all the data it prints and writes, byte for byte, what is stored for the example, and needs no fbcore."""
    program = "import sys; from benchmarks.flights_by_hand import main; main(); assert 'fbcore' not in sys.modules"
    command = [sys.executable, "-c", program]
    environment = {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, check=True, cwd=tmp_path, env=environment, capture_output=True, text=True)
    expected = files_in(EXAMPLE.parent / "expected")
    assert done.stdout.encode() == expected.pop("report.txt")
    assert files_in(tmp_path / "flights-out") == expected


def test_a_row_that_is_too_short(tmp_path: Path) -> None:
    """It fails as the example does, by file and line, instead of guessing."""
    (tmp_path / "flights.csv").write_text(FLIGHTS + "2013,5\n", encoding="utf-8")
    (tmp_path / "weather.csv").write_text(WEATHER, encoding="utf-8")
    with pytest.raises(ExceptionGroup) as caught:
        by_hand(tmp_path / "flights.csv", tmp_path / "weather.csv", tmp_path / "out")
    assert caught.group_contains(ValueError, match=r"flights.csv:9: the row has 2 fields, and the header 5")

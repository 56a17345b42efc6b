"""How fast every interleaving is tried, and how much is left out; the floor is a bare resume of a generator."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from benchmarks.case import Case, Effort, Measurement, at_most, spread_of
from benchmarks.standard_problems import PROBLEMS, Problem
from benchmarks.standard_problems_coroutines import PROBLEMS as COROUTINES
from benchmarks.standard_problems_nets import PROBLEMS as NETS
from fbcore import Each, Graph, component
from fbdev.explore import Budget, NetScene, Result, Scene, Shared, VerdictKind, explore


def idle(count: int) -> Iterator[int]:
    """Make steps that touch nothing."""
    yield from range(count)


def two(count: int) -> Callable[[], Any]:
    """Return a factory of two processes that never meet."""
    return lambda: (idle(count), idle(count))


def deep_bug() -> Scene:
    """Make three processes of ten steps that fail after three preemptions, each between one certain pair of steps.

    The first opens a window with its fifth step and closes it with its sixth; only in between the second opens another,
    only in that one the third another, and only then the sixth step of the first fails.
    """
    stage = Shared(0, "stage")

    def run(mine: int) -> Iterator[Any]:
        for number in range(9):
            yield number
            if number == 4 and stage.value == mine:
                stage.value = mine + 1
            elif number == 5 and mine == 0 and stage.value == 3:
                raise ValueError("three preemptions")
            elif number == 5 and stage.value == mine + 1:
                stage.value = 0

    return Scene([run(0), run(1), run(2)], stage)


def resume_seconds() -> float:
    """Return the CPU seconds of a bare resume of a generator."""
    count = 100_000
    process = idle(count)
    before = time.process_time()
    for _ in process:
        pass
    return (time.process_time() - before) / count


def rate(name: str, figure: Callable[[Result], int], unit: str, least: float) -> Measurement:
    """Measure executions or steps a second, of two processes of five steps in every order."""

    def measure(effort: Effort) -> Iterator[Case]:
        values, ratios = [], []
        for _ in range(effort.rounds):
            before = time.process_time()
            result = explore(two(5), search="every").assert_holds()
            seconds = time.process_time() - before
            values.append(figure(result) / seconds)
            ratios.append(seconds / result.steps / resume_seconds())
        value = statistics.median(values)
        ratio = statistics.median(ratios)
        target = f">= {least:,.0f} {unit}"
        note = "" if value >= least else spread_of(values)
        yield Case(name, value, unit, "bare resume", ratio, target, value >= least, spread_of(values), note)

    return Measurement(name, measure)


def seconds_of(work: Callable[[], object]) -> float:
    """Return the CPU seconds of something."""
    before = time.process_time()
    work()
    return time.process_time() - before


def grid(effort: Effort) -> Iterator[Case]:
    """Measure the states of two processes of a hundred steps."""

    def work() -> None:
        assert len(explore(two(100), search="states").assert_holds().graph.states) == 10_404

    yield at_most("2 x 100 steps, 10,404 states", [seconds_of(work) for _ in range(effort.rounds)], "CPU s", 1)


def philosophers(effort: Effort) -> Iterator[Case]:
    """Count the executions by races that three philosophers take."""
    (problem,) = [each for each in PROBLEMS if each.name == "philosophers"]
    runs = explore(problem.factory, search="races", keep_going=True).executions
    yield at_most("3 philosophers by races", [runs], "executions", 11)


def circle(name: str) -> Measurement:
    """Measure a proof of processes that go in circles."""
    (problem,) = [each for each in PROBLEMS if each.name == f"{name}, mended"]
    title = f"{name}, proven"

    def work() -> None:
        assert explore(problem.factory, at_end=problem.at_end).assert_holds().spins

    def measure(effort: Effort) -> Iterator[Case]:
        work()
        yield at_most(title, [1000 * seconds_of(work) for _ in range(effort.rounds)], "ms", 10)

    return Measurement(title, measure)


def deep(effort: Effort) -> Iterator[Case]:
    """Measure how soon samples find a bug of three preemptions, with twenty seeds, and how often they miss it."""
    seeds = range(20 if effort.rounds > 1 else 2)
    results = [explore(deep_bug, search="sample", samples=20_000, seed=seed) for seed in seeds]
    found = [result for result in results if result.failure]
    name = "bug of 3 preemptions in 3 x 10 steps"
    if found:
        yield at_most(f"{name}, executions", [each.executions for each in found], "executions", 10_000)
        yield at_most(f"{name}, seconds", [each.seconds for each in found], "s", 5)
    yield at_most(f"{name}, seeds that miss it", [len(results) - len(found)], "seeds", 0)


def is_right(problem: Problem, result: Result) -> bool:
    """Say whether the verdict on a problem is right: its bug, or a proof."""
    if result.failure is not None:
        return result.failure.kind == problem.wrong
    return not problem.wrong and result.verdict.kind is VerdictKind.HOLDS


def verdicts(effort: Effort) -> Iterator[Case]:
    """Count the standard problems, each with its bug and mended, whose verdict is wrong."""
    wrong = sum(not is_right(problem, explore(problem.factory, at_end=problem.at_end)) for problem in PROBLEMS)
    yield at_most(f"{len(PROBLEMS)} standard problems, wrong verdicts", [wrong], "verdicts", 0)


def verdicts_of_nets(effort: Effort) -> Iterator[Case]:
    """Count the standard problems as nets whose verdict is wrong, and measure each; in a hurry, the first two."""
    wrong = 0
    for problem in NETS if effort.share == 1 else NETS[:2]:
        before = time.process_time()
        result = explore(problem.factory, at_end=problem.at_end, budget=Budget(seconds=None))
        # Half of the usual budget: with the other half the explorer turns to preemptions.
        case = at_most(f"{problem.name}, as a net", [time.process_time() - before], "CPU s", 30)
        wrong += not is_right(problem, result)
        told = f"{result.executions:,} executions, {len(result.graph.states):,} states"
        yield replace(case, note=f"{result.verdict.kind}: {told}")
    yield at_most(f"{len(NETS)} standard problems as nets, wrong verdicts", [wrong], "verdicts", 0)


@component
def number(count: int = 4) -> Iterator[int]:
    """Send numbers."""
    yield from range(count)


@component
def same(value: int) -> int:
    """Pass a number on."""
    return value


def line(nodes: int) -> Graph:
    """Make a net of nodes after one another."""
    graph = Graph("line")
    before = graph.inputs.value
    for each in range(nodes):
        node = graph.add(same, f"n{each}")
        before >> node.value
        before = node.out
    before >> graph.outputs.out
    return graph


def producers(count: int) -> Graph:
    """Make a net of producers who send to one port."""
    graph = Graph("producers")
    merge = graph.add(same, "merge")
    for each in range(count):
        graph.add(number, f"p{each}").out >> merge.value
    merge.out >> graph.outputs.out
    return graph


def nets(effort: Effort) -> Iterator[Case]:
    """Measure a proof of a line, one execution of it, and a proof of producers."""
    scene = NetScene(line(3), {"value": Each(range(10))})
    rates = []
    for _ in range(effort.rounds):
        before = time.process_time()
        result = explore(scene, search="random", samples=50)
        rates.append(result.executions / (time.process_time() - before))
    value, least, name = statistics.median(rates), 2000, "line of 3 nodes, 10 packets"
    target, spread = f">= {least:,} executions/s", spread_of(rates)
    yield Case(f"{name}, executions", value, "executions/s", target=target, met=value >= least, spread=spread)
    yield at_most(f"{name}, proven", [explore(scene).assert_holds().executions], "executions", 1)
    times = [1000 * seconds_of(lambda: explore(scene)) for _ in range(effort.rounds)]
    yield at_most(f"{name}, proven in", times, "ms", 10)
    proof = NetScene(producers(2))
    runs = explore(proof).assert_holds().executions
    yield at_most("2 producers x 4 packets, proven", [runs], "executions", 70)
    yield at_most(
        "2 producers x 4 packets, proven in",
        [seconds_of(lambda: explore(proof)) for _ in range(effort.rounds)],
        "CPU s",
        1,
    )


def of_coroutines(effort: Effort) -> Iterator[Case]:
    """Count the wrong verdicts on the standard problems as asyncio code, and the time that all of them take."""
    wrong, before = 0, time.process_time()
    for problem in COROUTINES:
        wrong += not is_right(problem, explore(problem.factory, at_end=problem.at_end))
    name = f"{len(COROUTINES)} standard problems as coroutines"
    yield at_most(f"{name}, wrong verdicts", [wrong], "verdicts", 0)
    yield at_most(f"{name}, all of them", [time.process_time() - before], "CPU s", 2)


def measurements() -> Iterator[Measurement]:
    """Yield the measurements."""
    yield rate("2 x 5 steps in every order, executions", lambda result: result.executions, "executions/s", 10_000)
    yield rate("2 x 5 steps in every order, steps", lambda result: result.steps, "steps/s", 100_000)
    yield Measurement("2 x 100 steps, 10,404 states", grid)
    yield Measurement("3 philosophers by races", philosophers)
    yield circle("spinlock")
    yield circle("self-retry")
    yield Measurement("bug of 3 preemptions in 3 x 10 steps", deep)
    yield Measurement(f"{len(PROBLEMS)} standard problems, wrong verdicts", verdicts)
    yield Measurement("line of 3 nodes, 10 packets", nets)
    yield Measurement(f"{len(NETS)} standard problems as nets, wrong verdicts", verdicts_of_nets)
    yield Measurement(f"{len(COROUTINES)} standard problems as coroutines", of_coroutines)

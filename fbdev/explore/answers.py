"""What an exploration found, as answers in words: how can it end, can it deadlock, does the order matter?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fbcore.errors import shown
from fbcore.net.report import Outcome
from fbdev.complaint import near
from fbdev.explore.begin import begin
from fbdev.explore.execution import Execution
from fbdev.explore.parting import Parting, parting, places_of_ends, shortest_ways, way_to
from fbdev.explore.result import Result
from fbdev.explore.verdict import VerdictKind

_MOST = 20
"""Ends that are shown."""

_LONG = 150
_PROVES = (VerdictKind.HOLDS, VerdictKind.HOLDS_WITHIN)

End = Mapping[str, str]


def answers(result: Result, *, is_whole: bool) -> list[str]:
    """Return the lines that answer the three questions; `is_whole` says that all ends were seen."""
    lines = _endings(result, is_whole=is_whole)
    lines.append(f"can it deadlock?        {_deadlock(result, is_whole=is_whole)}")
    if len(result.ends) > 1:
        lines.append(f"does the order matter?  yes: {_what_differs(result)}")
        parted = parting(result.graph, result.ends) if len(result.ends) <= _MOST else None
        if parted is not None:
            lines += _parted(result, parted, is_whole=is_whole)
    elif any(failure.kind == "livelock" for failure in result.failures):
        lines.append(
            "does the order matter?  yes: in some it never ends" if result.ends else "does the order matter?  no"
        )
    elif result.ends:
        said = "no: it ends the same in every order" if is_whole else "not in the orders that were tried"
        lines.append(f"does the order matter?  {said}")
    return lines


# -- how it can end ------------------------------------------------------------------------------------


def _endings(result: Result, *, is_whole: bool) -> list[str]:
    count = len(result.ends)
    if not count:
        return ["how can it end?         it never came to an end"]
    ways = "in one way:" if count == 1 else f"in {count:,} ways:"
    lines = [f"how can it end?         {ways if is_whole else f'{ways[:-1]}, of those that were seen:'}"]
    width = max(len(_outcome(end)) for end in result.ends[:_MOST])
    shared = _shared(result)
    for number, end in enumerate(result.ends[:_MOST], 1):
        told = f"{_outcome(end):<{width}}  {_rest(end)}".strip()
        lines.append(_short(f"  {number:>2}  {told}{shared.get(number - 1, '')}"))
    if count > _MOST:
        lines.append(f"      and {count - _MOST:,} more; --json has them all")
    return lines


def _shared(result: Result) -> dict[int, str]:
    """Say what tells ends that read alike from one another: what processes share."""
    counts = Counter((_outcome(end), _rest(end)) for end in result.ends)
    number_of = {place: number for number, place in places_of_ends(result.graph, result.ends).items()}
    ways = shortest_ways(result.graph)
    told: dict[int, str] = {}
    for place, end in enumerate(result.ends[:_MOST]):
        if counts[_outcome(end), _rest(end)] == 1:
            continue
        told[place] = "; told from another by what is not shown"
        if "outcome" not in end and place in number_of:
            execution = _played(result, way_to(ways, number_of[place]))
            told[place] = f"; they share {shown(execution.shared)}"
            execution.close()
    return told


def _outcome(end: End) -> str:
    return end.get("outcome", "")


def _rest(end: End) -> str:
    if "outcome" not in end:
        return "; ".join(f"{process} {how}" for process, how in end.items())
    outputs = [f"{key.removeprefix('outputs.')} {text}" for key, text in end.items() if key != "outcome"]
    return "; ".join(outputs) or "without outputs"


# -- can it deadlock -----------------------------------------------------------------------------------


def _deadlock(result: Result, *, is_whole: bool) -> str:
    stuck = [number for number, end in enumerate(result.ends, 1) if _outcome(end) == Outcome.DEADLOCKED]
    if stuck:
        every = len(stuck) == len(result.ends) and is_whole
        return "yes, in every order" if every else f"yes: end {_numbers(stuck)}"
    if any(failure.kind == "deadlock" for failure in result.failures):
        return "yes, by the schedule above"
    said = "no, in no order" if is_whole or result.verdict.kind in _PROVES else "not in the orders that were tried"
    return f"{said}, but see what is wrong above" if result.failures else said


def _numbers(places: Sequence[int]) -> str:
    """Name ends by their numbers: `1, 2 and 5`."""
    if len(places) > 8:
        return f"{len(places)} ends"
    *others, last = map(str, places)
    return f"{', '.join(others)} and {last}" if others else last


# -- does the order matter -----------------------------------------------------------------------------


def _what_differs(result: Result) -> str:
    if "outcome" not in result.ends[0]:
        return "it decides how the processes end, or what they share then"
    outcomes = list(dict.fromkeys(map(_outcome, result.ends)))
    if len(outcomes) > 1:
        return f"it decides whether the net is {' or '.join([', '.join(outcomes[:-1]), outcomes[-1]])}"
    if sum(state.is_end for state in result.graph.states) > _MOST:
        return "it decides what comes out, or in which order"
    outputs = _outputs(result)
    if len(outputs) > 1 and all(sorted(map(repr, each)) == sorted(map(repr, outputs[0])) for each in outputs):
        return "in which order packets come out, and nothing else"
    return "it decides what comes out"


def _outputs(result: Result) -> list[list[Any]]:
    """Return what came out at each end of a net that is drawn, with the names of the outputs."""
    graph, found = result.graph, []
    ways = shortest_ways(graph)
    for number in [state.number for state in graph.states if state.is_end]:
        with_end = _played(result, way_to(ways, number))
        outputs = with_end.shared.outputs
        with_end.close()
        found.append([(name, value) for name, values in outputs.items() for value in values])
    return found


def _parted(result: Result, parted: Parting, *, is_whole: bool) -> Iterator[str]:
    count = len(parted.schedule)
    after = f"after {count} step{'' if count == 1 else 's'}" if count else "from the first step on"
    execution = _played(result, parted.schedule)
    does = {process: near(execution.place(process)) for process in parted.ways}
    execution.close()
    yield f"  {after}{'' if is_whole else ', as far as is known'}:"
    wide, long = (max(map(len, words)) for words in (does, map(str, does.values())))
    for process, ends in parted.ways.items():
        left = _numbers([place + 1 for place in sorted(ends)]) if ends else "none that was seen"
        yield _short(f"    {process:<{wide}}  {does[process]:<{min(long, 80)}}  leaves {left}")


def _played(result: Result, schedule: Sequence[str]) -> Execution:
    assert result.program is not None
    execution = begin(result.program)
    execution.replay(schedule)
    return execution


def _short(line: str) -> str:
    return line if len(line) <= _LONG else f"{line[: _LONG - 1]}…"

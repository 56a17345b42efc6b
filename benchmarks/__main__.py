"""Print the cases of a benchmark, as a table or as JSON lines."""

from __future__ import annotations

import argparse
import cProfile
import importlib
import json
import os
import pstats
import sys
from collections.abc import Iterator
from dataclasses import replace

from benchmarks.case import QUICK, Case, Effort, Measurement

NAMES = ("flow", "flights", "loop", "explore", "managed")


def main() -> None:
    """Run a benchmark, pinned to one core where the system can."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", choices=NAMES, help="which benchmark")
    parser.add_argument("--json", action="store_true", help="one JSON line a case, instead of a table")
    parser.add_argument(
        "--peers", action="store_true", help="also peers of flow and explore, installed into .venv-peers"
    )
    parser.add_argument("--only", metavar="TEXT", default="", help="only the cases with this text in their names")
    parser.add_argument("--rounds", metavar="N", type=number_of_rounds, help="rounds of each case (default: 9)")
    parser.add_argument("--quick", action="store_true", help="see that it works: one round, a hundredth of the packets")
    parser.add_argument("--profile", metavar="TEXT", help="profile our part of a case, instead of measuring")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    effort = QUICK if options.quick else Effort()
    if options.rounds:
        effort = replace(effort, rounds=options.rounds)
    found = list(measurements(options.name, with_peers=options.peers))
    if options.profile is not None:
        profile([each for each in found if options.profile in each.name and each.work], effort)
        return
    wanted = [each for each in found if options.only in each.name]
    if not wanted:
        parser.error(f"no case has {options.only!r} in its name; there are: {', '.join(each.name for each in found)}")
    show((case for each in wanted for case in each.measure(effort)), as_json=options.json)


PEERS = {"flow": "benchmarks.peers.compare", "explore": "benchmarks.peers.compare_explorers"}
"""Where the peers of a benchmark are compared with us."""


def number_of_rounds(text: str) -> int:
    """Read a number of 1 or more."""
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{text} rounds measure nothing")
    return number


def measurements(name: str, *, with_peers: bool) -> Iterator[Measurement]:
    """Yield what a benchmark measures."""
    yield from importlib.import_module(f"benchmarks.{name}").measurements()
    if with_peers and name in PEERS:
        yield from importlib.import_module(PEERS[name]).measurements()


def show(cases: Iterator[Case], *, as_json: bool) -> None:
    """Print cases as they come."""
    if not as_json:
        print(f"{'case':<62} {'value':>12} {'unit':<10} {'ratio':>7}  {'target':<12} {'met':<4} spread")
    for case in cases:
        print(json.dumps(case.as_dict()) if as_json else row(case), flush=True)


def row(case: Case) -> str:
    """Return a case as a row of the table."""
    value = "" if case.value is None else f"{case.value:,.3f}"
    ratio = "" if case.ratio is None else f"{case.ratio:,.2f}"
    target = "" if case.target == "none" else case.target
    met = {True: "yes", False: "no", None: ""}[case.met]
    return f"{case.name:<62} {value:>12} {case.unit:<10} {ratio:>7}  {target:<12} {met:<4} {case.note or case.spread}"


def profile(found: list[Measurement], effort: Effort) -> None:
    """Print where the work of the first of the measurements spends its time, the second time it is done."""
    if not found:
        sys.exit("no case that can be profiled has this text in its name")
    print(f"profile of: {found[0].name}")
    assert found[0].work is not None
    found[0].work(effort)()
    work, profiler = found[0].work(effort), cProfile.Profile()
    profiler.runcall(work)
    pstats.Stats(profiler).sort_stats("tottime").print_stats(30)


if __name__ == "__main__":
    main()

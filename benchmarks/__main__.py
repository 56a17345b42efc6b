"""Print the cases of a benchmark, as a table or as JSON lines."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys

NAMES = ("flow",)


def main() -> None:
    """Run a benchmark, pinned to one core where the system can."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", choices=NAMES, help="which benchmark")
    parser.add_argument("--json", action="store_true", help="one JSON line a case, instead of a table")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    if not options.json:
        print(f"{'case':<36} {'value':>12} {'unit':<11} {'ratio':>6}  {'target':<12} {'met':<4} spread")
    for case in importlib.import_module(f"benchmarks.{options.name}").cases():
        if options.json:
            print(json.dumps(case.as_dict()))
        else:
            met = "yes" if case.met else "no"
            print(
                f"{case.name:<36} {case.value:>12,.3f} {case.unit:<11} {case.ratio:>6.2f}  {case.target:<12} {met:<4} "
                f"{case.spread}"
            )
        sys.stdout.flush()


if __name__ == "__main__":
    main()

"""What an exploration found."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args

from fbcore.formats.picture import picture
from fbdev.explore.drawing import drawing_of
from fbdev.explore.failure import Failure
from fbdev.explore.graph import Spin, StateGraph
from fbdev.explore.notebook import in_notebook
from fbdev.explore.page import page_of, with_data
from fbdev.explore.picture import to_dot, to_mermaid
from fbdev.explore.program import Program
from fbdev.explore.token import token_of
from fbdev.explore.tree import tree_of
from fbdev.explore.verdict import Verdict, check_accepted
from fbdev.explore.words import ExploreError

Kind = Literal["svg", "dot", "mermaid", "html", "tree", "json"]
"""What states are drawn as."""


@dataclass(slots=True)
class Result:
    """The verdict, and what it rests on.

    `failures` are what went wrong, each kind of failure once; `ends` are the states in which executions ended: how each
    process ended. `test` is the failing case as a pytest function, or "". `graph` has the states, where the search told
    them apart, else it is empty. `reduction` is the number of schedules for each execution that was made, where it is
    known. `kept` is the file to go on from, or "".

    Example:
        from fbdev.explore import Shared, explore

        def factory():
            count = Shared(0, "count")

            def add():
                yield "begun"
                count.value += 1

            return [add(), add()]

        print(explore(factory).assert_holds().verdict.kind)
        #> holds
    """

    verdict: Verdict
    search: str
    failures: list[Failure] = field(default_factory=list)
    ends: list[dict[str, str]] = field(default_factory=list)
    graph: StateGraph = field(default_factory=StateGraph)
    spins: list[Spin] = field(default_factory=list)
    executions: int = 0
    steps: int = 0
    seconds: float = 0.0
    sleep_blocked: int = 0
    reduction: float | None = None
    notes: list[str] = field(default_factory=list)
    test: str = ""
    kept: str = ""
    program: Program | None = field(default=None, repr=False, compare=False)
    """What was explored: pictures ask it for the data of states. It stays behind when a result is pickled."""

    @property
    def failure(self) -> Failure | None:
        """The failure that is reported, or None."""
        return self.failures[0] if self.failures else None

    @property
    def title(self) -> str:
        """What was explored: the name of the net or of the factory."""
        return self.program.name if self.program is not None else "exploration"

    @property
    def token(self) -> str:
        """What `replay` makes the failing execution again from; "" when there is none."""
        return "" if self.failure is None else token_of(self.failure.schedule, self.failure.labels)

    def assert_holds(self, *accepted: str) -> Result:
        """Return the result if the verdict is `holds`, with no given but the usual ones and those named here.

        `"preemptions"`, `"steps"`, `"announced"`, `"labels"`, `"snapshot"`, `"names"`, `"unseen"` and `"sampled"` can
        be accepted.

        Raises:
            AssertionError: with the report, when it is another.
            ExploreError: when something else is to be accepted.
        """
        check_accepted(accepted)
        if not self.verdict.is_accepted(frozenset(accepted)):
            raise AssertionError(str(self))
        return self

    def draw(self, kind: Kind = "svg", most: int = 150) -> str:
        """Return a picture of the states: each a vertex, each step an arrow with the name of its process.

        `kind` is `"svg"`, `"dot"`, `"mermaid"`, `"html"` (a page of its own, with the data of each state), `"tree"`
        (text, every step once) or `"json"`. The failing path is bold, colours say which ends can still be reached, and
        circles are boxes. Of more than `most` states circles are folded, and where that is not enough, those from which
        the same ends can be reached are drawn as one. `"svg"` and `"html"` need the extra `draw`.

        Raises:
            ExploreError: when the search told no states apart, so that there is nothing to draw.
            ExtraError: the extra is not installed.
        """
        if kind not in get_args(Kind):
            raise ExploreError(f"there is no picture {kind!r}", "draw", f"there are {', '.join(get_args(Kind))}")
        if kind == "html":
            return page_of(self, most)
        if kind == "json":
            return json.dumps(with_data(self))
        if not self.graph.states:
            what = f"a search by {self.search} tells no states apart"
            raise ExploreError(what, "draw", 'explore with search="states"')
        schedule, wrong = (self.failure.schedule, self.failure.what) if self.failure else ((), "")
        if kind == "tree":
            return tree_of(self.graph, schedule, most)
        drawing = drawing_of(self.graph, schedule, wrong, most)
        if kind == "mermaid":
            return to_mermaid(drawing)
        dot = to_dot(drawing)
        return dot if kind == "dot" else picture(dot, "svg").decode()

    def as_dict(self) -> dict[str, Any]:
        """Return the result as plain data."""
        return {
            "verdict": self.verdict.kind.value,
            "detail": self.verdict.detail,
            "givens": [{"name": each.name, "what": each.what} for each in self.verdict.givens],
            "search": self.search,
            "executions": self.executions,
            "steps": self.steps,
            "seconds": round(self.seconds, 3),
            "states": len(self.graph.states),
            "transitions": self.graph.transitions,
            "sleep_blocked": self.sleep_blocked,
            "reduction": self.reduction,
            "failures": [each.as_dict() for each in self.failures],
            "token": self.token,
            "test": self.test,
            "spins": [
                {
                    "states": list(each.states),
                    "processes": list(each.processes),
                    "has_exit": each.has_exit,
                    "is_fair": each.is_fair,
                }
                for each in self.spins
            ],
            "ends": self.ends,
            "notes": self.notes,
            "kept": self.kept,
            "graph": self.graph.as_dict(),
        }

    def as_json(self) -> str:
        """Return the result as one line of JSON."""
        return json.dumps(self.as_dict())

    def __reduce__(self) -> tuple[Any, ...]:
        # The program may hold anything, and nobody needs it to read a result.
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return (Result, tuple((values | {"program": None}).values()))

    def _repr_html_(self) -> str:
        """Show it in a notebook: the verdict, the failing schedule, and the states if they are few."""
        return in_notebook(self)

    def report(self, again: str = "") -> str:
        """Return the report, as `str` does; `again` tells how to make the failing execution again."""
        lines = [str(self.verdict), f"  {self.evidence}"]
        lines += [f"  {spin}" for spin in self.spins]
        lines += [f"  note: {note}" for note in self.notes]
        if self.kept:
            lines.append(f"  what is left to explore is kept in {self.kept}")
        if self.failure is not None:
            lines += _told(self.failure, "the schedule" if self.search == "replay" else "the smallest schedule")
            lines.append(f"  again: {again or f'replay(factory, {self.token!r})'}")
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.report()

    @property
    def evidence(self) -> str:
        """What the verdict rests on, in a line: executions, steps, states."""
        said = f"{self.executions:,} executions, {self.steps:,} steps in {self.seconds:.2f} s by {self.search}"
        if self.graph.states:
            said += f"; {len(self.graph.states):,} states, {self.graph.transitions:,} transitions"
        if self.reduction is not None and self.reduction > 1:
            number = f"{self.reduction:,.1f}" if self.reduction < 1e9 else f"{self.reduction:.1e}"
            said += f"; {number} schedules an execution"
        if self.sleep_blocked:
            said += f"; {self.sleep_blocked:,} executions given up as known"
        return said


def _told(failure: Failure, what: str) -> list[str]:
    switches = failure.switches
    count = len(failure.schedule)
    times = f"{switches} switch{'' if switches == 1 else 'es'}"
    lines = [f"  {what}: {count} step{'' if count == 1 else 's'}, {times}"]
    lines += _schedule(failure.schedule, failure.labels)
    if failure.circle:
        lines.append(f"  and then for ever: {' '.join(failure.circle)}")
    lines += [f"  {'because of' if number == 0 else '       and'} {each}" for number, each in enumerate(failure.cause)]
    return lines + [f"    {line}" for line in failure.trace.splitlines()]


def _schedule(schedule: Sequence[str], labels: Sequence[str]) -> list[str]:
    width = max(map(len, schedule), default=0)
    shown = list(zip(range(1, len(schedule) + 1), schedule, labels, strict=False))
    lines = [f"    {number:>3} {name:<{width}}  {label}" for number, name, label in shown]
    return lines if len(lines) <= 60 else [*lines[:30], f"    ... {len(lines) - 60} more ...", *lines[-30:]]

"""Executions as a tree of text in which every step stands once."""

from __future__ import annotations

from collections.abc import Sequence

from fbdev.explore.graph import State, StateGraph
from fbdev.explore.picture import printable


def tree_of(graph: StateGraph, schedule: Sequence[str] = (), most: int = 150) -> str:
    """Return the executions of a graph as lines, one for each step, up to `most`.

    A line has the process, what it reached, and the number of the state. The steps of a state with several stand
    further in; what comes after a state that is there already is not told again. Steps of the schedule are marked.

    Example:
        from fbdev.explore import explore

        def factory():
            def steps():
                yield "half way"

            return {"a": steps(), "b": steps()}

        print(explore(factory).draw("tree"), end="")
        #> state 0
        #>     a  half way  (state 1)
        #>       a  finished  (state 2)
        #>       b  half way  (state 3)
        #>       b  finished  (state 4): an end
        #>       b  half way  (state 6)
        #>         a  finished  (state 3): as above
        #>         b  finished  (state 7)
        #>         a  finished  (state 4): as above
        #>     b  half way  (state 5)
        #>       a  half way  (state 6): as above
        #>       b  finished  (state 8)
        #>       a  half way  (state 7): as above
    """
    path = graph.walk(schedule)
    bold = set(zip(path, schedule, path[1:], strict=False))
    lines, seen = ["state 0"], {0}
    todo = _steps(graph.states[0], 1)
    while todo:
        depth, source, process, target = todo.pop()
        if len(lines) > most:
            lines.append(f"... and {graph.transitions - most:,} steps more")
            break
        mark = ">" if (source, process, target) in bold else " "
        state = graph.states[target]
        reached = printable(state.reached.get(process, ""))
        where = "as above" if target in seen else _remark(state)
        lines.append(
            f"{mark}{' ' * (2 * depth - 1)}{printable(process)}  {reached}  (state {target}){where and f': {where}'}"
        )
        if target not in seen:
            seen.add(target)
            todo += _steps(state, depth)
    return "\n".join(lines) + "\n"


def _steps(state: State, depth: int) -> list[tuple[int, int, str, int]]:
    steps = [(depth, state.number, process, target) for process, targets in state.steps.items() for target in targets]
    further = depth + (len(steps) > 1)
    return [(further, *step[1:]) for step in reversed(steps)]


def _remark(state: State) -> str:
    if state.is_stuck:
        return "stuck"
    if state.is_wrong:
        return "wrong"
    return "an end" if state.is_end else "not all tried" if state.is_open else ""

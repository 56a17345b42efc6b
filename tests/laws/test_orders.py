"""Every order in which the steps of a small net can be made ends in a way that the rules allow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from fbcore import FSMRuntime
from tests.laws.small_nets import NETS, End, SmallNet

MOST_STATES = 3_000
FEW = 2_000
"""Orders that are made one by one; where there are more, they are counted over the states that they lead through."""


class States(NamedTuple):
    """All that can happen to a net: from each state the choices, where each leads, and the ends."""

    ways: dict[str, dict[str, str]]
    ends: dict[str, End]

    def count_orders(self) -> int:
        """Count the ways from the beginning to an end."""
        counts = dict.fromkeys(self.ends, 1)
        path = [next(iter(self.ways))]
        while path:
            state = path[-1]
            missing = [target for target in self.ways[state].values() if target not in counts]
            if missing:
                assert missing[0] not in path, "the net can come back to a state"
                path.append(missing[0])
            else:
                if state not in counts:
                    counts[state] = sum(counts[target] for target in self.ways[state].values())
                path.pop()
        return counts[next(iter(self.ways))]


def started(net: SmallNet, *, visited: bool = False) -> FSMRuntime:
    """Start a net to be stepped."""
    return FSMRuntime(net.graph, visited=visited).start(inputs=net.inputs)


def choices(fsm: FSMRuntime) -> list[str]:
    """Return what can happen next. That a net which is cancelled waits 5 s, and cancels again, can happen for ever."""
    names = list(fsm.enabled())
    turns = [name for name in names if not name.startswith("timer ")]
    return turns if turns and fsm.net.is_cancelled else names


def end_of(fsm: FSMRuntime) -> End:
    """Return how a net ended, and what came out, in an order that does not depend on the choices."""
    result = fsm.result
    assert result is not None
    return str(result.outcome), {name: sorted(result.outputs[name]) for name in result.outputs}


def explored(net: SmallNet) -> States:
    """Make every choice in every state, each state once."""
    found = States({}, {})
    todo: list[list[str]] = [[]]
    with started(net, visited=True) as fsm:
        while todo:
            path = todo.pop()
            fsm.replay(path[:-1])
            here = _digest(fsm)
            while True:
                if path and fsm.choices != path:
                    before = here
                    fsm.step(path[-1])
                    here = _digest(fsm)
                    _note(found, before, path[-1], here)
                names = choices(fsm)
                is_new = here not in found.ways
                known = found.ways.setdefault(here, {})
                if not names:
                    assert found.ends.setdefault(here, end_of(fsm)) == end_of(fsm)
                if not is_new:
                    assert set(names) >= set(known)
                    break
                assert len(found.ways) < MOST_STATES
                todo.extend([*fsm.choices, name] for name in names[1:])
                if not names:
                    break
                path = [*fsm.choices, names[0]]
    return found


def _note(found: States, before: str, choice: str, after: str) -> None:
    assert found.ways[before].setdefault(choice, after) == after, "one choice leads from one state to two"


def _digest(fsm: FSMRuntime) -> str:
    here = fsm.visited.here
    assert here is not None
    return here.digest


def one_by_one(net: SmallNet) -> Iterator[End]:
    """Make every order, one after the other, and yield how each ended: depth first, by making the first steps again."""
    todo: list[list[str]] = [[]]
    with started(net) as fsm:
        while todo:
            fsm.replay(todo.pop())
            while names := choices(fsm):
                todo.extend([*fsm.choices, name] for name in names[1:])
                fsm.step(names[0])
            yield end_of(fsm)


@pytest.mark.slow
@pytest.mark.parametrize("name", NETS)
def test_every_order_ends_as_the_rules_allow(name: str) -> None:
    """Every scheduling order of small nets ends with an outcome that the rules allow, and the same outputs."""
    net = NETS[name]()
    states = explored(net)
    orders = states.count_orders()
    said = f"{name}: {orders:,} orders through {len(states.ways):,} states"
    print(said)
    ends = list(states.ends.values())
    assert [end for end in ends if end not in net.ends] == [], said
    assert [end for end in net.ends if end not in ends] == [], f"{said}: an end that is allowed never comes"
    if orders <= FEW:
        made = list(one_by_one(net))
        assert len(made) == orders, said
        assert all(end in net.ends for end in made), said


def test_a_forbidden_end_is_found() -> None:
    """The law above can fail: of a net that may time out, both ends are found."""
    net = NETS["initials"]()._replace(ends=[("finished", {"sums": [4]})])
    assert set(map(str, explored(net).ends.values())) == {str(("finished", {"sums": [3]}))}


def test_orders_are_counted() -> None:
    """A net of one function and one packet has six orders, as counted by hand."""
    net = NETS["initials"]()
    assert explored(net).count_orders() == len(list(one_by_one(net)))

"""The reference itself: small nets whose end is worked out by hand."""

import pytest

from tests.laws.plan import written
from tests.laws.reference import Reckoning, interpret


def ends(outcome: str, expected: Reckoning, **outputs: list[str]) -> bool:
    """Say whether a net ends that way, with these outputs."""
    return (expected.outcome, expected.outputs) == (outcome, outputs)


def test_a_chain_finishes() -> None:
    """Everything arrives, in order, at capacity 1."""
    net = written("m=map", "inputs.a->m.value m.out->outputs.o", a=3)
    assert ends("finished", interpret(net), o=["a0.m", "a1.m", "a2.m"])


def test_a_taker_ends_its_source() -> None:
    """What a taker leaves is unread or discarded, and the net finishes."""
    expected = interpret(written("t=take/class/2", "inputs.a->t.value t.out->outputs.o", a=9))
    assert ends("finished", expected, o=["a0.t", "a1.t"])
    assert sum(map(len, expected.unread.values())) + expected.discarded["inputs.a"] == 2
    assert expected.cut == {"inputs.a"}


def test_a_half_fed_join_is_starved() -> None:
    """A join whose one input ends first is no success; what the other holds is unread."""
    net = written("j=join/sync", "inputs.a->j.left inputs.b->j.right:5 j.out->outputs.o", a=1, b=3)
    expected = interpret(net)
    assert ends("starved", expected, o=["(a0+b0).j"])
    assert expected.unread == {"inputs.b->j.right": ["b1", "b2"]}


def test_a_fed_join_finishes() -> None:
    """A join whose inputs end together finishes."""
    net = written("j=join/sync", "inputs.a->j.left inputs.b->j.right j.out->outputs.o", a=2, b=2)
    assert ends("finished", interpret(net), o=["(a0+b0).j", "(a1+b1).j"])


@pytest.mark.parametrize(("capacity", "outcome"), [(2, "deadlocked"), (3, "finished")])
def test_senders_first_need_room(capacity: int, outcome: str) -> None:
    """Two nodes that both send three values first deadlock on edges of two."""
    edges = f"x.out->y.value:{capacity} y.out->x.value:{capacity} x.done->outputs.o"
    net = written("x=eager/class/3 y=eager/class/3", edges)
    assert interpret(net).outcome == outcome


def test_a_concat_of_a_fan_out_deadlocks_when_the_second_edge_is_short() -> None:
    """One that reads an input to the end first cannot be fed both by one output, unless an edge holds it all."""
    edges = "s.out->c.left s.out->c.right:{} c.out->outputs.o"
    assert interpret(written("s=source/class/3 c=concat", edges.format(2))).outcome == "deadlocked"
    assert interpret(written("s=source/class/3 c=concat", edges.format(3))).outcome == "finished"


def test_a_loop_that_runs_dry_is_quiescent() -> None:
    """A spinner's values go round until they have marks enough; then the loop is flushed, its entry first."""
    edges = "inputs.a->n.value:9 n.again->c.value c.out->n.value n.out->outputs.o"
    expected = interpret(written("c=map n=spin", edges, a=1))
    assert ends("quiescent", expected, o=["a0*n;.c.n"])
    assert expected.flushed == ["n"]


def test_the_entry_of_a_loop_is_flushed_first() -> None:
    """What a collector in a loop has to tell when the entry has ended goes nowhere."""
    edges = "inputs.a->n.value n.again->c.value c.out->n.value:2 n.out->outputs.o"
    expected = interpret(written("n=spin c=collect", edges, a=2))
    assert ends("quiescent", expected, o=[])
    assert expected.flushed == ["n"]


def test_loops_are_flushed_downstream() -> None:
    """The first of two loops in a row is flushed first, whichever is declared first."""
    edges = "inputs.a->x.value x.again->x.value x.out->y.value y.again->y.value:3 y.out->outputs.o"
    expected = interpret(written("y=spin x=spin", edges, a=1))
    assert ends("quiescent", expected, o=["a0*x;.x*y;.y"])
    assert expected.flushed == ["x", "y"]


def test_a_full_self_loop_is_deadlocked() -> None:
    """A node that sends two values to itself at capacity 1 waits for itself."""
    net = written("e=expand/class/2", "inputs.a->e.value e.out->e.value", a=1)
    assert interpret(net).outcome == "deadlocked"


def test_failures_go_to_the_port_error() -> None:
    """A function goes on after a failure that somebody takes; a class ends."""
    edges = "inputs.a->f.value f.out->outputs.o f.error->outputs.e"
    assert ends("finished", interpret(written("f=fail/sync/2", edges, a=3)), o=["a0.f", "a2.f"], e=["!f(a1)"])
    by_class = interpret(written("f=fail/class/2", edges, a=4))
    assert ends("finished", by_class, o=["a0.f"], e=["!f(a1)"])


def test_a_failure_that_nobody_takes_fails_the_net() -> None:
    """The net ends at once."""
    assert interpret(written("f=fail/sync/2", "inputs.a->f.value f.out->outputs.o", a=3)).outcome == "failed"


def test_a_stop_stops() -> None:
    """The net ends at once."""
    assert interpret(written("s=stop/sync/2", "inputs.a->s.value s.out->outputs.o", a=3)).outcome == "stopped"


def test_unconnected_outputs_discard() -> None:
    """What leads nowhere is counted."""
    assert interpret(written("m=map", "inputs.a->m.value", a=3)).discarded == {"m.out": 3}

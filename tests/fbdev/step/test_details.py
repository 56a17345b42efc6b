from fbcore import Each
from fbdev.step.condition import condition
from fbdev.step.details import details, packets_of
from fbdev.step.lineage import lineage_lines, packet_lines
from fbdev.step.session import Session
from tests.fbdev import nets
from tests.fbdev.step.conftest import MakeSession
from tests.fbdev.step.test_session import FAILING


def told(session: Session, key: str) -> list[str]:
    """Return what is told of something, line by line."""
    return [line.text() for line in details(session, key)]


def test_a_deadlock_is_told_as_a_circle(make_session: MakeSession) -> None:
    """Of a blocked net the circle of waits is drawn, from a node back to itself."""
    session = make_session(nets.DEADLOCKED)
    session.run()
    assert told(session, "choice blocked") == told(session, "")
    assert told(session, "")[3:] == [
        "  a  waits for room on",
        "  │ a.said->b.heard (1 of 1)",
        "  ▼",
        "  b  waits for room on",
        "  │ b.said->a.heard (1 of 1)",
        "  ▼",
        "  a  and so round",
    ]


def test_a_node_is_told_with_its_waits_and_ports(make_session: MakeSession) -> None:
    """Of a node one sees its phase, its turns, what it waits for and sends, and its ports."""
    session = make_session(nets.DEADLOCKED)
    session.run()
    assert told(session, "node a") == [
        "a  talker, sending",
        "turns     3 had",
        "waits for room on a.said->b.heard (1 of 1)",
        "sends     2 by said",
        "in        heard: 0 received, from b.said",
        "out       said: 1 sent to b.heard",
    ]


def test_an_edge_is_told_with_its_packets(make_session: MakeSession) -> None:
    """Of an edge one sees how full it is, who waits for room, and each packet."""
    session = make_session(nets.DEADLOCKED)
    session.run()
    assert told(session, "edge a.said->b.heard") == [
        "a.said->b.heard  1 of 1",
        "so far    1 put, 0 taken",
        "waits     a waits for room",
        "  a.said#0  1",
    ]


def test_a_choice_and_a_step_are_told(make_session: MakeSession) -> None:
    """Of a choice one sees the packet that it is about, of a step what moved, of one taken back how to go there."""
    session = make_session(nets.FINISHED)
    session.run(condition("numbers.out", session.fsm))
    assert "would     takes 0 from value" in told(session, "choice double")
    assert "packet    numbers.out#0" in told(session, "choice double")
    number = len(session.steps)
    assert told(session, f"step {number}")[2:4] == [
        "sent      0 to numbers.out->double.value",
        "          packet numbers.out#0",
    ]
    session.undo()
    assert told(session, f"step {number}")[0] == f"step {number}  numbers, taken back"


def test_a_failure_is_told_with_its_traceback(make_session: MakeSession) -> None:
    """Of a failed node, and of the net, one sees the error, what it held, and the user's own lines."""
    session = make_session(FAILING, {"value": Each([1, 0])})
    session.run()
    for key in ("node divide", ""):
        lines = told(session, key)
        assert any(line.startswith("divide: ZeroDivisionError: division by zero") for line in lines)
        assert "held      0 from value" in lines
        assert "      return 1 / value" in lines
    session.run()
    assert told(session, "")[0].startswith("failing: failed after 0.00 s")


def test_the_end_is_told_with_its_outputs(make_session: MakeSession) -> None:
    """Of a net that has ended one sees how, and what came out."""
    session = make_session(nets.FINISHED)
    session.run()
    assert told(session, "") == ["finished: finished after 0.00 s", "doubled   0, 2, 4"]


def test_a_composite_is_told_with_its_nodes(make_session: MakeSession) -> None:
    """Of a composite one sees the nodes in it."""
    from tests.fbdev.step.test_lines import NESTED

    session = make_session(NESTED, {"value": 1})
    assert told(session, "composite one.one") == ["one.one  a composite of 2 nodes", "  one  created", "  two  created"]


def test_a_packet_is_told_with_what_it_was_made_of(make_session: MakeSession) -> None:
    """A packet on an edge leads to what it was made of, back to what came from outside, and to where it was."""
    session = make_session(FAILING, {"value": Each([2, 4])})
    session.run(condition("divide.out", session.fsm))
    packets = session.fsm.net.packets
    ids = packets_of(session, "edge divide.out->keep.value")
    assert [line.text() for line in lineage_lines(packets, ids)] == [
        "divide.out#0  0.5",
        "   made of inputs.value#0  2",
    ]
    assert [line.text() for line in packet_lines(packets, "divide.out#0", 60)] == [
        "divide.out#0  is at divide.out->keep.value",
        "  0.5",
        "",
        "creation     divide → divide",
        "movement     divide → divide.out->keep.value",
        "",
        "made of: inputs.value#0 (2)",
        "ancestors: inputs.value#0 (2)",
        "became: nothing",
    ]


def test_packets_are_found_where_one_points(make_session: MakeSession) -> None:
    """A step, a choice, an edge and a node lead to their packets; one that is to be sent, to what its node holds."""
    session = make_session(FAILING, {"value": Each([2, 4])})
    session.run(condition("divide where value == 2", session.fsm))
    step = f"step {len(session.steps)}"
    assert [str(id) for id in packets_of(session, step)] == ["inputs.value#0"]
    assert packets_of(session, "choice divide") == packets_of(session, "node divide") == packets_of(session, step)
    assert packets_of(session, "node keep") == packets_of(session, "composite none") == []

from fbcore import Each
from fbdev.step.condition import condition
from fbdev.step.lines import Line, choice_lines, net_lines, step_lines
from fbdev.step.scene import scene_of
from fbdev.step.wrap import wrapped
from tests.fbdev import nets
from tests.fbdev.step.conftest import MakeSession
from tests.fbdev.step.test_session import PRINTING, SLEEPING

ODD = """
from fbcore import Graph, component

class Odd:
    def __repr__(self):
        return "an\\n\\x1b[31modd\\x1b[0m\\r\\nvalue"

@component
def odd() -> Odd:
    print("\\x1b[1min\\x1b[0m\\a \\x07 colour")
    return Odd()

graph = Graph("strange")
graph.add(odd).out >> graph.outputs.out
"""

NESTED = """
from fbcore import Graph, component

@component
def same(value: int) -> int:
    return value

def line(name: str, part) -> Graph:
    made = Graph(name)
    last = made.inputs.value
    for id in ("one", "two"):
        node = made.add(part, id)
        last >> node.value
        last = node.out
    last >> made.outputs.out
    return made

graph = line("nested", line("outer", line("inner", same).as_component()).as_component())
"""


def texts(lines: list[Line]) -> list[str]:
    """Return lines as they are read."""
    return [line.text() for line in lines]


def test_a_net_is_drawn_with_its_packets(make_session: MakeSession) -> None:
    """Each node has its phase and what it holds, each edge below it a bar, its count and its first packets."""
    session = make_session(nets.FINISHED, count=100)
    session.run(condition("double.out where value == 20", session.fsm))
    lines = net_lines(scene_of(session), 76)
    assert texts(lines) == [
        "  numbers                 running      sends 22",
        "    out → double.value    █░░░░ 11/64  11, 12, 13, 14, 15, 16, 17, 18, 19, …",
        "▸ double                  running",
        "▸   out → outputs.doubled 11 out       0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20",
    ]
    assert [line.key for line in lines if line.is_lit] == ["node double", "edge double.out->outputs.doubled"]


def test_what_does_not_fit_is_cut(make_session: MakeSession) -> None:
    """No line is wider than there is room, and what is cut ends in dots."""
    session = make_session(nets.FINISHED, count=100)
    session.run(condition("double.out where value == 40", session.fsm))
    lines = texts(net_lines(scene_of(session), 50))
    assert all(len(line) <= 50 for line in lines)
    assert lines[3].endswith("…")


def test_a_full_edge_has_a_full_bar(make_session: MakeSession) -> None:
    """Of a deadlock, nodes and edges of the circle stand out, and the bars are full."""
    session = make_session(nets.DEADLOCKED)
    session.run()
    lines = net_lines(scene_of(session), 60)
    assert texts(lines) == [
        "  a                sending      sends 2",
        "    said → b.heard █████ 1/1    1",
        "▸ b                sending      sends 2",
        "    said → a.heard █████ 1/1    1",
    ]
    assert all(any(role == "bad" for _, role in line.pieces) for line in lines)


def test_composites_are_headings_that_fold(make_session: MakeSession) -> None:
    """Nodes stand below the composites that they are in; a folded one is one line that counts what is in it."""
    session = make_session(NESTED, {"value": Each([1, 2])})
    session.run(condition("one.one.two.out", session.fsm))
    scene = scene_of(session)
    lines = texts(net_lines(scene, 70))
    assert [line.strip() for line in lines if "▾" in line] == [
        "▾ one",
        "│ ▾ one",
        "│ ▾ two",
        "▾ two",
        "│ ▾ one",
        "│ ▾ two",
    ]
    folded = texts(net_lines(scene, 70, {"one.one", "two"}))
    assert "  │ ▸ one  2 nodes, 1 packet" in folded
    assert "  ▸ two  4 nodes, 0 packets" in folded
    assert len(folded) < len(lines)


def test_a_filter_leaves_what_has_the_text_in_its_address(make_session: MakeSession) -> None:
    """A filter keeps the nodes and edges with that text, and the composites that they are in."""
    session = make_session(NESTED, {"value": 1})
    lines = net_lines(scene_of(session), 70, filter="ONE.TWO.ONE")
    assert [line.key for line in lines] == [
        "composite one",
        "composite one.one",
        "node one.one.two",
        "edge one.one.two.out->one.two.one.value",
        "composite one.two",
        "node one.two.one",
        "edge one.two.one.out->one.two.two.value",
    ]


def test_a_breakpoint_is_marked(make_session: MakeSession) -> None:
    """A node and an edge with a breakpoint have a dot, the edge also for one on a port at its end."""
    session = make_session(nets.FINISHED)
    session.toggle_breakpoint("numbers")
    session.toggle_breakpoint("double.out")
    marked = [line.key for line in net_lines(scene_of(session), 60) if line.text().startswith("●")]
    assert marked == ["node numbers", "edge double.out->outputs.doubled"]


def test_what_can_happen_is_listed_with_what_it_would_do(make_session: MakeSession) -> None:
    """Choices are numbered, with what each would do; timers that come later are below them."""
    session = make_session(nets.DEADLOCKED)
    assert texts(choice_lines(scene_of(session), 60)) == ["1 a     begins", "2 b     begins"]
    session.run()
    (line,) = texts(choice_lines(scene_of(session), 60))
    assert line.startswith("1 blocked  nothing else can happen: deadlocked")
    session = make_session(SLEEPING)
    session.step()
    assert texts(choice_lines(scene_of(session), 60)) == ["1 timer 1 of clock  rings at 1 s"]


def test_no_value_tears_a_line(make_session: MakeSession) -> None:
    """What a `repr` has of colours and ends of lines is left out."""
    session = make_session(ODD)
    session.run()
    lines = [*texts(net_lines(scene_of(session), 76)), *texts(step_lines(scene_of(session)))]
    assert lines[1] == "▸   out → outputs.out 1 out        an odd value"
    assert "   2  0 s  odd  sent an odd value to outputs.out" in lines
    assert "      │ in    colour" in lines


def test_of_much_that_is_printed_the_middle_is_counted(make_session: MakeSession) -> None:
    """A step that prints a hundred lines shows the first and the last of them."""
    session = make_session(PRINTING.replace('print("one")', "[print(number) for number in range(100)]"))
    session.step()
    lines = texts(step_lines(scene_of(session)))
    assert lines[20:23] == ["      │ 19", "      │ 60 lines more", "      │ 80"]
    assert lines[-1] == "      │ 99"


def test_long_lines_go_on_further_in() -> None:
    """A line that is too long is broken at blanks, and goes on after its label."""
    line = Line([("in        ", "muted"), ("number: 3 received, from parse.out", "value")])
    assert texts(wrapped([line], 26)) == ["in        number: 3", "          received, from", "          parse.out"]
    assert texts(wrapped([Line([("  one two three", "")])], 9)) == ["  one two", "    three"]
    assert texts(wrapped([Line([("short", "")])], 9)) == ["short"]
    assert texts(wrapped([Line([]), Line([("hidden", "")])], -1)) == ["", "hidden"]


def test_of_many_steps_the_last_are_listed(make_session: MakeSession) -> None:
    """A thousand steps are listed, and those before them are counted."""
    session = make_session(nets.FINISHED, count=500)
    session.run()
    lines = texts(step_lines(scene_of(session)))
    count = len(session.steps)
    assert count > 1000
    assert lines[0] == f"{count - 1000:,} steps before; g, step 1 goes there"
    assert len(lines) == 1001


def test_steps_are_listed_with_what_they_did_and_printed(make_session: MakeSession) -> None:
    """A step says what moved or what it was to do; what it printed is below it, and what was taken back at the end."""
    session = make_session(PRINTING)
    session.run()
    session.undo()
    assert texts(step_lines(scene_of(session))) == [
        "   1  0 s  talk  begins",
        "      │ one",
        "   2  0 s  talk  sent 1 to outputs.said",
        "      │ two",
        "   3  talk  taken back",
    ]

from rich.cells import cell_len

from fbcore.net.report import EdgeState, NodeState, Snapshot
from fbdev.run.grid import Column, Line, fit, grid
from fbdev.run.rates import Rates
from fbdev.run.table import Size, edge_lines, final_lines, net_lines, node_lines


def texts(lines: list[Line]) -> list[str]:
    """Return lines without their styles."""
    return ["".join(text for text, _ in line).rstrip() for line in lines]


def node(id: str, received: int = 0, sent: int = 0, component: str = "", phase: str = "running") -> NodeState:
    """A node at some moment."""
    return NodeState(id, component or id, phase, received, sent)


def edge(id: str, put: int = 0, fill: int = 0, capacity: int | None = 64) -> EdgeState:
    """An edge at some moment."""
    return EdgeState(id, put, put - fill, fill, capacity)


def snapshot(
    nodes: list[NodeState], edges: list[EdgeState], seconds: float = 1.0, *, stopping: bool = False
) -> Snapshot:
    """A net at some moment."""
    return Snapshot(
        {each.address: each for each in nodes},
        {each.address: each for each in edges},
        seconds,
        (),
        is_stopping=stopping,
    )


def test_nodes_have_a_line_each() -> None:
    """A node: its id, component, state, and packets in and out."""
    lines = texts(node_lines([node("read", 0, 1234567, "read_csv"), node("b", 5, 0, phase="ended")], Rates(), 90))
    assert lines == [
        "node  component  state             in        out   rate/s",
        "read  read_csv   running            0  1,234,567        0",
        "b     b          ended              5          0        0",
    ]


def test_what_policies_let_nodes_wait_for_is_their_state() -> None:
    """And there is room for it from then on, so that the table keeps still."""
    waits = NodeState("ask", "ask", "running", 5, 4, pause="retries in 1.2 s")
    rates = Rates()
    rates.add(snapshot([waits], []))
    lines = texts(node_lines([waits, node("b", 5, 0)], rates, 90))
    assert [line[:26] for line in lines] == [
        "node  state               ",
        "ask   retries in 1.2 s    ",
        "b     running             ",
    ]
    rates.add(snapshot([node("ask", 5, 4)], []))
    assert texts(node_lines([node("ask", 5, 4), node("b", 5, 0)], rates, 90))[0] == lines[0]


def test_components_are_left_out_where_there_is_no_room_or_no_need() -> None:
    """A narrow terminal, or nodes that are called as their components, need no column for them."""
    assert "component" not in texts(node_lines([node("a", component="b")], Rates(), 79))[0]
    assert "component" not in texts(node_lines([node("a")], Rates(), 90))[0]


def test_edges_have_a_line_with_a_bar_each() -> None:
    """An edge: how full it is, as a bar and in numbers, and how many packets it carried."""
    edges = [
        edge("a.x->b.y", 100, 0),
        edge("b.x->c.y", 100, 1),
        edge("c.x->d.y", 100, 32),
        edge("d.x->e.y", 100, 64),
        edge("e.x->f.y", 2000, 1500, None),
        edge("f.x->outputs.y", 7, 0, None),
    ]
    assert texts(edge_lines(edges, 80)) == [
        "edge            fill                 packets",
        "a.x->b.y        ░░░░░░░░░░   0/64        100",
        "b.x->c.y        █░░░░░░░░░   1/64        100",
        "c.x->d.y        █████░░░░░  32/64        100",
        "d.x->e.y        ██████████  64/64        100",
        "e.x->f.y                    1,500      2,000",
        "f.x->outputs.y                              7".replace("      7", "     7"),
    ]
    styles = [line[1][1] for line in edge_lines(edges, 80)[1:]]
    assert styles == ["dim", "green", "yellow", "red", "", ""]


def test_rates_are_those_of_the_last_second() -> None:
    """A node's rate counts the more of what came in and went out, over the last second."""
    rates = Rates()
    for tenth in range(31):
        seconds = tenth / 10
        count = 100 * tenth if seconds < 2 else 2000 + 10 * (tenth - 20)
        rates.add(snapshot([node("a", count, count // 2)], [edge("e", count)], seconds))
    assert round(rates.of_node("a")) == 100
    assert round(rates.of_net()) == 100
    assert rates.of_node("unknown") == 0


def test_stillness_takes_a_whole_second() -> None:
    """A net is called still when nothing has moved for a second, not before."""
    rates = Rates()
    assert not rates.is_still()
    for tenth in range(10):
        rates.add(snapshot([], [edge("e", 5)], tenth / 10))
        assert not rates.is_still()
    rates.add(snapshot([], [edge("e", 5)], 1.0))
    assert rates.is_still()
    rates.add(snapshot([], [edge("e", 6)], 1.1))
    assert not rates.is_still()


def test_the_busiest_are_shown_in_their_order() -> None:
    """Where there is no room for all, those that carry most are shown, in the order of declaration."""
    nodes = [node(f"n{i}", 10 * (i % 7), 0) for i in range(50)]
    edges = [edge(f"e{i}", i, 40 if i == 3 else 0) for i in range(50)]
    lines = texts(net_lines(snapshot(nodes, edges), Rates(), "net", Size(80, 20)))
    assert len(lines) == 19
    words = [line.split()[0] for line in lines[1:]]
    assert words[:12] == ["node", "n5", "n6", "n12", "n13", "n20", "n27", "n34", "n41", "n48", "and", "edge"]
    assert words[12:] == ["e3", "e46", "e47", "e48", "e49", "and"]
    assert [line for line in lines if line.startswith("and ")] == ["and 41 more nodes", "and 45 more edges"]


def test_nodes_come_before_edges_where_there_is_little_room() -> None:
    """All nodes are shown while a few edges still fit."""
    nodes, edges = [node(f"n{i}") for i in range(22)], [edge(f"e{i}") for i in range(30)]
    lines = texts(net_lines(snapshot(nodes, edges), Rates(), "net", Size(80, 34)))
    assert len(lines) == 33
    assert [line for line in lines if line.startswith("and ")] == ["and 23 more edges"]


def test_a_net_that_stops_says_so() -> None:
    """The heading says that the net was asked to stop, and how to end it at once."""
    running = texts(net_lines(snapshot([node("a")], []), Rates(), "net", Size(80, 20)))[0]
    stopping = texts(net_lines(snapshot([node("a")], [], stopping=True), Rates(), "net", Size(80, 20)))[0]
    assert running == "net  running  1.0 s  0 packets  0/s"
    assert stopping == "net  stopping, Ctrl-C ends it at once  1.0 s  0 packets  0/s"


def test_what_stays_has_the_rates_of_the_whole_run() -> None:
    """When the net has ended the rates are those from its start to its end."""
    lines = texts(final_lines(snapshot([node("a", 300, phase="ended")], [], 2.0), Size(80, 20)))
    assert lines[1].split() == ["a", "ended", "300", "0", "150"]


def test_the_widest_name_gives_first() -> None:
    """Where a line is too long the widest column that gives is cut in the middle; numbers never are."""
    columns = [
        Column("a", ["a" * 30], [""], gives=True),
        Column("b", ["b" * 10], [""], gives=True),
        Column("n", ["123"], [""], right=True),
    ]
    assert texts(grid(columns, 30))[1] == "aaaaaa…aaaaaa  bbbbbbbbbb  123"
    assert texts(grid(columns, 60))[1] == f"{'a' * 30}  {'b' * 10}  123"
    assert texts(grid(columns, 1))[1] == "aaaa  bbbb  123"


def test_wide_characters_are_counted_as_wide() -> None:
    """A name in characters of double width takes its room."""
    assert cell_len(fit("航空便の遅延", 8)) == 8
    assert fit("ab", 4) == "ab  "


def test_nodes_in_composites_are_further_in() -> None:
    """A composite is a line with nothing but its name; the nodes in it follow."""
    nodes = [node("mean", 1, 1), node("clean.read", 0, 5, "read_csv"), node("clean.parse", 5, 4)]
    assert texts(node_lines(nodes, Rates(), 90)) == [
        "node     component    state             in        out   rate/s",
        "mean     mean         running            1          1        0",
        "clean",
        "  read   read_csv     running            0          5        0",
        "  parse  clean.parse  running            5          4        0",
    ]


def test_names_of_composites_take_room() -> None:
    """However many composites there are, the table is no longer than the terminal is high."""
    nodes = [node(f"part{i}.work", 10 * (i % 7), 0, "work") for i in range(50)]
    for height in (10, 20, 30, 200):
        lines = texts(net_lines(snapshot(nodes, [edge("e")]), Rates(), "net", Size(80, height)))
        assert len(lines) < height
        assert texts(final_lines(snapshot(nodes, []), Size(80, height)))[-1].startswith(("and ", "  work"))


def test_a_narrow_terminal_keeps_names_readable() -> None:
    """On 40 columns rates and fills in numbers are left out, so that names can be told apart."""
    nodes = [node("read_csv", 0, 1234), node("clean.parse_dates", 1234, 1200)]
    assert texts(node_lines(nodes, Rates(), 40)) == [
        "node           state         in    out",
        "read_csv       running        0  1,234",
        "clean",
        "  parse_dates  running    1,234  1,200",
    ]
    assert texts(edge_lines([edge("read_csv.rows->clean.parse_dates.row", 1234, 30)], 40)) == [
        "edge                 fill        packets",
        "read_csv.…dates.row  █████░░░░░    1,234",
    ]


def test_edges_tell_what_they_have_lost() -> None:
    """Packets that expired, or were dropped, have a column where there are any."""
    quiet, lossy = edge("a.x->b.y", 100), EdgeState("b.x->c.y", 90, 80, 0, 64, (3, 7))
    assert "lost" not in texts(edge_lines([quiet], 70))[0]
    lines = texts(edge_lines([quiet, lossy], 70))
    assert lines[0].endswith("packets  lost")
    assert [line.split()[-1] for line in lines[1:]] == ["100", "10"]


def test_an_edge_shows_its_bytes_where_these_are_scarcer() -> None:
    """The bar shows the fuller of packets and bytes, and so do the numbers."""
    by_bytes = EdgeState("a.x->b.y", 9, 5, 4, 64, (0, 0), (9_000_000, 10_000_000))
    by_packets = EdgeState("b.x->c.y", 40, 0, 40, 64, (0, 0), (1, 10_000_000))
    unbounded = EdgeState("c.x->d.y", 2, 0, 2, None, (0, 0), (20, 10))
    lines = texts(edge_lines([by_bytes, by_packets, unbounded], 70))
    assert "█████████░  9 MB/10 MB" in lines[1]
    assert "██████░░░░" in lines[2]
    assert "40/64" in lines[2]
    assert "██████████   20 B/10 B" in lines[3]

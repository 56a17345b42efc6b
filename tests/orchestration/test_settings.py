"""Settings: what holds for a node, who says so, and what cannot be said."""

import asyncio
import pickle
from pathlib import Path

import pytest

from fbcore import (
    BatchRuntime,
    Component,
    Each,
    FSMRuntime,
    Graph,
    In,
    LoadError,
    NetSettings,
    NodeSettings,
    Result,
    SettingsError,
    SteppedLoop,
    component,
)
from fbcore import SubNetSettings as Sub
from fbcore.net.options import GRACE, UNLESS_SAID, NetOptions
from fbcore.runtimes.blocking import run_on


@component
def parse(text: str) -> int:
    return int(text)


@component
def double(number: int) -> int:
    return 2 * number


def nested() -> Graph:
    """Return a graph with the nodes `load.parse` and `double`."""
    inner = Graph("load")
    inner.inputs.text >> inner.add(parse).text
    inner["parse"].out >> inner.outputs.out
    graph = Graph("numbers")
    load, twice = graph.add(inner.as_component()), graph.add(double)
    graph.inputs.text >> load.text
    load.out >> twice.number
    twice.out >> graph.outputs.doubled
    return graph


def capacities(settings: NetSettings) -> dict[str, int | None]:
    """Run the nested graph, and return what each edge inside it could hold, by who takes from it."""
    result = BatchRuntime(nested(), settings=settings).run(inputs={"text": Each(["1", "2"])})
    assert result.outputs.doubled == [2, 4]
    return {address.partition("->")[2]: edge.capacity for address, edge in result.edges.items()}


N = NodeSettings


@pytest.mark.parametrize(
    ("settings", "parse_holds", "double_holds"),
    [
        (NetSettings(), 64, 64),
        (NetSettings(capacity=5), 5, 5),
        (NetSettings(capacity="unbounded"), None, None),
        (NetSettings(capacity=None), None, None),
        (NetSettings(capacity=5, subnets={"load": Sub(capacity=7)}), 7, 5),
        (NetSettings(subnets={"load": Sub(capacity=7)}, nodes={"load.parse": N(capacity=9)}), 9, 64),
        (NetSettings(nodes={"load.*": N(capacity=7), "load.p*": N(capacity=8), "**": N(capacity=2)}), 8, 2),
        (NetSettings(nodes={"double": N(capacity=1)}), 64, 1),
    ],
)
def test_the_most_specific_wins(settings: NetSettings, parse_holds: int | None, double_holds: int | None) -> None:
    """A node counts before a pattern, a pattern before a wider one, a composite before the net."""
    found = capacities(settings)
    assert (found["load.parse.text"], found["double.number"]) == (parse_holds, double_holds)


def test_what_the_graph_says_stays() -> None:
    """An edge of which the graph itself says how much it holds keeps that."""
    graph = Graph("said")
    node = graph.add(double)
    graph.connect(graph.inputs.number, node.number, capacity=3)
    node.out >> graph.outputs.doubled
    settings = NetSettings(nodes={"double": N(capacity=9)})
    result = BatchRuntime(graph, settings=settings).run(inputs={"number": 1})
    assert result.edges["inputs.number->double.number"].capacity == 3


def test_checks_hold_where_they_are_said() -> None:
    """Types are checked on the edges into the nodes of which it is said, and on no other."""

    @component
    def wrong(number: int) -> int:
        return f"{number}"  # type: ignore[return-value]

    @component
    def show(number: int) -> str:
        return repr(number)

    graph = Graph("checked")
    first, second = graph.add(wrong), graph.add(show)
    graph.inputs.number >> first.number
    first.out >> second.number
    second.out >> graph.outputs.shown

    def outcome(settings: NetSettings) -> str:
        return str(BatchRuntime(graph, settings=settings).run(inputs={"number": 1}, raises=False).outcome)

    assert outcome(NetSettings()) == "finished"
    assert outcome(NetSettings(nodes={"wrong": N(check="edges")})) == "finished"
    assert outcome(NetSettings(nodes={"show": N(check="edges")})) == "failed"
    assert outcome(NetSettings(check="edges", nodes={"show": N(check="nothing")})) == "finished"


def test_an_origin_names_the_line() -> None:
    """Each value knows what it was said of, and the line of Python that says it."""
    settings = NetSettings(capacity=100, nodes={"load.*": N(capacity=8)})
    origin = settings.origin("load.parse", "capacity")
    assert (origin.value, origin.said_of) == (8, 'nodes."load.*"')
    assert "test_settings.py:" in str(origin)
    general = settings.origin("double", "capacity")
    assert (general.value, general.said_of) == (100, "")
    assert (settings.origin("", "grace").value, str(settings.origin("", "grace"))) == (GRACE, "default")
    as_data = BatchRuntime(nested(), settings={"nodes": {"double": {"capacity": 5}}}).settings
    assert "test_settings.py:" in str(as_data.origin("double", "capacity"))


def test_a_tie_is_refused() -> None:
    """Of two patterns neither of which lies inside the other, none wins; a third that is more specific settles it."""
    nodes = {"load.*": N(capacity=1), "*.parse": N(capacity=2)}
    with pytest.raises(SettingsError, match=r"load.parse: .*nodes.\"load.\*\".*neither is more specific") as caught:
        capacities(NetSettings(nodes=nodes))
    assert 'nodes."load.parse"' in str(caught.value)
    assert capacities(NetSettings(nodes={**nodes, "load.parse": N(capacity=3)}))["load.parse.text"] == 3


def test_patterns_that_say_other_things_do_not_tie() -> None:
    """Two patterns of one node may say what its settings are, each another."""
    settings = NetSettings(nodes={"load.*": N(capacity=1), "*.parse": N(check="edges")})
    found = settings.of("load.parse")
    assert (found.capacity, found.check) == (1, "edges")


def test_a_composite_and_a_pattern_of_the_same_nodes_tie() -> None:
    """What a composite says is what `load.**` says."""
    with pytest.raises(SettingsError, match="neither is more specific"):
        NetSettings(subnets={"load": Sub(capacity=1)}, nodes={"load.**": N(capacity=2)}).of("load.parse")


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        (NetSettings(nodes={"load.prase": N(capacity=1)}), "did you mean load.parse?"),
        (NetSettings(nodes={"load": N(capacity=1)}), 'subnets."load"'),
        (NetSettings(subnets={"double": Sub(capacity=1)}), 'nodes."double"'),
        (NetSettings(subnets={"laod": Sub(capacity=1)}), "did you mean load?"),
        (NetSettings(nodes={"inputs.text": N(capacity=1)}), "outside the net"),
        (NetSettings(nodes={"zzz.*": N()}), "its nodes are: load.parse, double"),
    ],
)
def test_an_unknown_address_is_refused(settings: NetSettings, hint: str) -> None:
    """An address that means nothing in the graph is an error, with the one that was meant."""
    with pytest.raises(SettingsError, match="the graph has no") as caught:
        BatchRuntime(nested(), settings=settings).run(inputs={"text": "1"})
    assert hint in str(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"capacity": 0},
        {"capacity": True},
        {"capacity": 1.5},
        {"capacity": "many"},
        {"check": "types"},
        {"check": None},
        {"time_limit": -1},
        {"time_limit": "1 h"},
        {"time_limit": float("nan")},
        {"grace": None},
        {"tracking": "all"},
        {"keep": 5},
        {"nodes": {"a b": NodeSettings()}},
        {"nodes": {"a": {"capacity": 1}}},
        {"nodes": {1: NodeSettings()}},
        {"subnets": {"a": NodeSettings()}},
    ],
)
def test_what_cannot_be_is_refused_at_once(wrong: dict[str, object]) -> None:
    """Settings that cannot be are refused where they are made, with what would be right."""
    with pytest.raises(SettingsError) as caught:
        NetSettings(**wrong)  # type: ignore[arg-type]
    assert caught.value.hint


def test_an_unknown_setting_is_refused() -> None:
    """To ask for a setting that there is not names the one that was meant."""
    with pytest.raises(SettingsError, match="did you mean capacity"):
        NetSettings().origin("double", "capacty")


def test_what_is_given_in_short_counts() -> None:
    """What a runtime is given counts before its settings, and what a run is given before both."""
    settings = NetSettings(tracking="history", time_limit=7, grace=1)
    assert BatchRuntime(nested(), settings=settings).options.tracking == "history"
    runtime = BatchRuntime(nested(), settings=settings, tracking="counts")
    assert (runtime.options.tracking, runtime.settings.grace) == ("counts", 1)
    assert "test_settings.py:" in str(runtime.settings.origin("", "tracking"))
    with FSMRuntime(nested(), settings=settings).start(inputs={"text": "1"}) as fsm:
        assert fsm.options.tracking == "history"


def test_a_run_without_settings_is_one_by_the_defaults_of_settings() -> None:
    """What holds where nothing is said, and no settings are loaded, is what settings have that say nothing."""
    plain, said = BatchRuntime(nested()), BatchRuntime(nested(), settings=NetSettings())
    for name in NetOptions.__slots__:
        assert getattr(plain.options, name) == getattr(said.options, name)
    assert {name: said.settings.origin("", name).value for name in UNLESS_SAID} == UNLESS_SAID
    assert plain.settings == said.settings
    assert type(plain.orchestrator) is type(said.orchestrator)


class Sleeps(Component):
    """Sleeps for an hour, also when it is asked to end."""

    number: In[int]

    async def run(self) -> None:
        async for _ in self.number:
            await asyncio.sleep(3600)


@pytest.mark.parametrize(("given", "seconds"), [({}, 7), ({"time_limit": 2}, 2)])
def test_settings_say_how_long_a_run_may_take(given: dict[str, float], seconds: float) -> None:
    """The time limit of the settings holds for a run that is given none."""
    runtime = BatchRuntime(Sleeps, settings=NetSettings(time_limit=7))
    result = run_on(SteppedLoop, lambda: runtime.arun(inputs={"number": 1}, raises=False, **given))
    assert (result.outcome, result.seconds) == ("stopped", seconds)


def test_settings_say_how_long_a_run_may_drain() -> None:
    """The grace of the settings holds for a run that is given none."""
    runtime = BatchRuntime(Sleeps, settings=NetSettings(grace=3))

    async def main() -> Result:
        asyncio.get_running_loop().call_later(1, runtime.stop, "enough")
        return await runtime.arun(inputs={"number": 1})

    assert run_on(SteppedLoop, main).seconds == 4


def test_settings_are_data_or_a_file_too(tmp_path: Path) -> None:
    """A runtime takes settings as an object, as data, and as a file."""
    file = tmp_path / "net.json"
    file.write_text('{"nodes": {"double": {"capacity": 3}}}', encoding="utf-8")
    for given in (
        NetSettings(nodes={"double": N(capacity=3)}),
        {"nodes": {"double": {"capacity": 3}}},
        file,
        str(file),
    ):
        assert BatchRuntime(nested(), settings=given).settings.of("double").capacity == 3
    with pytest.raises(SettingsError, match="no settings"):
        BatchRuntime(nested(), settings=3)  # type: ignore[arg-type]
    with pytest.raises(LoadError, match="no such file"):
        BatchRuntime(nested(), settings="nowhere.toml")


def test_settings_show_what_they_say() -> None:
    """A repr has what was said, and nothing else."""
    assert repr(NetSettings(grace=1, nodes={"a": N(capacity=2)})) == (
        "NetSettings(grace=1, nodes={'a': NodeSettings(capacity=2)})"
    )
    assert repr(NetSettings()) == "NetSettings()"
    assert NetSettings(grace=1) == NetSettings(grace=1)


@pytest.mark.parametrize("kind", ["subnets", "nodes", "edges"])
def test_a_list_of_sections_is_refused(kind: str) -> None:
    """What is said of nodes, composites and edges is said by their addresses, in a dict."""
    with pytest.raises(SettingsError, match=f"{kind}: it cannot be .*\n  hint: give a dict: by address"):
        NetSettings(**{kind: [NodeSettings(capacity=1)]})


def test_settings_travel_to_other_processes() -> None:
    """Pickled, they say what they said, and leave out what they left out."""
    settings = NetSettings(capacity=3, nodes={"parse": NodeSettings(timeout=2)})
    other = pickle.loads(pickle.dumps(settings))
    assert other == settings
    assert other.said() == settings.said()
    assert other.options().tracking == settings.options().tracking

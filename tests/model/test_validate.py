"""Validating a graph finds everything that is wrong with it, before anything runs, with places and hints."""

from pathlib import Path

import pytest

from fbcore import BatchRuntime, Component, Config, Each, Graph, GraphError, In, Out, component
from fbcore.model.problem import Problem


@component
def double(value: int) -> int:
    return 2 * value


@component
def shout(text: str) -> str:
    return text.upper()


class Reads(Component):
    """Has configs."""

    path: Config[Path]
    limit: Config[int] = Config(default=5)
    rows: Out[int]

    async def run(self) -> None: ...


def line(marker: str) -> int:
    """Return the number of the line in this file that ends with a marker in a comment."""
    lines = Path(__file__).read_text().splitlines()
    (found,) = [number for number, text in enumerate(lines, 1) if text.endswith(f"# {marker}")]
    return found


def errors(graph: Graph) -> list[Problem]:
    """Return the errors that validating a graph finds."""
    with pytest.raises(GraphError) as caught:
        graph.validate()
    return [problem for problem in caught.value.problems if problem.is_error]


def only_error(graph: Graph) -> Problem:
    """Return the one error that validating a graph finds."""
    (problem,) = errors(graph)
    return problem


def quiet(graph: Graph, *outs: str) -> Graph:
    """Connect outputs of a graph, so that nothing is said about them."""
    for number, out in enumerate(outs):
        node, port = out.split(".")
        getattr(graph[node], port) >> graph.outputs[f"result_{number}"]
    return graph


# -- one problem at a time --------------------------------------------------------------------------------


def test_an_input_that_nothing_feeds():
    """The hint shows both ways to connect it, and the place is where the node was added."""
    graph = Graph("hungry")
    graph.add(double)  # hungry
    problem = only_error(quiet(graph, "double.out"))
    assert (problem.address, problem.what) == ("double.value", "nothing is connected to this input")
    assert problem.hint == "connect it: `some.out >> double.value` or `graph.inputs.value >> double.value`"
    assert (problem.place.file, problem.place.line) == (__file__, line("hungry"))


def test_an_output_that_feeds_nothing_is_a_warning():
    """It is returned, not raised; the net runs, and counts what it discards."""
    graph = Graph("careless")
    graph.inputs.value >> graph.add(double).value
    (warning,) = graph.validate()
    assert not warning.is_error
    assert warning.address == "double.out"
    assert str(warning).startswith("warning: double.out: nothing is connected to this output")
    assert "`double.out >> graph.outputs.name`" in warning.hint
    assert BatchRuntime(graph).run(inputs={"value": Each([1, 2])}).discarded == {"double.out": 2}


def test_a_config_without_value_and_default():
    """The hint shows both ways to give it one."""
    graph = Graph("unset")
    graph.add(Reads)
    problem = only_error(quiet(graph, "reads.rows"))
    assert (problem.address, problem.what) == ("reads.path", "this config has no value and no default")
    assert problem.hint == "write graph.add(..., path=...) or graph.configs.path >> reads.path"


def test_a_config_that_the_component_does_not_have():
    """The hint names those it has."""
    graph = Graph("unknown")
    graph.add(Reads, path="a", limits=3)  # unknown
    problem = only_error(quiet(graph, "reads.rows"))
    assert (problem.address, problem.what) == ("reads.limits", "reads has no config 'limits'")
    assert problem.hint == "its configs: path, limit"
    assert problem.place.line == line("unknown")


def test_a_config_of_a_wrong_type():
    """What cannot be read as its type, even leniently, is found."""
    graph = Graph("wrong")
    graph.add(Reads, path="a", limit="many")
    problem = only_error(quiet(graph, "reads.rows"))
    assert problem.address == "reads.limit"
    assert problem.what.startswith("'many' is no int: input should be a valid integer")
    assert problem.hint == "give a value of type int"


def test_a_default_of_a_wrong_type():
    """The declaration itself is checked as a value given to it would be."""

    class Odd(Component):
        limit: Config[int] = Config(default="many")

        async def run(self) -> None: ...

    @component
    def odd_function(value: int, limit: int = "many") -> None: ...  # type: ignore[assignment]

    graph = Graph("odd")
    graph.add(Odd)
    graph.inputs.value >> graph.add(odd_function).value
    assert [problem.address for problem in errors(graph)] == ["odd.limit", "odd_function.limit"]


def test_a_config_that_is_fed_twice():
    """It has one value; the place is the second connection, and the hint tells the first."""
    graph = Graph("twice")
    reads = graph.add(Reads)
    graph.configs.path >> reads.path  # first
    graph.configs.other >> reads.path  # second
    problem = only_error(quiet(graph, "reads.rows"))
    assert (problem.address, problem.what) == ("reads.path", "this config is fed twice")
    assert problem.place.line == line("second")
    assert f"test_validate.py:{line('first')}" in problem.hint


def test_a_config_that_is_fixed_and_fed_has_a_default():
    """What `add` was given counts where the run gives nothing."""
    seen = []

    class Looks(Component):
        limit: Config[int]

        async def run(self) -> None:
            seen.append(self.limit.value)

    graph = Graph("defaulted")
    graph.configs.limit >> graph.add(Looks, limit=3).limit
    BatchRuntime(graph).run()
    BatchRuntime(graph).run(limit=4)
    assert seen == [3, 4]


def test_types_that_do_not_fit():
    """The address is the edge's, both types are named, and the place is the connection."""
    graph = Graph("misfit")
    twice, loud = graph.add(double), graph.add(shout)
    graph.inputs.value >> twice.value
    twice.out >> loud.text  # misfit
    problem = only_error(quiet(graph, "shout.out"))
    assert (problem.address, problem.what) == ("double.out->shout.text", "int does not fit str")
    assert problem.hint == "send str, take int, or put a component between that turns one into the other"
    assert problem.place.line == line("misfit")


def test_ports_that_are_connected_twice():
    """Two edges would double every packet."""
    graph = Graph("doubled")
    one, two = graph.add(double, "one"), graph.add(double, "two")
    graph.inputs.value >> one.value
    one.out >> two.value  # once
    one.out >> two.value  # again
    problem = only_error(quiet(graph, "two.out"))
    assert (problem.address, problem.what) == ("one.out->two.value", "these ports are connected twice")
    assert problem.place.line == line("again")
    assert f"test_validate.py:{line('once')} already" in problem.hint


def test_a_port_of_the_border_with_the_name_of_a_node():
    """Nodes and ports of a graph share one namespace."""
    graph = Graph("clash")
    graph.inputs.double >> graph.add(double).value  # clash
    problem = only_error(quiet(graph, "double.out"))
    assert (problem.address, problem.what) == ("inputs.double", "double is the name of a node too")
    assert "share one namespace" in problem.hint
    assert problem.place.line == line("clash")


def test_two_sides_of_the_border_with_one_name():
    """An input and an output, or a config and an input, cannot be called the same."""
    graph = Graph("clash")
    graph.inputs.value >> graph.add(double).value
    graph["double"].out >> graph.outputs.value
    graph.configs.value >> graph.add(Reads, path="a").limit
    found = [(problem.address, problem.what) for problem in errors(quiet(graph, "reads.rows"))]
    assert found == [
        ("outputs.value", "value is the name of an input too"),
        ("configs.value", "value is the name of an output too"),
    ]


@pytest.mark.parametrize(
    "name", ["inputs", "feed_dead_letters", "time_limit", "grace", "progress", "observers", "raises"]
)
def test_a_config_with_the_name_of_an_option_of_run(name):
    """`run(grace=...)` could not tell one from the other."""
    graph = Graph("options")
    graph.configs[name] >> graph.add(Reads, path="a").limit
    problem = only_error(quiet(graph, "reads.rows"))
    assert (problem.address, problem.what) == (f"configs.{name}", "this name is taken by an option of run")


def test_an_empty_graph():
    """There is nothing to run."""
    problem = only_error(Graph("empty"))
    assert (problem.address, problem.what) == ("empty", "the graph is empty")
    assert "graph.add(" in problem.hint


def test_a_value_passed_on_to_the_border_is_no_problem():
    """A graph without problems has none."""
    graph = Graph("fine")
    graph.inputs.value >> graph.add(double).value
    assert quiet(graph, "double.out").validate() == []


# -- all at once ------------------------------------------------------------------------------------------


def broken() -> Graph:
    """A graph with one problem of many kinds."""

    class Idle(Component):
        tasks: In[int]

    graph = Graph("broken")
    graph.add(Idle)
    reads, twice, loud = graph.add(Reads, limits=3, limit="x"), graph.add(double), graph.add(shout)
    reads.rows >> loud.text
    reads.rows >> loud.text
    loud.out >> graph.outputs.double
    graph.configs.grace >> graph.add(Reads, "other").path
    assert twice is not None
    return graph


EXPECTED = {
    "idle",
    "idle.tasks",
    "reads.limits",
    "reads.limit",
    "reads.path",
    "double.value",
    "reads.rows->shout.text",
    "outputs.double",
    "configs.grace",
}


def test_everything_is_found_at_once():
    """Each problem is listed, errors and warnings, with address, place and hint; none hides another."""
    with pytest.raises(GraphError) as caught:
        broken().validate()
    problems = caught.value.problems
    assert {problem.address for problem in problems if problem.is_error} == EXPECTED
    assert {problem.address for problem in problems if not problem.is_error} == {"double.out", "other.rows"}
    assert all(problem.what and problem.hint for problem in problems)
    assert {problem.place.file for problem in problems} == {__file__}
    assert all(problem.place.line > 0 for problem in problems)


def test_the_text_of_the_error_has_everything():
    """Who sees only the message sees each problem with its line and its hint, and how many there are."""
    with pytest.raises(GraphError) as caught:
        broken().validate()
    text = str(caught.value)
    count = sum(problem.is_error for problem in caught.value.problems)
    assert text.startswith(f"graph broken cannot run: {count} problems\n")
    for problem in caught.value.problems:
        assert f"{problem.address}: {problem.what} ({problem.place})\n    hint: {problem.hint}" in text


def test_one_problem_is_not_called_problems():
    """The text is right for one, too."""
    with pytest.raises(GraphError, match=r"^graph empty cannot run: 1 problem\n"):
        Graph("empty").validate()


def test_making_a_net_validates():
    """Nothing runs of a graph that is wrong."""
    with pytest.raises(GraphError, match="graph broken cannot run"):
        BatchRuntime(broken()).run(grace="x")

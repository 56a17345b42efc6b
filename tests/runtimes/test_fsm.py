"""A net is stepped: what can happen next, what a step does, where runs stop, and what is taken back."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import anyio.to_thread
import pytest

from fbcore import (
    ChoiceKind,
    Component,
    Config,
    Each,
    FSMRuntime,
    Graph,
    GraphError,
    In,
    InputError,
    Out,
    Outcome,
    StepError,
    component,
    required,
)
from fbcore.driver import Scripted, Seeded


@component
def double(number: int) -> int:
    return 2 * number


@component
async def nap(number: int, seconds: float = 1.0) -> int:
    await asyncio.sleep(seconds)
    return number


@component
def add(left: int, right: int) -> int:
    return left + right


def line() -> Graph:
    """Make a graph of two functions after each other."""
    graph = Graph("line")
    first, second = graph.add(double, "first"), graph.add(double, "second")
    graph.inputs.number >> first.number
    first.out >> second.number
    second.out >> graph.outputs.out
    return graph


def loop_with_a_full_edge() -> Graph:
    """Make a graph that deadlocks: two nodes send to each other before they receive."""

    class Talker(Component):
        heard: In[int]
        said: Out[int]

        async def run(self) -> None:
            for word in range(3):
                await self.said.send(word)
            async for _ in self.heard:
                pass

    graph = Graph("talk")
    one, other = graph.add(Talker, "one"), graph.add(Talker, "other")
    graph.connect(one.said, other.heard, capacity=1)
    graph.connect(other.said, one.heard, capacity=1)
    return graph


@pytest.fixture
def start() -> Iterator[Callable[..., FSMRuntime]]:
    """Start a net to be stepped, and close it after the test."""
    begun: list[FSMRuntime] = []

    def begin(graph: Any, given: Any = (), *, driver: Any = None, **configs: Any) -> FSMRuntime:
        fsm = FSMRuntime(graph, driver=driver) if driver else FSMRuntime(graph)
        begun.append(fsm)
        inputs = {"number": Each(given)} if given else None
        return fsm.start(inputs=inputs, **configs)

    yield begin
    for fsm in begun:
        fsm.close()


# -- what can happen next ----------------------------------------------------------------------------------


def test_at_the_beginning_every_node_is_about_to_begin(start):
    """Before the first step, each node has one choice: to begin."""
    fsm = start(line(), [1])
    assert [(name, choice.does) for name, choice in fsm.enabled().items()] == [
        ("first", "begins"),
        ("second", "begins"),
        ("inputs.number", "begins"),
    ]


def test_a_node_that_waits_is_not_enabled_until_its_packet_comes(start):
    """A receiver that found nothing comes back when somebody has sent."""
    fsm = start(double, [5])
    fsm.step("double")
    fsm.step("double")
    assert list(fsm.enabled()) == ["inputs.number"]
    fsm.step()
    fsm.step()
    assert list(fsm.enabled()) == ["double"]
    assert fsm.enabled()["double"].does == "takes 5 from number"


def test_a_choice_names_node_turn_and_packet(start):
    """A choice says of which node it is, the how manieth turn, and which packet it is about."""
    fsm = start(double, [7])
    fsm.run_until(port="double.number")
    choice = fsm.enabled()["double"]
    assert (choice.node, choice.turn, choice.kind) == ("double", 3, ChoiceKind.TURN)
    assert choice.packet is not None
    assert (choice.packet.value, str(choice.packet.id)) == (7, "inputs.number#0")


def test_a_sender_shows_what_it_is_about_to_send(start):
    """The packet of a choice to send is the one that will be born."""
    fsm = start(double, [7])
    fsm.run_until(lambda fsm: fsm.enabled().get("double") and fsm.enabled()["double"].does == "sends 14 by out")
    packet = fsm.enabled()["double"].packet
    assert (packet.value, str(packet.id)) == (14, "double.out#0")
    step = fsm.step("double")
    assert [(move.value, str(move.id)) for move in step.moves] == [(14, "double.out#0")]


def test_enabled_shows_the_net_as_it_is(start):
    """The same object tells the choices after every step, and that there are none at the end."""
    fsm = start(double, [1])
    enabled = fsm.enabled()
    assert len(enabled) == 2
    assert "double" in enabled
    fsm.run()
    assert (len(enabled), list(enabled), "double" in enabled) == (0, [], False)


def test_timers_are_choices_after_what_is_ready(start):
    """A timer may ring before ready work, as a time-out can win; first come, the time passes when nothing is ready."""
    fsm = start(nap, [1, 2])
    fsm.run_until(lambda fsm: fsm.state()["timers"])
    assert list(fsm.enabled())[-1] == "timer 1 of nap"
    timer = fsm.enabled()["timer 1 of nap"]
    assert (timer.kind, timer.node, timer.does) == (ChoiceKind.TIMER, "nap", "rings at 1 s")
    before = fsm.time
    fsm.step("timer 1 of nap")
    assert (before, fsm.time) == (0.0, 1.0)


def test_only_the_earliest_timers_are_enabled(start):
    """Of two naps the shorter ends first, whatever is chosen; two of one time may end in either order."""
    graph = Graph("naps")
    for name, seconds in (("a", 2.0), ("b", 1.0), ("c", 1.0)):
        node = graph.add(nap, name, seconds=seconds)
        graph.initial(0) >> node.number
        node.out >> graph.outputs.out
    fsm = start(graph)
    fsm.run_until(lambda fsm: len(fsm.state()["timers"]) == 3)
    assert [name for name in fsm.enabled() if name.startswith("timer")] == ["timer 1 of b", "timer 1 of c"]
    fsm.step("timer 1 of c")
    with pytest.raises(StepError, match="not enabled"):
        fsm.step("timer 1 of a")


# -- stepping ----------------------------------------------------------------------------------------------


def test_stepping_to_the_end_gives_the_result_of_a_run(start):
    """Step by step, the outputs and the outcome are those of a batch."""
    result = start(line(), range(5)).run()
    assert (result.outcome, result.outputs.out) == (Outcome.FINISHED, [0, 4, 8, 12, 16])


@pytest.mark.parametrize("seed", range(5))
def test_any_order_gives_the_same_outputs(start, seed):
    """A line has one result, in whatever order its nodes have their turns."""
    assert start(line(), range(5), driver=Seeded(seed)).run().outputs.out == [0, 4, 8, 12, 16]


def test_a_driver_chooses_where_no_step_is_named(start):
    """A recording drives another net of the graph through the same steps."""
    fsm = start(line(), [1, 2], driver=Seeded(3))
    fsm.run()
    again = start(line(), [1, 2], driver=Scripted(fsm.choices))
    again.run()
    assert again.choices == fsm.choices


def test_a_step_that_is_not_enabled_changes_nothing(start):
    """The error says what is enabled; the net stands where it stood."""
    fsm = start(line(), [1])
    fsm.step("first")
    fsm.step("first")
    before = fsm.state()
    with pytest.raises(StepError, match="'first' is not enabled") as caught:
        fsm.step("first")
    assert caught.value.hint == "enabled are: second, inputs.number"
    assert fsm.state() == before
    assert fsm.choices == ["first", "first"]


def test_no_step_is_left_after_the_end(start):
    """The error says how the net ended."""
    fsm = start(double, [1])
    fsm.run()
    with pytest.raises(StepError, match="the net has ended, finished"):
        fsm.step()


def test_steps_tell_what_moved(start):
    """A step lists the packets that it took and put, with their edges and identities."""
    fsm = start(double, [3])
    moves = [(step.node, move.verb, move.edge, move.value) for step in fsm.steps() for move in step.moves]
    assert moves == [
        ("inputs.number", "sent", "inputs.number->double.number", 3),
        ("double", "took", "inputs.number->double.number", 3),
        ("double", "sent", "double.out->outputs.out", 6),
    ]


def test_a_fan_out_moves_on_every_edge_in_one_step(start):
    """What a sender puts without waiting between is one step with several moves."""
    graph = Graph("fan")
    node, sums = graph.add(double), graph.add(add)
    graph.inputs.number >> node.number
    node.out >> sums.left
    node.out >> sums.right
    sums.out >> graph.outputs.out
    fsm = start(graph, [1])
    step = fsm.run_until(node="double", port="double.out")
    assert [move.edge for move in step.moves] == ["double.out->add.left", "double.out->add.right"]
    assert fsm.run().outputs.out == [4]


# -- conditions and breakpoints ----------------------------------------------------------------------------


def test_run_until_a_node_a_port_a_packet_or_a_time(start):
    """The step that meets the condition is returned, and the net stands after it."""
    fsm = start(line(), [1, 2, 3])
    assert fsm.run_until(node="second").node == "second"
    assert fsm.run_until(port="second.number").moves[0].edge == "first.out->second.number"
    assert [move.value for move in fsm.run_until(port="second.out", packet=8).moves] == [8]
    naps = start(nap, [1, 2, 3])
    assert naps.run_until(time=2.0).time == 2.0


def test_of_several_conditions_all_must_hold(start):
    """A packet by a port is that packet, by that port."""
    fsm = start(line(), [1, 2])
    step = fsm.run_until(node="second", packet=4)
    assert (step.node, step.moves[0].verb, step.moves[0].value) == ("second", "sent", 4)


def test_run_until_what_never_comes_ends_with_the_net(start):
    """None says that the end came first."""
    fsm = start(line(), [1])
    assert fsm.run_until(packet=99) is None
    assert fsm.result is not None


def test_a_condition_on_what_is_not_there_is_refused(start):
    """The error names the nodes, or the ports of the node."""
    fsm = start(line(), [1])
    with pytest.raises(StepError, match="no node 'third'"):
        fsm.run_until(node="third")
    with pytest.raises(StepError, match=r"no port or edge 'first\.outt'") as caught:
        fsm.run_until(port="first.outt")
    assert "first.out" in caught.value.hint


def test_breakpoints_stop_runs_until_they_are_taken_away(start):
    """`run` and `run_until` stop after the step that meets a breakpoint."""
    fsm = start(line(), [1, 2])
    breakpoint = fsm.break_at(port="second.out")
    assert fsm.run() is None
    assert fsm.state()["edges"]["second.out->outputs.out"] == [4]
    assert fsm.run_until(time=99.0) is None
    fsm.breakpoints.remove(breakpoint)
    assert fsm.run().outputs.out == [4, 8]


# -- standstill --------------------------------------------------------------------------------------------


def test_a_deadlock_is_seen_before_the_net_acts_on_it(start):
    """When nothing else can happen there is one choice, which says what the net is, and then ends it."""
    fsm = start(loop_with_a_full_edge())
    fsm.run_until(blocked=True)
    assert fsm.state()["edges"] == {"one.said->other.heard": [0], "other.said->one.heard": [0]}
    (choice,) = fsm.enabled().values()
    assert choice.kind is ChoiceKind.BLOCKED
    assert choice.does.startswith("nothing else can happen: deadlocked, a circle of waits")
    assert fsm.run().outcome is Outcome.DEADLOCKED


def test_a_loop_that_runs_dry_is_quiescent(start):
    """The net closes the inputs of one node after the other, a step for each."""

    @component
    def less(number: int) -> int | None:
        return number - 1 if number else None

    graph = Graph("countdown")
    node = graph.add(less)
    graph.initial(3) >> node.number
    node.out >> node.number
    node.out >> graph.outputs.out
    fsm = start(graph)
    assert fsm.run().outcome is Outcome.QUIESCENT
    assert fsm.choices.count("blocked") == 1


def test_a_wait_that_nobody_ends_is_starved_at_once(start):
    """On virtual time a wait outside the net needs no five seconds."""

    class Waits(Component):
        number: In[int]

        async def run(self) -> None:
            await asyncio.Event().wait()

    fsm = start(Waits, [1])
    assert fsm.run_until(blocked=True) is not None
    assert fsm.run().outcome is Outcome.STARVED


# -- undo --------------------------------------------------------------------------------------------------


def test_undo_and_the_same_choice_again_lead_to_the_same_state(start):
    """Steps that are taken back, and made again, leave no trace."""
    fsm = start(line(), [1, 2, 3], driver=Seeded(1))
    for _ in range(12):
        fsm.step()
    state, choices = fsm.state(), list(fsm.choices)
    fsm.undo(5)
    assert fsm.choices == choices[:7]
    fsm.replay(choices)
    assert fsm.state() == state


def test_undo_gives_another_choice(start):
    """After a step back, another order can be taken."""
    fsm = start(line(), [1])
    fsm.step("first")
    fsm.undo()
    assert fsm.step("second").node == "second"


def test_the_items_of_an_iterator_can_be_sent_again(start):
    """What was read from a generator is remembered, so that steps can be taken back."""
    fsm = FSMRuntime(double).start(inputs={"number": Each(i for i in range(3))})
    fsm.run()
    fsm.undo(3)
    assert fsm.run().outputs.out == [0, 2, 4]
    fsm.close()


def test_more_steps_than_were_made_cannot_be_taken_back(start):
    """The error says how many there were."""
    fsm = start(line(), [1])
    fsm.step()
    with pytest.raises(StepError, match="2 steps cannot be taken back, for 1 were made"):
        fsm.undo(2)


def test_a_recording_that_fits_no_more_says_where(start):
    """The number of the choice is said, and the net that was there before stays."""
    fsm = start(line(), [1])
    fsm.step("first")
    with pytest.raises(StepError, match="choice 1 of the recording no longer fits: 'third' is not enabled"):
        fsm.replay(["first", "third"])
    assert fsm.choices == ["first"]
    fsm.run()


# -- failures, stopping, ending ----------------------------------------------------------------------------


def test_a_failure_is_in_the_result(start):
    """A component that raises fails the net, with its address."""

    @component
    def broken(number: int) -> int:
        raise ValueError("no")

    result = start(broken, [1]).run()
    assert result.outcome is Outcome.FAILED
    assert result.errors[0].address == "broken"


def test_a_stop_drains_and_is_recorded(start):
    """A stop is a choice: undone, and replayed, as any other."""
    fsm = start(nap, [1, 2, 3], seconds=10.0)
    fsm.run_until(time=10.0)
    fsm.stop()
    assert fsm.run().outcome is Outcome.STOPPED
    choices = list(fsm.choices)
    fsm.replay(choices)
    assert fsm.result.outcome is Outcome.STOPPED


def test_what_is_wrong_is_said_by_start(start):
    """Graphs that cannot run, and inputs that are missing, are errors of `start`, and leave what was there."""
    graph = Graph("wrong")
    graph.add(add)
    with pytest.raises(GraphError):
        start(graph)
    fsm = start(double, [1])
    with pytest.raises(InputError):
        fsm.start()
    assert fsm.run().outputs.out == [2]


def test_nothing_can_be_asked_before_the_start():
    """The error says what to call."""
    with pytest.raises(StepError, match="no net was started"):
        FSMRuntime(line()).step()


@pytest.mark.parametrize("how", [asyncio.to_thread, anyio.to_thread.run_sync])
def test_a_thread_is_refused_with_what_to_do(start, how):
    """A node that waits for a thread fails, for its end could not be chosen; the net is not called starved."""

    @component
    async def threaded(number: int) -> int:
        return await how(lambda: number)

    result = start(threaded, [1]).run()
    assert result.outcome is Outcome.FAILED
    assert result.errors[0].what.startswith("LoopError: a stepped loop cannot wait for a thread")
    assert "OpenLoop" in result.errors[0].hint


def test_close_runs_what_nodes_have_to_do_at_their_end():
    """A node that is cancelled by closing runs its `finally` blocks."""
    ended = []

    class Holds(Component):
        number: In[int]

        async def run(self) -> None:
            try:
                await self.number.receive()
            finally:
                ended.append("closed")

    with FSMRuntime(Holds).start(inputs={"number": Each([1])}) as fsm:
        fsm.step("holds")
    assert ended == ["closed"]


def test_a_runtime_that_is_forgotten_warns_and_leaves_nothing_behind(caplog, capsys):
    """Without `close` there is one warning, of what is open, on the log too; nothing about tasks that are pending."""
    ended = []

    class Holds(Component):
        number: In[int]

        async def run(self) -> None:
            try:
                async with asyncio.timeout(10):
                    await self.number.receive()
            finally:
                ended.append("dropped")
                await asyncio.sleep(1)

    fsm = FSMRuntime(Holds).start(inputs={"number": Each([1])})
    fsm.step("holds")
    fsm.step("holds")
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        del fsm
        gc.collect()
    ((category, text),) = [(each.category, str(each.message)) for each in warned]
    assert category is ResourceWarning
    assert text.startswith(f"holds: was stepped and never closed (made at {__file__}:")
    assert "; open nodes: holds, inputs.number; open ports: holds.number" in text
    assert ended == ["dropped"]
    assert (caplog.messages, capsys.readouterr().err) == ([text], "")


def test_it_works_inside_a_running_loop():
    """In a notebook, where a loop runs already, a net is stepped all the same."""

    async def main() -> Any:
        with FSMRuntime(nap).start(inputs={"number": Each([1, 2])}) as fsm:
            return fsm.run().outputs.out

    assert asyncio.run(main()) == [1, 2]


def test_two_nets_are_stepped_side_by_side(start):
    """Nothing is shared between two runtimes, nor between them and the graph."""
    graph = line()
    one, other = start(graph, [1]), start(graph, [5])
    for _ in range(4):
        one.step()
        other.step()
    assert (one.run().outputs.out, other.run().outputs.out) == ([4], [20])


def test_configs_are_given_as_to_a_run(start):
    """Required configs that come from other nodes hold a node back until they come."""

    @component
    def scale(number: int, factor: int = required()) -> int:
        return number * factor

    class Late(Component):
        wait: Config[float] = Config(default=3.0)
        factor: Out[int]

        async def run(self) -> None:
            await asyncio.sleep(self.wait.value)
            await self.factor.send(10)

    graph = Graph("scaled")
    node, late = graph.add(scale), graph.add(Late)
    graph.inputs.number >> node.number
    late.factor >> node.factor
    node.out >> graph.outputs.out
    graph.configs.wait >> late.wait
    fsm = start(graph, [1, 2], wait=7.0)
    fsm.step("scale")
    assert fsm.enabled()["scale"].does == "looks at factor"
    result = fsm.run()
    assert (result.outputs.out, fsm.time) == ([10, 20], 7.0)

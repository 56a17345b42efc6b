"""Nodes that are begun anew: when, how often, after how long, with which memory, and what becomes of packets."""

import asyncio
from itertools import chain
from typing import Any

import pytest

from fbcore import (
    Component,
    Each,
    End,
    Graph,
    In,
    Orchestrator,
    Out,
    Restart,
    SettingsError,
    component,
)
from tests.orchestration.supervising import Heard, alone, failing, run

AT_ONCE = Restart(backoff=0, most=1000)
PLAIN = Restart(jitter=0)


# -- when, how often, after how long ---------------------------------------------------------------------


def test_back_off_is_exact() -> None:
    """The first wait is the back-off, each one after it is longer by the factor: to the millisecond."""
    heard = Heard()
    result = run(alone(failing([3], 4)), Restart(backoff=0.1, factor=3, jitter=0), numbers=range(5), heard=heard)
    assert (heard.delays, heard.times) == ([0.1, 0.3, 0.9, 2.7], [0, 0.1, 0.4, 1.3])
    assert (result.outcome, result.outputs.passed, result.seconds) == ("finished", [0, 1, 2, 3, 4], 4.0)
    assert result.restarts == {"node": 4}


def test_a_wait_is_no_longer_than_the_longest() -> None:
    """However often a node has failed, and however large the factor."""
    heard = Heard()
    policy = Restart(most=None, backoff=1, factor=1e200, longest=5, jitter=0)
    assert run(alone(failing([0], 4)), policy, numbers=[0], heard=heard).outcome == "finished"
    assert heard.delays == [1, 5, 5, 5]


@pytest.mark.parametrize("jitter", [0.1, 0.5, 1])
def test_jitter_keeps_within_its_bounds(jitter: float) -> None:
    """Each wait is off by at most that part, and no two nodes wait in step."""
    heard = Heard()
    policy = Restart(most=None, backoff=1, factor=1, jitter=jitter)
    assert run(alone(failing([0], 200)), policy, numbers=[0], heard=heard).outcome == "finished"
    assert 1 - jitter <= min(heard.delays) < 1 - jitter / 2
    assert 1 + jitter / 2 < max(heard.delays) <= 1 + jitter


def test_jitter_is_the_same_on_virtual_time() -> None:
    """A run on a stepped loop can be repeated, with its waits."""
    both = [Heard(), Heard()]
    for heard in both:
        run(alone(failing([0], 5)), Restart(), numbers=[0], heard=heard)
    assert both[0].delays == both[1].delays
    assert len(set(both[0].delays)) == 5


def test_after_the_most_restarts_the_net_fails() -> None:
    """A storm ends: a packet that fails for ever is held in the result, and nothing of the rest is lost."""
    result = run(alone(failing([2], 10**9)), Restart(most=3, jitter=0), numbers=range(5))
    assert (result.outcome, result.restarts, result.outputs.passed) == ("failed", {"node": 3}, [0, 1])
    assert result.held == {"node.number": 2}
    assert [*chain(*result.unread.values())] == [3, 4]
    (error,) = result.errors
    assert error.held == {"number": 2}
    assert "begun anew 3 times" in error.hint


def test_a_window_forgets() -> None:
    """Restarts that are older than the window count neither for the most, nor for the back-off."""

    class Stumbles(Component):
        number: In[int]
        passed: Out[int]
        stateless = True

        async def run(self) -> None:
            async for number in self.number:
                await asyncio.sleep(1)
                if not met.get(number):
                    met[number] = True
                    raise ValueError(number)
                await self.passed.send(number)

    for window, restarts in (None, 3), (3.5, 6), (60.0, 3):
        met: dict[int, bool] = {}
        heard = Heard()
        policy = Restart(most=3, window=window, backoff=0.25, jitter=0)
        result = run(alone(Stumbles), policy, numbers=range(6), heard=heard)
        assert result.restarts == {"node": restarts}, window
        assert result.outcome == ("finished" if restarts == 6 else "failed")
        if window == 3.5:
            assert max(heard.delays) == 0.5


@pytest.mark.parametrize(
    ("policy", "outcome", "lives"),
    [
        (Restart("never"), "failed", 1),
        (Restart("on failure", most=9, backoff=0), "finished", 2),
        (Restart("always", most=9, backoff=0), "finished", 4),
    ],
)
def test_when(policy: Restart, outcome: str, lives: int) -> None:
    """A node that takes three packets in each life, and fails once, begins as often as its policy says."""
    begun = []

    class Three(Component):
        number: In[int]
        passed: Out[int]
        stateless = True

        async def run(self) -> None:
            begun.append(1)
            for _ in range(3):
                number = await self.number.receive()
                if number == 1 and len(begun) == 1:
                    raise ValueError(number)
                await self.passed.send(number)

    result = run(alone(Three), policy, numbers=range(8))
    assert (result.outcome, len(begun)) == (outcome, lives)
    assert policy.when != "always" or result.outputs.passed == list(range(8))


def test_a_node_whose_inputs_have_ended_is_not_begun_anew() -> None:
    """Nothing is left to do: with `always` it ends; a failure then is one of the net."""

    class Fails(Component):
        number: In[int]
        passed: Out[int]

        async def run(self) -> None:
            async for _ in self.number:
                pass
            raise ValueError("at the end")

    assert run(alone(Fails), Restart("always", most=99), numbers=range(3)).restarts == {}
    assert run(alone(Fails), Restart("always", most=99), numbers=range(3)).outcome == "failed"
    assert run(alone(failing([])), Restart("always", most=99), numbers=range(3)).restarts == {}


@pytest.mark.parametrize("seed", [None, 1, 2, 3, 4])
@pytest.mark.parametrize("error", [True, False])
def test_who_fails_at_the_last_packet_tells_what_it_remembers(seed: int | None, error: bool) -> None:
    """Whether its input ends just before that, or just after, makes no difference."""
    policy = Restart(held="drop", backoff=0)
    result = run(alone(failing([4], memory=True), error=error), policy, numbers=range(5), seed=seed)
    assert (result.outcome, result.outputs.passed, result.restarts) == ("finished", [6], {"node": 1})
    assert result.dropped == ({} if error else {"node.number": 1})


def test_the_end_of_demand_is_an_end() -> None:
    """A node that ends because nobody wants what it sends would find the same again."""

    class First(Component):
        number: In[int]
        passed: Out[int]

        async def run(self) -> None:
            await self.passed.send(await self.number.receive())

    graph = Graph("demand")
    node, first = graph.add(failing([]), "node"), graph.add(First)
    graph.inputs.number >> node.number
    node.passed >> first.number
    first.passed >> graph.outputs.passed
    result = run(graph, Restart("always", most=99), numbers=range(300))
    assert (result.outcome, result.restarts) == ("finished", {})


def test_a_source_is_begun_anew() -> None:
    """A node without inputs has none that could have ended."""
    lives = []

    class Source(Component):
        out: Out[int]
        stateless = True

        async def run(self) -> None:
            lives.append(1)
            await self.out.send(len(lives))
            if len(lives) < 3:
                raise ConnectionError("lost")

    graph = Graph("source")
    graph.add(Source, "node").out >> graph.outputs.out
    result = run(graph, PLAIN)
    assert (result.outcome, result.outputs.out, result.restarts) == ("finished", [1, 2, 3], {"node": 2})


# -- memory ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("memory", "total"), [("keep", 10), ("reset", 7)])
def test_memory_is_kept_or_reset(memory: Any, total: int) -> None:
    """What a node remembers outlives its lives, unless its policy says otherwise."""
    result = run(alone(failing([3], memory=True)), Restart(memory=memory), numbers=range(5))
    assert (result.outcome, result.outputs.passed) == ("finished", [total])


# -- what becomes of packets -----------------------------------------------------------------------------


@pytest.mark.parametrize("capacity", [1, 2, 64, None])
@pytest.mark.parametrize("seed", [None, 1, 2, 3])
def test_a_packet_in_hand_is_returned(capacity: int | None, seed: int | None) -> None:
    """It is the next to be taken, in the order in which all were sent."""
    graph = Graph("returning")
    first, node = graph.add(failing([]), "first"), graph.add(failing([0, 3, 4, 9], 2), "node")
    graph.inputs.number >> first.number
    graph.connect(first.passed, node.number, capacity=capacity)
    node.passed >> graph.outputs.passed
    result = run(graph, AT_ONCE, numbers=range(10), seed=seed)
    assert (result.outcome, result.outputs.passed, result.restarts) == ("finished", list(range(10)), {"node": 8})
    assert (result.nodes["node"].received, result.nodes["node"].sent) == (10, 10)


def test_a_packet_in_hand_is_dropped_and_counted() -> None:
    """Where the policy says so; the result knows how many, and at which port."""
    result = run(alone(failing([2, 4], 9)), Restart(held="drop", backoff=0), numbers=range(6))
    assert (result.outcome, result.outputs.passed) == ("finished", [0, 1, 3, 5])
    assert result.dropped == {"node.number": 2}
    assert "dropped  node.number: 2 packets" in result.summary()


def test_error_comes_first() -> None:
    """Where somebody takes failures they get the packet; then the node is begun anew."""
    result = run(alone(failing([2, 4], 9), error=True), AT_ONCE, numbers=range(6))
    assert (result.outcome, result.outputs.passed) == ("finished", [0, 1, 3, 5])
    assert [failure.value for failure in result.outputs.failures] == [2, 4]
    assert (result.restarts, result.dropped) == ({"node": 2}, {})


def test_a_class_with_error_connected_ends_without_a_policy() -> None:
    """As it does without settings."""
    result = run(alone(failing([2], 9), error=True), Restart("never"), numbers=range(6))
    assert (result.outcome, result.outputs.passed) == ("finished", [0, 1])
    assert len(result.outputs.failures) == 1


def test_after_the_last_restart_a_failure_that_is_taken_ends_the_node() -> None:
    """The net goes on, as it would have without restarts."""
    result = run(alone(failing(range(6), 9), error=True), Restart(most=2, backoff=0), numbers=range(6))
    assert (result.outcome, result.restarts) == ("finished", {"node": 2})
    assert [failure.value for failure in result.outputs.failures] == [0, 1, 2]
    assert [*chain(*result.unread.values())] == [3, 4, 5]


def test_nothing_closes_before_the_last_life_is_over() -> None:
    """Who receives from the node sees one stream, and `started` and `stopped` are told once."""

    class Counts(Component):
        number: In[int]
        ends: Out[int]

        async def run(self) -> None:
            count = 0
            async for _ in self.number:
                count += 1
            await self.ends.send(count)

    graph = Graph("messages")
    node, counts = graph.add(failing([1, 2, 3], 2), "node"), graph.add(Counts)
    graph.inputs.number >> node.number
    node.passed >> counts.number
    counts.ends >> graph.outputs.ends
    for message in "started", "stopped", "failed":
        getattr(node, message) >> graph.outputs[f"was_{message}"]
    result = run(graph, AT_ONCE, numbers=range(5))
    assert result.outputs.ends == [5]
    told = {name: len(result.outputs[f"was_{name}"]) for name in ("started", "stopped", "failed")}
    assert told == {"started": 1, "stopped": 1, "failed": 6}


def test_packets_of_a_join_are_returned_to_both_sides() -> None:
    """What was taken together is taken together again, also where an input is fed by several edges."""
    left = {2: 2, 3: 1}

    class Pairs(Component):
        left: In[int]
        right: In[int]
        pair: Out[tuple[int, int]]
        stateless = True

        async def run(self) -> None:
            async for one, other in self.zip(self.left, self.right):
                if left.get(one):
                    left[one] -= 1
                    raise ValueError(one)
                await self.pair.send((one, other))

    graph = Graph("pairs")
    node = graph.add(Pairs, "node")
    graph.inputs.a >> node.left
    for source in "b", "c":
        graph.inputs[source] >> node.right
    node.pair >> graph.outputs.pairs
    inputs = {"a": Each(range(6)), "b": Each([10, 11, 12]), "c": Each([20, 21, 22])}
    for seed in range(5):
        left.update({2: 2, 3: 1})
        result = run(graph, AT_ONCE, inputs=inputs, seed=seed)
        firsts, seconds = zip(*result.outputs.pairs, strict=True)
        assert (result.outcome, firsts, sorted(seconds)) == ("finished", tuple(range(6)), [10, 11, 12, 20, 21, 22])
        assert [each for each in seconds if each < 20] == [10, 11, 12]


def test_a_function_is_begun_anew_with_its_packet() -> None:
    """One that nobody takes failures of: its firing fails, the node is begun anew, and fires again."""
    left = {1: 2, 70: 1}

    @component
    def passes(number: int) -> int:
        if left.get(number):
            left[number] -= 1
            raise ValueError(number)
        return number

    graph = Graph("function")
    node = graph.add(passes, "node")
    graph.inputs.number >> node.number
    node.out >> graph.outputs.passed
    for make_loop in None, asyncio.new_event_loop:
        left.update({1: 2, 70: 1})
        result = run(graph, AT_ONCE, numbers=range(100), make_loop=make_loop)
        assert (result.outcome, result.outputs.passed, result.restarts) == ("finished", list(range(100)), {"node": 3})


def test_a_returned_packet_keeps_its_identity_and_its_history() -> None:
    """It was not consumed, and what it is made into later has it as its parent."""
    plain = run(alone(failing([])), tracking="history", numbers=range(5))
    again = run(alone(failing([1, 3], 2)), AT_ONCE, tracking="history", numbers=range(5))
    assert again.restarts == {"node": 4}
    assert list(map(str, again.packets)) == list(map(str, plain.packets))
    for id in plain.packets:
        assert again.packets.parents(id) == plain.packets.parents(id)
        assert again.packets.activities(id) == plain.packets.activities(id)


def test_a_returned_packet_is_checked_again() -> None:
    """A packet that was changed by the life that failed is found out, where that is checked."""

    class Changes(Component):
        number: In[list[int]]
        passed: Out[list[int]]

        async def run(self) -> None:
            async for numbers in self.number:
                if not numbers:
                    numbers.append(1)
                    raise ValueError("changed")
                await self.passed.send(numbers)

    assert run(alone(Changes), AT_ONCE, check="mutation", numbers=[[]]).outputs.passed == [[1]]


def test_observers_hear_of_packets_that_come_back() -> None:
    """An observer that counts what was taken, less what was returned, has what the node has worked on."""
    seen: list[str] = []

    class Packets(Heard):
        def packet(self, what: str, address: str, value: Any) -> None:
            if "node.number" in address:
                seen.append(f"{what} {value}")

    run(alone(failing([1])), AT_ONCE, numbers=range(3), heard=Packets())
    run(alone(failing([1])), Restart(held="drop", backoff=0), numbers=range(2), heard=Packets())
    assert [each for each in seen if not each.startswith("sent")] == [
        *("taken 0", "taken 1", "returned 1", "taken 1", "taken 2"),
        *("taken 0", "taken 1", "dropped 1"),
    ]


# -- stopping, and being seen ----------------------------------------------------------------------------


def test_a_stop_ends_a_node_that_waits_to_be_begun_anew() -> None:
    """A net that is cancelled meanwhile ends at once, and the packet lies where it was returned to."""
    policy = Restart(backoff=100, longest=100, jitter=0)
    result = run(alone(failing([1], 9)), policy, numbers=range(3), time_limit=5)
    assert (result.outcome, result.seconds, result.nodes["node"].phase) == ("stopped", 5, "cancelled")
    assert [*chain(*result.unread.values())] == [1, 2]
    assert result.waits["node"].startswith("a timer, due in 95 s")


def test_a_node_that_waits_is_seen_to() -> None:
    """Its phase is `restarting`, and observers hear of each restart, with the error."""
    heard = Heard()
    run(alone(failing([1], 2)), PLAIN, numbers=range(3), heard=heard)
    assert heard.phases.count("node restarting") == 2
    assert [what.partition(" (")[0] for _, _, what in heard.restarts] == ["ValueError: bad 1"] * 2


def test_children_of_a_life_end_with_it() -> None:
    """Tasks that a component has made are cancelled when it fails, and the next life has its own."""
    ended: list[str] = []

    class Parent(Component):
        number: In[int]
        passed: Out[int]
        stateless = True

        async def run(self) -> None:
            self.tasks.create_task(self.child())
            async for number in self.number:
                await asyncio.sleep(1)
                if number == 1 and not ended:
                    raise ValueError(number)
                await self.passed.send(number)
            raise ExceptionGroup("several", [ValueError(1)]) if len(ended) < 1 else StopIteration

        async def child(self) -> None:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                ended.append("child")
                raise

    result = run(alone(Parent), AT_ONCE, numbers=range(3))
    assert (result.outputs.passed, ended) == ([0, 1, 2], ["child", "child"])


def test_a_component_that_stops_the_net_is_not_begun_anew() -> None:
    """StopNet is no failure."""

    class Stops(Component):
        number: In[int]
        passed: Out[int]

        async def run(self) -> None:
            await self.number.receive()
            self.net.stop("enough")

    result = run(alone(Stops), Restart("always", most=99), numbers=range(3))
    assert (result.outcome, result.reason, result.restarts) == ("stopped", "enough", {})


# -- deciding --------------------------------------------------------------------------------------------


def test_a_reaction_may_restart_or_forbid_it() -> None:
    """A function decides by the error: not more often than the policy allows, or five times without one."""

    def react(failure: Any) -> Any:
        seen.append((failure.policy, failure.restarts))
        return "restart" if isinstance(failure.error.cause, ValueError) else "fail"

    for policy, restarts in (None, 5), (Restart(most=2), 2):
        seen: list[Any] = []
        result = run(alone(failing([1], 99)), policy, numbers=range(3), orchestrator=Orchestrator(react=react))
        assert (result.outcome, result.restarts) == ("failed", {"node": restarts})
        assert seen == [("fail" if policy is None or n == restarts else "restart", n) for n in range(restarts + 1)]
    forbidding = Orchestrator(react=lambda failure: "fail")
    assert run(alone(failing([1])), PLAIN, numbers=range(3), orchestrator=forbidding).restarts == {}


# -- what a policy can be --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"when": "sometimes"},
        {"most": -1},
        {"most": True},
        {"window": 0},
        {"backoff": -1},
        {"backoff": float("inf")},
        {"factor": 0.5},
        {"jitter": 1.5},
        {"memory": "forget"},
        {"held": "keep"},
        {"most": None, "backoff": 0},
    ],
)
def test_a_restart_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    """Each field is looked at, and a storm that nothing bounds is no policy."""
    with pytest.raises(SettingsError) as caught:
        Restart(**wrong)
    assert caught.value.hint


def test_most_none_and_zero() -> None:
    """Without a most a node is begun anew for ever; with 0 never."""
    assert run(alone(failing([1], 50)), Restart(most=None), numbers=range(3)).restarts == {"node": 50}
    assert run(alone(failing([1])), Restart(most=0), numbers=range(3)).outcome == "failed"
    assert End(after=1).after == 1

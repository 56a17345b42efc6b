"""In which order policies act when something fails: one test for each boundary of the table in `howto-policies.md`."""

import asyncio
from typing import Any

import pytest

from fbcore import (
    BatchRuntime,
    Breaker,
    BreakerError,
    Component,
    Concurrency,
    DeadLetters,
    Each,
    Graph,
    In,
    NetSettings,
    NodeSettings,
    Orchestrator,
    Out,
    Rate,
    Restart,
    Retry,
    Timeout,
    component,
)
from fbcore.loop import SteppedLoop
from fbcore.net.outstanding import find_outstanding
from fbcore.runtimes.blocking import run_on
from tests.orchestration.flaky import LOOPS, Flaky, alone, passing, run
from tests.orchestration.supervising import failing
from tests.orchestration.supervising import run as run_graph

each_loop = pytest.mark.parametrize("make_loop", LOOPS.values(), ids=LOOPS)
AT_ONCE = Retry(3, backoff=0)
SOON = Restart(backoff=0, most=2)


@each_loop
def test_rate_before_retry(make_loop: Any) -> None:
    """A firing waits for its time once; its attempts follow each other as the retry says."""
    flaky = Flaky({0: 2})
    run(passing(flaky), [0, 1], rate=Rate(1, per=10), retry=AT_ONCE, make_loop=make_loop)
    assert flaky.asked == [(0, 0), (0, 0), (0, 0), (10, 1)]


def test_concurrency_before_rate() -> None:
    """Firings that go on at once begin as the rate says, each at its time."""
    flaky = Flaky()

    @component
    async def slow(number: int) -> int:
        flaky.look(number)
        await asyncio.sleep(10)
        return number

    result = run(slow, range(3), rate=Rate(1), concurrency=3)
    assert (flaky.times, result.seconds) == ([0, 1, 2], 12)


@pytest.mark.parametrize("attempts", [1, 2, 3])
def test_timeout_before_retry(attempts: int) -> None:
    """An attempt that takes too long has failed as any other, and the next one has all its time."""
    flaky = Flaky()

    @component
    async def slow(number: int) -> int:
        flaky.look(number)
        await asyncio.sleep(9 if len(flaky.asked) < 3 else 4)
        return number

    policies = {"timeout": Timeout(5), "retry": Retry(attempts, backoff=1, factor=1, jitter=0)}
    result = run(slow, [0], error=True, **policies)
    assert flaky.times == [0, 6, 12][:attempts]
    kinds = [type(failure.error.cause) for failure in result.outputs.failures]
    assert [issubclass(kind, TimeoutError) for kind in kinds] == ([True] if attempts < 3 else [])


def test_timeout_before_breaker() -> None:
    """Attempts that take too long open it as any that fail."""

    @component
    async def slow(number: int) -> int:
        await asyncio.sleep(9)
        return number

    result = run(slow, range(3), timeout=Timeout(5), breaker=Breaker(2), error=True)
    first, second, third = (type(failure.error.cause) for failure in result.outputs.failures)
    assert (first is second, issubclass(first, TimeoutError), third) == (True, True, BreakerError)


@each_loop
def test_retry_before_breaker(make_loop: Any) -> None:
    """What succeeds in the end has not failed; what does not has failed once, however often it was tried."""
    flaky = Flaky({0: 9, 1: 2, 2: 9, 3: 9})
    policies = {"retry": AT_ONCE, "breaker": Breaker(2, reset=10)}
    result = run(passing(flaky), range(5), error=True, make_loop=make_loop, **policies)
    assert flaky.numbers == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    kinds = [(failure.value, type(failure.error.cause)) for failure in result.outputs.failures]
    assert kinds == [(0, ConnectionError), (2, ConnectionError), (3, ConnectionError), (4, BreakerError)]


@each_loop
def test_open_breaker_before_rate(make_loop: Any) -> None:
    """What is refused is so at once, and does not wait for its time; nor does it take any."""
    flaky = Flaky({0: 1})

    async def numbers() -> Any:
        yield 0
        await asyncio.sleep(5)
        yield 1
        await asyncio.sleep(10)
        yield 2

    policies = {"rate": Rate(1, per=10), "breaker": Breaker(1, reset=12)}
    result = run(passing(flaky), numbers(), error=True, make_loop=make_loop, **policies)
    assert [type(failure.error.cause) for failure in result.outputs.failures] == [ConnectionError, BreakerError]
    assert flaky.asked == [(0, 0), (15, 2)]


def test_concurrency_before_open_breaker() -> None:
    """A firing is refused when it begins, which one of the same key does after the one before it."""
    flaky = Flaky({0: 1})

    @component
    async def slow(number: int) -> int:
        await asyncio.sleep(5)
        flaky.look(number)
        return number

    def tens(number: int) -> int:
        return number // 10

    result = run(slow, [0, 1, 10], breaker=Breaker(1), concurrency=Concurrency(3, key=tens), error=True)
    assert flaky.asked == [(5, 0), (5, 10)]
    assert [failure.value for failure in result.outputs.failures] == [0, 1]


@each_loop
def test_retry_before_error(make_loop: Any) -> None:
    """What succeeds in the end has not failed; what does not has failed once."""
    flaky = Flaky({0: 2, 1: 9})
    result = run(passing(flaky), [0, 1], retry=AT_ONCE, error=True, make_loop=make_loop)
    assert (result.outputs.passed, [failure.value for failure in result.outputs.failures]) == ([0], [1])


@each_loop
def test_breaker_before_error(make_loop: Any) -> None:
    """What is refused goes to `error`, as what has failed."""
    flaky = Flaky({0: 1})
    result = run(passing(flaky), [0, 1], breaker=Breaker(1), error=True, make_loop=make_loop)
    assert [type(failure.error.cause) for failure in result.outputs.failures] == [ConnectionError, BreakerError]


@each_loop
def test_error_before_dead_letters(make_loop: Any) -> None:
    """What somebody takes is no dead letter; what nobody takes is one, after the last attempt."""
    for error in True, False:
        flaky = Flaky({1: 9})
        policies = {"retry": AT_ONCE, "dead_letters": DeadLetters()}
        result = run(passing(flaky), range(3), error=error, make_loop=make_loop, **policies)
        assert (result.outcome, result.outputs.passed, flaky.numbers.count(1)) == ("finished", [0, 2], 3)
        assert [letter.attempts for letter in result.dead_letters] == ([] if error else [3])
        assert len(result.outputs.failures) == 1 if error else True


@each_loop
def test_dead_letters_before_restart_of_a_function(make_loop: Any) -> None:
    """What is put aside has not failed the function, which goes on without being begun anew."""
    flaky = Flaky({1: 9})
    result = run(passing(flaky), range(3), dead_letters=DeadLetters(), restart=SOON, make_loop=make_loop)
    assert (result.outputs.passed, result.restarts, len(result.dead_letters)) == ([0, 2], {}, 1)


@pytest.mark.parametrize("restart", [None, SOON])
def test_dead_letters_before_restart_of_a_class(restart: Restart | None) -> None:
    """What it held is put aside; then it is begun anew by its policy, else it ends, and alone."""
    graph = Graph("alone")
    node = graph.add(failing([1]), "node")
    graph.inputs.number >> node.number
    node.passed >> graph.outputs.passed
    said = {"restart": restart} if restart else {}
    policies = NodeSettings(dead_letters=DeadLetters(), **said)
    result = run_graph(graph, policies=policies, numbers=range(4))
    assert [letter.values for letter in result.dead_letters] == [{"number": 1}]
    assert (result.outcome, result.outputs.passed) == ("finished", [0, 2, 3] if restart else [0])


@each_loop
def test_error_before_restart_of_a_function(make_loop: Any) -> None:
    """Where the failure is taken the function goes on; there is nothing to begin anew."""
    flaky = Flaky({1: 9})
    result = run(passing(flaky), range(3), retry=AT_ONCE, restart=SOON, error=True, make_loop=make_loop)
    assert (result.outputs.passed, result.restarts, result.retries) == ([0, 2], {}, {"node": 2})


@pytest.mark.parametrize("restart", [None, SOON])
def test_error_before_restart_of_a_class(restart: Restart | None) -> None:
    """A Failure is sent for the packet in its hands; then it is begun anew by its policy, else it ends, and alone."""
    graph = Graph("alone")
    node = graph.add(failing([1]), "node")
    graph.inputs.number >> node.number
    node.passed >> graph.outputs.passed
    node.error >> graph.outputs.failures
    result = run_graph(graph, restart, numbers=range(4))
    assert [failure.value for failure in result.outputs.failures] == [1]
    assert (result.outcome, result.outputs.passed) == ("finished", [0, 2, 3] if restart else [0])
    assert result.restarts == ({"node": 1} if restart else {})
    assert result.unread == ({} if restart else {"inputs.number->node.number": [2, 3]})


@each_loop
def test_retry_before_restart(make_loop: Any) -> None:
    """The node is begun anew when a firing has failed for good; its packet has all attempts again."""
    flaky = Flaky({1: 5})
    result = run(passing(flaky), range(3), retry=AT_ONCE, restart=SOON, make_loop=make_loop)
    assert (result.outcome, result.outputs.passed) == ("finished", [0, 1, 2])
    assert (result.retries, result.restarts) == ({"node": 4}, {"node": 1})


@each_loop
def test_restart_before_the_net_fails(make_loop: Any) -> None:
    """After the last restart, and the last attempt then: three times three attempts."""
    flaky = Flaky({1: 99})
    result = run(passing(flaky), range(3), retry=AT_ONCE, restart=SOON, make_loop=make_loop)
    assert (result.outcome, result.held, flaky.numbers.count(1)) == ("failed", {"node.number": 1}, 9)


@pytest.mark.parametrize(("reaction", "outcome"), [("fail", "failed"), ("restart", "finished"), ("end", "finished")])
def test_react_before_restart(reaction: Any, outcome: str) -> None:
    """An orchestrator is asked when all attempts are over, and may choose otherwise than the restart says."""
    flaky, asked = Flaky({1: 4}), []

    def react(failure: Any) -> Any:
        asked.append((failure.policy, failure.error.attempts))
        return reaction

    policies = NodeSettings(retry=AT_ONCE, restart=SOON)
    graph = alone(passing(flaky))
    result = run_graph(graph, policies=policies, numbers=range(3), orchestrator=Orchestrator(react=react))
    assert (result.outcome, asked) == (outcome, [("restart", 3)])
    assert result.outputs.passed == ([0, 1, 2] if reaction == "restart" else [0])


def test_a_breaker_outlives_a_restart() -> None:
    """It is of the node, not of one of its lives: what is called is no better for being called by a new one."""
    flaky = Flaky({0: 2})
    policies = {"breaker": Breaker(2, reset=10), "restart": Restart(backoff=1, factor=1, jitter=0, most=99)}
    result = run(passing(flaky), [0, 1], **policies)
    assert (result.outputs.passed, flaky.times) == ([0, 1], [0, 1, 11, 11])
    assert result.restarts == {"node": 11}


def test_a_class_tells_of_its_failure_before_its_restart() -> None:
    """`failed` and the Failure have left when the new life begins."""
    events: list[str] = []

    class Takes(Component):
        number: In[int]
        out: Out[int]
        stateless = True

        async def run(self) -> None:
            events.append("begins")
            async for number in self.number:
                if number == 1:
                    raise ValueError(number)

    graph = Graph("alone")
    node = graph.add(Takes, "node")
    graph.inputs.number >> node.number
    node.error >> graph.outputs.failures
    node.failed >> graph.outputs.failed
    result = run_graph(graph, Restart(backoff=5, jitter=0), numbers=range(3))
    assert (len(result.outputs.failures), len(result.outputs.failed), events) == (1, 1, ["begins", "begins"])
    assert result.seconds == 5


@pytest.mark.parametrize(
    ("policies", "why"),
    [
        ({"retry": Retry(backoff=60, jitter=0)}, "it waits for attempt 2, after ConnectionError: 1"),
        ({"rate": Rate(1, per=60), "retry": AT_ONCE}, "it waits for its time, by its rate"),
        ({"breaker": Breaker(1, reset=60, meanwhile="wait"), "restart": SOON}, "its breaker is open"),
        ({"restart": Restart(backoff=60, jitter=0)}, "it waits to be begun anew"),
    ],
)
def test_what_a_net_waits_for_is_said(policies: Any, why: str) -> None:
    """Whoever looks at a net that is held up reads which policy does that, and no line of this package."""
    flaky, seen = Flaky({1: 1}), []

    @component
    async def looks(text: str) -> None:
        for _ in range(10):
            await asyncio.sleep(0.5)
            seen.extend(str(found) for found, _ in find_outstanding(nets[0]))

    class Keeps(Orchestrator):
        async def run(self, net: Any) -> Any:
            nets.append(net)
            return await super().run(net)

    nets: list[Any] = []
    graph = alone(passing(flaky))
    graph.inputs.text >> graph.add(looks).text
    runtime = BatchRuntime(graph, settings=NetSettings(nodes={"node": NodeSettings(**policies)}), orchestrator=Keeps())
    inputs = {"number": Each([0, 1]), "text": "x"}
    assert run_on(SteppedLoop, lambda: runtime.arun(inputs=inputs)).outcome == "finished"
    assert f"node: a timer, due in 59 s: {why}" in seen

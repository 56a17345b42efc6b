"""Options of components in a net that is stepped: rounds and first runs are steps like others, and can be kept."""

from pathlib import Path

import pytest

from fbcore import Component, Each, FSMRuntime, Graph, In, Memory, Message, Out, component


class Shout(Component):
    """Sends one packet louder, in each round."""

    text: In[str]
    loud: Out[str]
    rounds: Memory[int] = Memory(0)
    loop = True

    async def run(self) -> None:
        text = await self.text.receive()
        self.rounds.value += 1
        await self.loud.send(f"{self.rounds.value} {text.upper()}")


class Ticks(Component):
    tick: Message
    stateless = True

    async def run(self) -> None:
        await self.tick.send()
        await self.tick.send()


@component
def one() -> int:
    return 1


def graph() -> Graph:
    """Return a net with rounds, and a node that runs at its start and twice more."""
    made = Graph("rounds")
    shout, node = made.add(Shout), made.add(one, options={"execute_after_start": True})
    made.inputs.text >> shout.text
    shout.loud >> made.outputs.loud
    made.add(Ticks).tick >> node.execute
    node.out >> made.outputs.ones
    return made


ENDED = (["1 A", "2 B", "3 C"], [1, 1, 1])


@pytest.mark.slow
def test_every_state_of_rounds_can_be_kept(tmp_path: Path) -> None:
    """Wherever it is written down, the net ends as it would have, and taking a step back changes nothing."""
    net = graph()
    inputs = {"text": Each(["a", "b", "c"])}
    with FSMRuntime(net).start(inputs=inputs) as fsm:
        count = len(list(fsm.steps()))
    for number in range(count):
        with FSMRuntime(net).start(inputs=inputs) as fsm:
            for _ in range(number):
                fsm.step()
            fsm.snapshot(tmp_path / "net.json")
            if number:
                fsm.undo()
            outputs = fsm.run().outputs
            assert (outputs.loud, outputs.ones) == ENDED
        with FSMRuntime(net).restore(tmp_path / "net.json") as again:
            outputs = again.run().outputs
            assert (outputs.loud, outputs.ones) == ENDED
    assert count > 10

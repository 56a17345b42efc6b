"""In which state is a TCP connection? The machine of RFC 9293 as its server goes through it, on recorded segments.

python examples/connection/connection.py
fbdev draw examples/connection/connection.py -o connection.svg
"""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import ClassVar, NamedTuple

from fbcore import Component, Config, FSMRuntime, Graph, In, Out

SEGMENTS = Path(__file__).with_name("segments.csv")
"""What a web server on the loopback received and sent, recorded from a raw socket: six connections."""

# -- the data ------------------------------------------------------------------------------------------


class Segment(NamedTuple):
    """A TCP segment: when, which way it went as the server sees it, its flags, and its place in the stream."""

    seconds: float
    way: str
    flags: str
    seq: int
    ack: int


class Connection(NamedTuple):
    """The token: a connection with the segments still to come, the time, and the number behind the server's FIN."""

    peer: int
    segments: tuple[Segment, ...]
    seconds: float
    fin: int = -1


def connections(path: Path) -> Iterator[Connection]:
    """Read the connections of a recording, in order of their first segment."""
    with path.open(newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: (int(row["peer"]), float(row["seconds"])))
    for peer, own in groupby(rows, key=lambda row: int(row["peer"])):
        segments = [
            Segment(float(row["seconds"]), row["way"], row["flags"], int(row["seq"]), int(row["ack"])) for row in own
        ]
        yield Connection(peer, tuple(segments), segments[0].seconds)


# -- the states ----------------------------------------------------------------------------------------


class State(Component):
    """A state of a connection: it reads segments until one of its rules leads to another state.

    A rule is a way and a flag, and the output that the connection leaves by. With the flag `ack of fin` it wants an
    acknowledgement of the server's own FIN. `cut` is where the recording ends before any rule applies.
    """

    rules: ClassVar[dict[tuple[str, str], str]] = {}
    stateless = True

    connection: In[Connection]
    cut: Out[Connection]

    async def run(self) -> None:
        async for connection in self.connection:
            leaving, port = self.next(connection)
            await port.send(leaving)

    def next(self, connection: Connection) -> tuple[Connection, Out[Connection]]:
        """Return the connection after the segment that leads out of this state, and the way out."""
        for number, segment in enumerate(connection.segments):
            fin = segment.seq + 1 if segment.way == "out" and "F" in segment.flags else connection.fin
            connection = connection._replace(seconds=segment.seconds, fin=fin)
            for rule, port in self.rules.items():
                if _fits(segment, rule, connection.fin):
                    rest = connection.segments[number + 1 :]
                    return connection._replace(segments=rest), getattr(self, port)
        return connection._replace(segments=()), self.cut


def _fits(segment: Segment, rule: tuple[str, str], fin: int) -> bool:
    way, flag = rule
    if segment.way != way:
        return False
    return segment.ack == fin if flag == "ack of fin" else flag in segment.flags


class Listen(State):
    """The server waits for somebody."""

    rules: ClassVar = {("in", "S"): "syn"}
    syn: Out[Connection]


class SynReceived(State):
    """The server has been called, and answers; or refuses, when nobody listens."""

    rules: ClassVar = {("out", "R"): "refused", ("in", "R"): "reset", ("in", "A"): "ack"}
    ack: Out[Connection]
    reset: Out[Connection]
    refused: Out[Connection]


class Established(State):
    """Both sides may send."""

    rules: ClassVar = {("in", "R"): "reset", ("in", "F"): "fin_received", ("out", "F"): "fin_sent"}
    fin_received: Out[Connection]
    fin_sent: Out[Connection]
    reset: Out[Connection]


class CloseWait(State):
    """The other side has said all; the server has not."""

    rules: ClassVar = {("in", "R"): "reset", ("out", "F"): "fin_sent"}
    fin_sent: Out[Connection]
    reset: Out[Connection]


class LastAck(State):
    """Both sides have said all, and the server waits to hear that it was heard."""

    rules: ClassVar = {("in", "R"): "reset", ("in", "ack of fin"): "ack"}
    ack: Out[Connection]
    reset: Out[Connection]


class FinWait1(State):
    """The server has said all, and was not heard yet. That both say it at once is left out."""

    rules: ClassVar = {("in", "R"): "reset", ("in", "ack of fin"): "ack"}
    ack: Out[Connection]
    reset: Out[Connection]


class FinWait2(State):
    """The server was heard to have said all; the other side has not."""

    rules: ClassVar = {("in", "R"): "reset", ("in", "F"): "fin_received"}
    fin_received: Out[Connection]
    reset: Out[Connection]


class TimeWait(Component):
    """Nothing is left to say; the server waits until no stray segment of this connection can be on its way."""

    connection: In[Connection]
    seconds: Config[float] = Config(default=60.0)
    timeout: Out[Connection]
    stateless = True

    async def run(self) -> None:
        async for connection in self.connection:
            await asyncio.sleep(self.seconds.value)
            await self.timeout.send(connection._replace(seconds=connection.seconds + self.seconds.value))


# -- the machine ---------------------------------------------------------------------------------------

graph = Graph("connection", token=True)
listen = graph.add(Listen)
syn_received = graph.add(SynReceived)
established = graph.add(Established)
close_wait = graph.add(CloseWait)
last_ack = graph.add(LastAck)
fin_wait_1 = graph.add(FinWait1, "fin_wait_1")
fin_wait_2 = graph.add(FinWait2, "fin_wait_2")
time_wait = graph.add(TimeWait)

graph.inputs.recorded >> listen.connection
listen.syn >> syn_received.connection
syn_received.ack >> established.connection
established.fin_received >> close_wait.connection
close_wait.fin_sent >> last_ack.connection
established.fin_sent >> fin_wait_1.connection
fin_wait_1.ack >> fin_wait_2.connection
fin_wait_2.fin_received >> time_wait.connection
last_ack.ack >> graph.outputs.closed
time_wait.timeout >> graph.outputs.closed
syn_received.refused >> graph.outputs.refused
for state in (syn_received, established, close_wait, last_ack, fin_wait_1, fin_wait_2):
    state.reset >> graph.outputs.reset
for state in (listen, syn_received, established, close_wait, last_ack, fin_wait_1, fin_wait_2):
    state.cut >> graph.outputs.cut


def states_of(connection: Connection) -> Iterator[tuple[float, str]]:
    """Yield the states that a connection goes through, with the time when it came there, and how it ended."""
    with FSMRuntime(graph).start(inputs={"recorded": connection}) as fsm:
        active = None
        for _ in fsm.steps():
            if fsm.active not in (active, None):
                active = fsm.active
                assert fsm.token is not None
                assert active is not None
                yield fsm.token.value.seconds, active
        assert fsm.result is not None
        for name in fsm.result.outputs:
            yield from ((end.seconds, name) for end in fsm.result.outputs[name])


def main() -> None:
    """Print the life of each recorded connection."""
    for connection in connections(SEGMENTS):
        print(f"from port {connection.peer}")
        for seconds, state in states_of(connection):
            print(f"  {seconds:10.6f} s  {state}")


if __name__ == "__main__":
    main()

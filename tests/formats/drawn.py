"""Nets to be drawn: one plain, one with everything that a drawing shows, and chains."""

from fbcore import (
    Component,
    CompositeComponent,
    Config,
    Failure,
    Graph,
    In,
    InArray,
    Message,
    Out,
    OutArray,
    Signal,
    component,
)


class Source(Component):
    """Send numbers."""

    count: Config[int]
    numbers: Out[int]
    done: Message

    async def run(self) -> None:
        """Send them."""


@component
def double(value: int, factor: float = 2.0) -> float:
    return factor * value


class Sink(Component):
    """Take what comes."""

    value: In[object]
    go: Signal

    async def run(self) -> None:
        """Take them."""


class Deal(Component):
    """Deal numbers out."""

    numbers: InArray[float]
    hands: OutArray[float]

    async def run(self) -> None:
        """Deal them."""


class Failures(Component):
    failure: In[Failure]

    async def run(self) -> None:
        """Take them."""


class Pair(CompositeComponent):
    """Two nodes as one."""

    count: Config[int]
    halt: Signal
    doubled: Out[float]

    def build(self, graph: Graph) -> None:
        source, twice = graph.add(Source), graph.add(double)
        graph.configs.count >> source.count
        graph.inputs.halt >> source.stop
        source.numbers >> twice.value
        twice.out >> graph.outputs.doubled


class Nest(CompositeComponent):
    """A composite in another."""

    doubled: Out[float]

    def build(self, graph: Graph) -> None:
        graph.add(Pair, "inner", count=3).doubled >> graph.outputs.doubled
        graph.inputs.halt >> graph["inner"].halt


def plain() -> Graph:
    """A net with each kind of border, two nodes of one component, and edges of three capacities."""
    graph = Graph("plain")
    source = graph.add(Source)
    graph.configs.count >> source.count
    source.numbers >> graph.add(double).value
    graph.connect(graph["double"].error, graph.add(Sink, "again").value, capacity=1)
    graph.connect(graph.inputs.extra, graph["again"].value, capacity=None, copy=True)
    graph["double"].out >> graph.outputs.result
    return graph


def nested() -> Graph:
    """A net with a composite in another, which failures and signals lead to and from."""
    graph = Graph("nested")
    nest, failures = graph.add(Nest), graph.add(Failures, "log")
    nest.doubled >> graph.outputs.result
    nest.error >> failures.failure
    failures.stopped >> nest.stop
    return graph


def arrays() -> Graph:
    """A net with array ports, signals, messages, initial packets, and an output that feeds a config."""
    graph = Graph("arrays")
    source, deal, twice, sink = graph.add(Source), graph.add(Deal), graph.add(double), graph.add(Sink)
    graph.initial(7) >> source.count
    graph.initial('a "b"\n' * 30) >> sink.value
    source.numbers >> deal.numbers[0]
    graph.inputs.more[0] >> deal.numbers["left"]
    deal.hands[0] >> twice.factor
    deal.hands[1] >> twice.value
    twice.out >> deal.numbers[2]
    source.done >> sink.go
    twice.started >> sink.execute
    return graph


def chain(length: int) -> Graph:
    """A net of so many nodes, each feeding the next."""
    graph = Graph("chain")
    for number in range(length):
        graph.add(double, f"double_{number}")
    for number in range(1, length):
        graph[f"double_{number - 1}"].out >> graph[f"double_{number}"].value
    return graph

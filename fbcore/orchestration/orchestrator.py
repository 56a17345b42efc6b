"""The orchestrator: builds a net from a graph and settings, starts it, and decides what happens when a node fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from fbcore.errors import GraphError, SettingsError, shown
from fbcore.model.cycle import cycle_in
from fbcore.model.flat import flatten
from fbcore.model.graph import Graph, NodeSpec
from fbcore.model.log import level_number
from fbcore.net.build import build_net
from fbcore.net.edge import Edge
from fbcore.net.firing import Firing
from fbcore.net.net import Net
from fbcore.net.node import Node
from fbcore.net.observe import Observer
from fbcore.net.options import NetOptions
from fbcore.net.report import Result
from fbcore.net.wiring import EdgePlan, Wiring
from fbcore.orchestration.concurrency import ConcurrentFiring, ConcurrentNode, concurrency_of
from fbcore.orchestration.decision import asked, check_decision
from fbcore.orchestration.ending import OneByOne
from fbcore.orchestration.feeding import Feed
from fbcore.orchestration.firings import firing_by
from fbcore.orchestration.fitting import check_fit
from fbcore.orchestration.fitting_edges import policies_said
from fbcore.orchestration.placement import Job, Placement, placement_of
from fbcore.orchestration.plan import NodePlan
from fbcore.orchestration.policy import Timeout
from fbcore.orchestration.settings import NetSettings
from fbcore.orchestration.supervised import NodeFailure, Reaction, SupervisedNode

Place = Callable[[NodePlan], Placement]
MakeEdge = Callable[[EdgePlan], Edge]
React = Callable[[NodeFailure], Reaction]


class Orchestrator:
    """Builds nets from graphs and settings, starts them, and decides for them; one serves any number of nets.

    Three decisions are its own. A function may be given for any of them, or a method of the same name in a class that
    is derived from this one:

    - `place(node)`: where a node does its work, a `Placement`; by default as its settings say, `node.settings.place`;
    - `edge(plan)`: makes an edge, by default `plan.make()`; the plan has its address, and a capacity, a check
      and policies that may be changed before;
    - `react(failure)`: what is to happen when a node has failed and nothing takes its failures: `"fail"` the net,
      `"restart"` the node, or `"end"` it alone, with its error in the result. By default what its policies say,
      `failure.policy`.

    Example:
        @component
        def parse(text: str) -> int:
            return int(text)

        @component
        def shout(text: str) -> str:
            return text.upper()

        graph = Graph("tolerant")
        for node in graph.add(parse), graph.add(shout):
            graph.inputs.text >> node.text
        graph["parse"].out >> graph.outputs.numbers
        graph["shout"].out >> graph.outputs.loud

        def react(failure):
            return "end" if failure.address == "parse" else failure.policy

        runtime = BatchRuntime(graph, orchestrator=Orchestrator(react=react))
        result = runtime.run(inputs={"text": Each(["1", "two", "3"])})
        print(result.outcome, result.outputs.numbers, result.outputs.loud, result.errors[0].address)
        #> finished [1] ['1', 'TWO', '3'] parse
    """

    # Here, for a class that is derived may do without `super().__init__()`.
    _given: Mapping[str, Callable[[Any], Any]] = MappingProxyType({})

    def __init__(self, *, place: Place | None = None, edge: MakeEdge | None = None, react: React | None = None) -> None:
        given = {"place": place, "edge": edge, "react": react}
        self._given = {name: decide for name, decide in given.items() if decide is not None}
        for name, decide in self._given.items():
            check_decision(name, decide)

    def _decision(self, name: str) -> Callable[[Any], Any]:
        """Return who decides: the function that was given, or else the method."""
        decide: Callable[[Any], Any] = self._given.get(name) or getattr(self, name)
        return decide

    @property
    def _reacts(self) -> bool:
        return "react" in self._given or type(self).react is not Orchestrator.react

    # -- decisions ---------------------------------------------------------------------------------

    def place(self, node: NodePlan) -> Placement:
        """Say where a node does its work."""
        return placement_of(node.settings.place)

    def edge(self, plan: EdgePlan) -> Edge:
        """Make an edge."""
        return plan.make()

    def react(self, failure: NodeFailure) -> Reaction:
        """Say what is to happen, now that a node has failed and nothing takes its failures."""
        return failure.policy

    # -- a net -------------------------------------------------------------------------------------

    def check(self, graph: Graph, settings: NetSettings) -> None:
        """Refuse what this orchestrator does not run, before anything of it is built.

        Raises:
            SettingsError: the settings do not fit the graph.
            GraphError: the graph is not one that this orchestrator runs.
        """
        check_fit(settings, graph)

    def build(
        self,
        graph: Graph,
        settings: NetSettings,
        inputs: Mapping[str, Any] | None = None,
        configs: Mapping[str, Any] | None = None,
        observers: Iterable[Observer] = (),
        *,
        options: NetOptions | None = None,
        streamed: bool = False,
        feed: Feed | None = None,
    ) -> Net:
        """Make a net of a graph, as the settings say; `streamed` is for who reads its outputs as they come.

        `feed` are dead letters that are fed back.

        Raises:
            GraphError, SettingsError: the graph or the settings cannot be, or not with each other.
            ConfigError, InputError: a value is missing, unknown, or does not fit its type.
        """
        wiring = _Managed(self, settings, feed)
        options = options or settings.options()
        net = build_net(graph, inputs, configs, observers, options, streamed=streamed, wiring=wiring)
        level = settings.origin("", "log_level").value
        net.log.of_net.level = None if level is None else level_number(level)
        if feed is not None:
            feed.lay(net)
        return net

    async def run(self, net: Net) -> Result:
        """Start a net, be there while it runs, and return how it ended."""
        return await net.run()


class DagOrchestrator(Orchestrator):
    """Runs graphs without cycles, and refuses others; the error names the cycle.

    Signals, messages, errors and configs count as other edges do.

    Example:
        @component
        def halve(number: int) -> int:
            return number // 2

        graph = Graph("halving")
        node = graph.add(halve)
        graph.inputs.number >> node.number
        node.out >> node.number
        try:
            BatchRuntime(graph, orchestrator=DagOrchestrator()).run(inputs={"number": 8})
        except GraphError as error:
            print(error)
            #> halving: there is a cycle: halve.out->halve.number
            #>   hint: take one of its edges away, or run it with another orchestrator
    """

    def check(self, graph: Graph, settings: NetSettings) -> None:
        """Refuse settings that do not fit, and a graph with a cycle."""
        super().check(graph, settings)
        cycle = cycle_in(flatten(graph).edges)
        if cycle:
            named = ", ".join(edge.address for edge in cycle)
            hint = "take one of its edges away, or run it with another orchestrator"
            raise GraphError(f"there is a cycle: {named}", graph.name, hint)


def orchestrator_of(given: Any) -> Orchestrator:
    """Return the orchestrator that was given, or one of its own accord for None.

    Raises:
        SettingsError: it is none.
    """
    if given is None:
        return Orchestrator()
    if isinstance(given, Orchestrator):
        return given
    hint = f"give one of them: {given.__name__}()" if isinstance(given, type) else "give an Orchestrator(...)"
    raise SettingsError(f"{shown(given)} is no orchestrator", "orchestrator", hint)


class _Managed(Wiring):
    """Makes the parts of one net, by what an orchestrator decides and settings say."""

    def __init__(self, orchestrator: Orchestrator, settings: NetSettings, feed: Feed | None) -> None:
        self._by = orchestrator
        self._settings = settings
        self._feed = feed
        self._general = settings.of("")
        self._place = orchestrator._decision("place")
        self._edge = orchestrator._decision("edge")
        self._react = orchestrator._decision("react") if orchestrator._reacts else None
        # Most nets have settings of the whole net alone.
        self._is_same = not settings.nodes and not settings.subnets
        self._plans: dict[str, NodePlan] = {}

    def check(self, graph: Graph) -> None:
        """Refuse what the orchestrator does not run."""
        self._by.check(graph, self._settings)

    def make_node(self, net: Net, address: str, spec: NodeSpec) -> Node:
        """Make a node, of the kind that its policies need."""
        settings = self._general if self._is_same else self._settings.of(address)
        self._plans[address] = NodePlan(address, spec.component.target, settings)
        if settings.log_level is not None or settings.stdout == "log":
            level = None if settings.log_level is None else level_number(settings.log_level)
            net.log.set(address, level=level, captures=settings.stdout == "log")
        react = self._react
        feed = self._feed if self._feed is not None and self._feed.feeds(address) else None
        policies = settings.restart, settings.end, react, settings.dead_letters, feed
        concurrency = concurrency_of(spec.component.target, settings)
        if concurrency is not None:
            return ConcurrentNode(net, address, spec.component.label, concurrency, *policies)
        is_plain = settings.restart.when == "never" and settings.end is None and settings.dead_letters is None
        if react is None and is_plain and feed is None:
            return super().make_node(net, address, spec)
        return SupervisedNode(net, address, spec.component.label, *policies)

    def make_edge(self, plan: EdgePlan) -> Edge:
        """Make an edge as the settings of the node say that it leads to, unless the graph says it."""
        taker = self._plans.get(plan.taker)
        settings = taker.settings if taker is not None else self._general
        if "capacity" not in plan.said:
            plan.capacity = None if settings.capacity == "unbounded" else settings.capacity
        plan.check = None if settings.check == "nothing" else settings.check
        if self._settings.edges:
            self._say_of(plan)
        edge = asked("edge", self._edge, plan, plan.address)
        if not isinstance(edge, Edge) or edge.address != plan.address:
            raise SettingsError(f"`edge` returned {shown(edge)}", plan.address, "return plan.make()")
        return edge

    def _say_of(self, plan: EdgePlan) -> None:
        """Take into a plan what is said of its edge, unless the graph says it."""
        settings = self._settings.of_edge(plan.address)
        if "capacity" not in plan.said:
            plan.capacity = None if settings.capacity == "unbounded" else settings.capacity
        plan.check = None if settings.check == "nothing" else settings.check
        plan.policies |= policies_said(self._settings, plan.address, plan.policies)

    def give_work(self, node: Node, spec: NodeSpec) -> None:
        """Give a node its work, and put that where it is to be done."""
        settings = self._plans[node.address].settings
        one_by_one = settings.end is not None and settings.end.after is not None
        is_fed = isinstance(node, SupervisedNode) and node.feed is not None
        firing = firing_by(settings, is_fed=is_fed)
        if isinstance(node, ConcurrentNode):
            firing = partial(ConcurrentFiring, settings=settings)
        timeout = settings.timeout if isinstance(settings.timeout, Timeout) else None
        job = Job(node, spec, firing or (OneByOne if one_by_one else Firing), timeout)
        placement = asked("place", self._place, self._plans[node.address], node.address)
        if not hasattr(placement, "put"):
            hint = "return a placement, as HERE or THREAD of fbcore.orchestration.placement"
            raise SettingsError(f"`place` returned {shown(placement)}", node.address, hint)
        node.work = placement.put(job)

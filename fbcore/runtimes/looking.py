"""What there is to see of a net that is stepped, besides its state: where its token is, and the states it came to."""

from __future__ import annotations

from typing import Any

from fbcore.errors import StepError
from fbcore.formats.machine_chart import machine_chart
from fbcore.formats.state_chart import StateChart
from fbcore.model.graph import Graph
from fbcore.model.packet import Packet
from fbcore.runtimes.token import Token
from fbcore.runtimes.visited import Visited


class Looking:
    """The part of `FSMRuntime` that shows state machines and visited states.

    `_token` follows the token of a state machine, from when it was started; `_visited` is where states are noted.
    """

    graph: Graph
    choices: list[str]
    _token: Token | None = None
    _visited: Visited | None = None

    @property
    def active(self) -> str | None:
        """The state that a state machine is in: the node that has the token, or at whose input it lies.

        None before the token came, and when it has left by an output of the graph.

        Raises:
            StepError: the graph is no state machine.
        """
        return self._machine.state

    @property
    def token(self) -> Packet[Any] | None:
        """The token of a state machine, wherever it is; None before it came.

        Raises:
            StepError: the graph is no state machine.
        """
        return self._machine.packet

    def diagram(self) -> StateChart:
        """Return the states and transitions of a state machine to be drawn, with the active state marked.

        It shows itself in a notebook; `to_mermaid`, `to_dot` and `to_svg` write it as text.

        Raises:
            StepError: the graph is no state machine.

        Example:
            @component
            def closed(knocks: int) -> int:
                return knocks + 1

            door = Graph("door", token=True)
            door.inputs.knocks >> door.add(closed).knocks
            door["closed"].out >> door.outputs.opened
            with FSMRuntime(door).start(inputs={"knocks": 2}) as fsm:
                fsm.run_until(port="closed.knocks")
                print(fsm.active, fsm.token.value)
                print(fsm.diagram().to_mermaid().splitlines()[-1].strip())
            #> closed 2
            #> class s0 active
        """
        return machine_chart(self.graph, self._machine.state or "")

    @property
    def _machine(self) -> Token:
        if self._token is not None:
            return self._token
        if self.graph.token:
            raise StepError("no net was started", self.graph.name, "call `start(inputs=..., **configs)` first")
        hint = f'declare it as one: Graph("{self.graph.name}", token=True)'
        raise StepError("this graph is no state machine", self.graph.name, hint)

    @property
    def visited(self) -> Visited:
        """The states that the net has come to in this session, steps that were taken back included.

        Raises:
            StepError: the runtime was not made with `visited=True`.
        """
        if self._visited is None:
            hint = "it costs time at every step, so ask for it: FSMRuntime(graph, visited=True)"
            raise StepError("the states that were visited were not noted", self.graph.name, hint)
        return self._visited

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        if self._token is not None:
            return {**self.diagram()._repr_mimebundle_(), "text/plain": repr(self)}
        shown = self._visited._repr_mimebundle_() if self._visited else {}
        return {**shown, "text/plain": repr(self)}

    def __repr__(self) -> str:
        where = f", in {self.active or 'no state'}" if self._token is not None else ""
        return f"<{type(self).__name__} of {self.graph.name}: {len(self.choices)} steps made{where}>"

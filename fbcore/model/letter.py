"""Dead letters: packets that nobody could process, with what is to be known to mend that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fbcore.errors import NodeError, shown


class DeadLetter:
    """The packets of one firing that could not be done, or what a class held when it failed.

    - `node`: the address of the node, and `values`: its packets, by port;
    - `error`: what went wrong, a `NodeError` with the traceback as text;
    - `time`: when, in seconds since 1970 (on a stepped loop, whose time is virtual, since the run began);
    - `attempts`: how often the firing was tried, and `times`: how often it has come to the dead letters, which counts
      up when it is fed back and fails again;
    - `net`: the name of the graph, and `id`: its own name among the letters of one place.

    Example:
        @component
        def parse(text: str) -> int:
            return int(text)

        settings = NetSettings(dead_letters=DeadLetters())
        result = BatchRuntime(parse, settings=settings).run(inputs={"text": Each(["1", "two", "3"])})
        (letter,) = result.dead_letters
        print(result.outcome, result.outputs.out, letter.node, letter.values, letter.error.what)
        #> finished [1, 3] parse {'text': 'two'} ValueError: invalid literal for int() with base 10: 'two' (net.py:3)
    """

    __slots__ = ("error", "id", "net", "node", "time", "times", "values")

    def __init__(
        self,
        node: str,
        values: Mapping[str, Any],
        error: NodeError,
        *,
        id: str = "",
        net: str = "",
        time: float = 0.0,
        times: int = 1,
    ) -> None:
        self.node = node
        self.values = dict(values)
        self.error = error
        self.id = id
        self.net = net
        self.time = time
        self.times = times

    @property
    def attempts(self) -> int:
        """How often the firing was tried, before it was given up."""
        return self.error.attempts

    def __repr__(self) -> str:
        return f"DeadLetter({self.node!r}, {shown(self.values)}, {self.error.what!r})"

"""What can go wrong: one root, a subclass for each thing a caller would handle differently."""

from __future__ import annotations

import os
import reprlib
import sys
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any

_short = reprlib.Repr()
_short.maxstring = _short.maxother = 60


def shown(value: object) -> str:
    """Write a value as an error or report shows it: its `repr`, but short, however large the value is."""
    return _short.repr(value)


class FlowError(Exception):
    """Root of every error of this package: what happened, at which address, and how to mend it.

    `address` is where in the net (`node`, `node.port`, `a.out->b.in`), or "" when it is nowhere in a net;
    `hint` says how to mend it, or is "".

    Example:
        try:
            Graph("weather report")
        except FlowError as error:
            print(type(error).__name__, error.what, error.hint, sep="; ")
            #> GraphError; 'weather report' cannot be the name of a graph; use letters, digits and _
    """

    def __init__(self, what: str, address: str = "", hint: str = "") -> None:
        super().__init__(what, address, hint)
        self.what = what
        self.address = address
        self.hint = hint

    def __str__(self) -> str:
        where = f"{self.address}: " if self.address else ""
        mend = f"\n  hint: {self.hint}" if self.hint else ""
        return f"{where}{self.what}{mend}"

    def _render_traceback_(self) -> list[str]:
        """Return what a notebook shows of this error: the user's lines, without those inside this package."""
        # IPython is who asks, so it is there.
        shell: Any = sys.modules["IPython"].get_ipython()
        lines: list[str] = shell.InteractiveTB.structured_traceback(type(self), self, _before_us(self.__traceback__))
        return lines


def _before_us(trace: TracebackType | None) -> TracebackType | None:
    """Return a traceback as far as it leads into this package."""
    if trace is None or trace.tb_frame.f_code.co_filename.startswith(_PACKAGE):
        return None
    return TracebackType(_before_us(trace.tb_next), trace.tb_frame, trace.tb_lasti, trace.tb_lineno)


class GraphError(FlowError):
    """A graph was declared wrongly; `problems` holds all that was found, not only the first.

    Example:
        @component
        def add(left: int, right: int) -> int:
            return left + right

        graph = Graph("half")
        graph.inputs.left >> graph.add(add).left
        graph["add"].out >> graph.outputs.sums
        try:
            graph.validate()
        except GraphError as error:
            print(error)
            #> graph half cannot run: 1 problem
            #> - error: add.right: nothing is connected to this input (net.py:6)
            #>     hint: connect it: `some.out >> add.right` or `graph.inputs.right >> add.right`
    """

    def __init__(self, what: str, address: str = "", hint: str = "", problems: Sequence[object] = ()) -> None:
        super().__init__(what, address, hint)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n".join([super().__str__(), *(f"- {problem}" for problem in self.problems)])


class PortError(FlowError):
    """A port was used in a way that it does not allow: wrong direction, unknown name, no running node.

    Example:
        @component
        def shout(text: str) -> str:
            return text.upper()

        graph = Graph("loud")
        try:
            graph.inputs.text >> graph.add(shout).line
        except PortError as error:
            print(error)
            #> shout: the node has no port 'line'
            #>   hint: its ports are: text, out
    """


class ConfigError(FlowError):
    """The value of a config is missing, unknown, or does not fit its type.

    Example:
        @component
        def repeat(text: str, times: int = 2) -> str:
            return text * times

        try:
            BatchRuntime(repeat).run(inputs={"text": "la"}, times="often")
        except ConfigError as error:
            print(error)
            #> configs.times: 'often' is no int: input should be a valid integer, unable to parse string as an integer
            #>   hint: give a value of type int
    """


class InputError(FlowError):
    """A value given to an input of the net is missing, unknown, or does not fit its type.

    Example:
        @component
        def double(number: int) -> int:
            return 2 * number

        try:
            BatchRuntime(double).run(inputs={"number": "seven"})
        except InputError as error:
            print(error)
            #> inputs.number: 'seven' is no int: input should be a valid integer
            #>   hint: give a value of type int
    """


class SettingsError(FlowError, ValueError):
    """A setting is unknown, has a value that it cannot have, or is about nothing in the net; `problems` holds them all.

    Example:
        try:
            NetSettings(time_limit=-1)
        except SettingsError as error:
            print(error)
            #> time_limit: it cannot be -1
            #>   hint: give a number of seconds
    """

    def __init__(self, what: str, address: str = "", hint: str = "", problems: Sequence[object] = ()) -> None:
        super().__init__(what, address, hint)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n".join([super().__str__(), *(f"- {problem}" for problem in self.problems)])


class LoadError(FlowError):
    """A file could not be read as a net: missing, not Python, no graph in it, or several.

    Example:
        from fbcore.formats.python_file import load_graph

        try:
            load_graph("nowhere.py")
        except LoadError as error:
            print(error.address, error.what, sep=": ")
            #> nowhere.py: there is no such file
    """


class DataError(FlowError):
    """A value cannot be stored as data, or data cannot be read as what it is to be: a memory, a graph, a snapshot.

    The address leads to the very part of it.

    Example:
        from fbcore.formats.typed_json import from_data, to_data

        try:
            to_data({"rows": [1, open]}, "count.seen")
        except DataError as error:
            print(error.address, error.what, sep=": ")
            #> count.seen['rows'][1]: <built-in function open> is a builtin_function_or_method, which cannot be stored
        try:
            from_data({"$type": "datetime.date", "$value": "tomorrow"})
        except DataError as error:
            print(error.what)
            #> 'tomorrow' is no datetime.date
    """


class LoopError(FlowError):
    """A stepped loop was asked for something that it cannot do, or would have waited for ever.

    Example:
        import asyncio

        async def read() -> None:
            await asyncio.to_thread(input)

        with asyncio.Runner(loop_factory=SteppedLoop) as runner:
            try:
                runner.run(read())
            except LoopError as error:
                print(error.what)
                #> a stepped loop cannot wait for a thread
    """


class StepError(FlowError):
    """A net that is stepped cannot do what was asked: no such step is enabled, or a recorded one fits no more.

    Example:
        @component
        def double(number: int) -> int:
            return 2 * number

        with FSMRuntime(double).start(inputs={"number": 21}) as fsm:
            try:
                fsm.step("triple")
            except StepError as error:
                print(error.what)
        #> 'triple' is not enabled
    """


class SnapshotError(FlowError):
    """A net cannot be written down as it is, or a snapshot cannot be restored; nothing has changed then.

    Example:
        class Total(Component):
            number: In[int]
            total: Out[int]

            async def run(self) -> None:
                total = 0
                async for number in self.number:
                    total += number
                await self.total.send(total)

        with FSMRuntime(Total).start(inputs={"number": Each([1, 2])}) as fsm:
            fsm.run_until(node="total_", port="total_.number")
            try:
                fsm.snapshot("total.json")
            except SnapshotError as error:
                print(error.what)
        #> total_ keeps what it has received in variables of its own
    """


class ExtraError(FlowError):
    """An optional part is not installed; the hint names the extra that brings it.

    Example:
        print(ExtraError("SVG and PNG need Graphviz, which is not installed", hint="pip install 'fbdev[draw]'"))
        #> SVG and PNG need Graphviz, which is not installed
        #>   hint: pip install 'fbdev[draw]'
    """


class ProcessError(FlowError):
    """A process that did the work of a node failed: its exit code, and the last lines it wrote to standard error.

    `code` is negative when a signal ended the process: -9 for signal 9.

    Example:
        from pathlib import Path

        Path("fail.py").write_text('''
        # /// fbcore
        # [outputs]
        # line = "str"
        # ///
        import sys
        sys.exit("the disk is full")
        ''')
        result = BatchRuntime(PyFile("fail.py", process=True)).run(raises=False)
        error = result.errors[0].cause
        assert isinstance(error, ProcessError)
        print(error.code, error.stderr)
        #> 1 the disk is full
    """

    def __init__(self, what: str, address: str = "", hint: str = "", code: int = 1, stderr: str = "") -> None:
        super().__init__(what, address, hint)
        self.code = code
        self.stderr = stderr

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.what, self.address, self.hint, self.code, self.stderr))


class NodeError(FlowError):
    """A node failed: its address, the packets it held, and the traceback as text.

    `held` maps the name of each port to the value that the node had taken from it and not yet done with.
    `cause` is the exception itself; `traceback` says the same as text, so that it survives a trip
    from another process (pickling drops `cause`). `attempts` is how often the firing was tried.

    Example:
        @component
        def parse(text: str) -> int:
            return int(text)

        result = BatchRuntime(parse).run(inputs={"text": "two"}, raises=False)
        (error,) = result.errors
        assert isinstance(error, NodeError) and isinstance(error.cause, ValueError)
        print(error.address, error.held)
        #> parse {'text': 'two'}
    """

    def __init__(
        self,
        what: str,
        address: str = "",
        hint: str = "",
        held: Mapping[str, Any] | None = None,
        traceback: str = "",
    ) -> None:
        super().__init__(what, address, hint)
        self.held = dict(held or {})
        self.cause: BaseException | None = None
        self.attempts = 1
        self._traceback = traceback

    @property
    def traceback(self) -> str:
        """The traceback as text, of the frames that are the user's; written when it is first asked for."""
        if not self._traceback and self.cause is not None:
            # Loaded here, for what writes errors down knows them.
            from fbcore.trace_text import trace_text

            self._traceback = trace_text(self.cause)
        return self._traceback

    def __reduce__(self) -> tuple[Any, ...]:
        given = (self.what, self.address, self.hint, self.held, self.traceback)
        return (type(self), given, {"attempts": self.attempts})


_PACKAGE = __file__.rpartition("errors")[0]
_COMPONENTS = f"{_PACKAGE}components{os.sep}"
_RUN_OTHERS = tuple(f"{_COMPONENTS}{name}" for name in ("py_", "terminal", "process", "json_lines"))


def is_machinery(file: str) -> bool:
    """Say whether a source file is what runs components, and so tells a user nothing about their error."""
    return file.startswith(_PACKAGE) and (not file.startswith(_COMPONENTS) or file.startswith(_RUN_OTHERS))


class EndOfStream(Exception):  # noqa: N818 - control flow, no error
    """No packet will come to this port any more; leaving `run` with it is a normal end.

    Example:
        class Pairs(Component):
            item: In[str]
            pair: Out[str]

            async def run(self) -> None:
                while True:
                    first = await self.item.receive()
                    try:
                        second = await self.item.receive()
                    except EndOfStream:
                        second = "nobody"
                    await self.pair.send(f"{first} and {second}")

        print(BatchRuntime(Pairs).run(inputs={"item": Each(["Ann", "Bo", "Cy"])}).outputs.pair)
        #> ['Ann and Bo', 'Cy and nobody']
    """

    def __init__(self, address: str = "") -> None:
        super().__init__(address)
        self.address = address

    def __str__(self) -> str:
        return f"{self.address}: no more packets will come"


class EndOfDemand(Exception):  # noqa: N818 - control flow, no error
    """Nobody takes packets from this port any more; leaving `run` with it is a normal end.

    Example:
        class Count(Component):
            number: Out[int]

            async def run(self) -> None:
                number = 0
                try:
                    while True:
                        await self.number.send(number)
                        number += 1
                except EndOfDemand:
                    print("nobody wants more")

        class First(Component):
            number: In[int]
            first: Out[int]

            async def run(self) -> None:
                await self.first.send(await self.number.receive())

        graph = Graph("one")
        first = graph.add(First)
        graph.add(Count).number >> first.number
        first.first >> graph.outputs.numbers
        print(BatchRuntime(graph).run().outputs.numbers)
        #> nobody wants more
        #> [0]
    """

    def __init__(self, address: str = "") -> None:
        super().__init__(address)
        self.address = address

    def __str__(self) -> str:
        return f"{self.address}: every consumer has ended"


class StopNet(Exception):  # noqa: N818 - control flow, no error
    """Raised by a component to stop the whole net at once, with the reason as its text.

    Example:
        @component
        def search(number: int) -> None:
            if number * number == 144:
                raise StopNet(f"found {number}")

        result = BatchRuntime(search).run(inputs={"number": Each(range(100))})
        print(result.outcome, result.reason, sep=": ")
        #> stopped: found 12
    """

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason

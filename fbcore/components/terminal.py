"""Commands of a terminal as components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from fbcore.model.template import ComponentTemplate


@ComponentTemplate
def TerminalTemplate(  # noqa: N802 - makes a class
    command: str | Sequence[str],
    *,
    inputs: str | Sequence[str] = (),
    stdin: Literal["lines", "bytes"] | None = None,
    stdout: Literal["lines", "bytes"] | None = "lines",
    stderr: Literal["lines", "bytes"] | None = None,
    ok: Sequence[int] | None = (0,),
    shell: bool = False,
    cwd: str | Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Any:
    """Make a component of a command, as it would be typed; its node is named after the program.

    `{name}` in it is a config, which fills a part of one argument, whatever it holds: quotes, spaces and line ends are
    data, and what would be taken for an option is refused. `{name:int}` says its type (`str`, `int`, `float`, `Path`),
    `{name=default}` a default, and `{*name}` is any number of words. `{{` and `}}` are braces.

    Lines that come by the port `stdin` go into the process, and what it writes leaves by `stdout`, as it comes: a
    process that is not read from, or that does not read, waits, and so does who feeds it. With `"bytes"` they are
    bytes, in pieces of any size. `stdout=None` leaves the port away. Standard error is logged, or a port too. How a
    process ended is the message `exit_code`; a code that is not in `ok` fails the node, and `ok=None` is for any code.

    There is one process for each run of the node. Placeholders named in `inputs` are inputs: then there is one for
    each packet of all of them, one after the other, and a process that fails sends its packets to `error`, where that
    is connected, and the next is run. There is a port `stdin` then only if its form is said; each of its packets is
    all that goes into one process. While a process lives its net is not called blocked, and it ends with its node,
    however that ends: it is told to, and killed when it does not listen, with all that it has started.

    `shell=True` gives the command to `/bin/sh`, with pipes and all; values are safe there too, unless the command has
    them read again (`eval`, `sh -c`). `cwd` is the folder it runs in, `env` is added to the environment.

    Raises:
        GraphError: the command cannot be read, a placeholder cannot be a port, or a parameter is wrong.

    Example:
        graph = Graph("longest")
        find = graph.add(TerminalTemplate("grep -i -e {pattern}"), "find", pattern="t")
        order = graph.add(TerminalTemplate("sort -r"), "order")
        graph.inputs.word >> find.stdin
        find.stdout >> order.stdin
        order.stdout >> graph.outputs.words
        print(BatchRuntime(graph).run(inputs={"word": Each(["one", "two", "three"])}).outputs.words)
        #> ['two', 'three']
    """
    # What runs processes takes long to import, and a net without them needs none of it.
    from fbcore.components.terminal_class import class_of
    from fbcore.components.terminal_run import Setting

    names = (inputs,) if isinstance(inputs, str) else tuple(inputs)
    form = stdin if names else stdin or "lines"
    good = None if ok is None else tuple(ok)
    setting = Setting(form, stdout, stderr, good, None if cwd is None else str(cwd), dict(env or {}))
    return class_of(command, names, setting, shell=shell)

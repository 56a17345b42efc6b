"""Seeing what a file does while it is imported besides defining things."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NamedTuple

from fbdev.check.finding import Finding, Level
from fbdev.check.place import Culprit, culprit

GROUP = "import"

LOOKS_AT = ".looks_at"
"""Ends the name of the file beside the report whose last line names the module that is being imported."""

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_TRUNC

_GUARD = 'put it under `if __name__ == "__main__":`, or into the `run` of a component'


class _Effect(NamedTuple):
    """A kind of side effect: what it is called, and how to mend it."""

    what: str
    hint: str = _GUARD


_FILE = _Effect("writes a file")
_CHANGE = _Effect("changes files")
_PROCESS = _Effect("starts a process")
_THREAD = _Effect("starts a thread")
_SOCKET = _Effect("opens a socket")
_FOLDER = _Effect("changes the current folder", "use paths that begin at `Path(__file__).parent`")
_ENVIRONMENT = _Effect("changes the environment", "give values as configs: `name: Config[str]`")
_PRINT = _Effect("prints", "print in a component, or to standard error, for standard output is for what comes out")
_NET = _Effect("runs a net", 'put the run under `if __name__ == "__main__":`, or leave it to `fbdev run`')
_PATH = _Effect("changes sys.path", "files beside this one can be imported anyway; install what lies elsewhere")
_SIGNAL = _Effect("handles signals", "leave signals to the runtime: Ctrl-C and SIGTERM drain the net")

_EFFECTS = {
    "open": _FILE,
    "sqlite3.connect": _FILE,
    **dict.fromkeys(
        ("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate"), _CHANGE
    ),
    **dict.fromkeys(("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork"), _PROCESS),
    **dict.fromkeys(("_thread.start_new_thread", "_thread.start_joinable_thread"), _THREAD),
    **dict.fromkeys(("socket.__new__", "socket.connect", "socket.bind", "socket.getaddrinfo"), _SOCKET),
    "os.chdir": _FOLDER,
    **dict.fromkeys(("os.putenv", "os.unsetenv"), _ENVIRONMENT),
}
"""The events that Python reports to audit hooks, and what each of them is to us."""


class ImportWatch:
    """Notes side effects while `watching`; each kind once for each line that is behind it.

    Audit hooks cannot be taken away again, so this is for a process that does nothing else afterwards.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[_Effect, str, str], Finding] = {}
        self._is_on = False

    @property
    def findings(self) -> list[Finding]:
        """What was found so far, in the order in which it was done."""
        return list(self._seen.values())

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch while the block runs."""
        sys.addaudithook(self._hear)
        before = _State()
        out = sys.stdout
        sys.stdout = _Told(self._printed)
        self._is_on = True
        try:
            with self._hearing_of_threads():
                yield
        finally:
            self._is_on = False
            sys.stdout.flush()
            sys.stdout = out
            self._compare(before)

    @contextmanager
    def _hearing_of_threads(self) -> Iterator[None]:
        """Hear of threads on Python 3.11 too, which has no event for them."""
        start = threading.Thread.start

        def told(thread: threading.Thread) -> None:
            if self._is_on:
                self._note(_THREAD, "", sys._getframe(1))
            start(thread)

        setattr(threading.Thread, "start", told)  # noqa: B010 - to a checker a method is no variable
        try:
            yield
        finally:
            setattr(threading.Thread, "start", start)  # noqa: B010

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._is_on and event in _EFFECTS:
            detail = _detail(event, arguments)
            if detail is not None:
                self._note(_EFFECTS[event], detail, sys._getframe(1))

    def _printed(self, text: str, frame: FrameType) -> None:
        if text.strip():
            self._note(_PRINT, repr(text.strip().splitlines()[0][:60]), frame)

    def _note(self, effect: _Effect, detail: str, frame: FrameType | None) -> None:
        self._is_on = False
        try:
            who = culprit(frame)
            if who.in_net:
                effect, detail = _NET, ""
            self._seen.setdefault((effect, who.place, who.package), _finding(effect, detail, who))
        finally:
            self._is_on = True

    def _compare(self, before: _State) -> None:
        """Note what no event tells."""
        for folder in sys.path:
            if folder not in before.path:
                self._seen[_PATH, folder, ""] = _finding(_PATH, folder, Culprit("", "", False))
        for kind, handler in _handlers().items():
            if handler != before.handlers.get(kind):
                code = getattr(handler, "__code__", None)
                place = f"{code.co_filename}:{code.co_firstlineno}" if code is not None else ""
                self._seen[_SIGNAL, str(kind), ""] = _finding(_SIGNAL, kind.name, Culprit(place, "", False))


class _State:
    """What a file may change without anybody hearing of it."""

    def __init__(self) -> None:
        self.path = list(sys.path)
        self.handlers = _handlers()


def _handlers() -> dict[signal.Signals, Any]:
    return {kind: signal.getsignal(kind) for kind in signal.Signals}


class _Told(io.TextIOWrapper):
    """Standard output that tells who prints what."""

    def __init__(self, tell: Callable[[str, FrameType], None]) -> None:
        super().__init__(io.FileIO(1, "w", closefd=False), encoding="utf-8", errors="backslashreplace")
        self._tell = tell

    def write(self, text: str) -> int:
        self._tell(text, sys._getframe(1))
        return super().write(text)


def _detail(event: str, arguments: tuple[Any, ...]) -> str | None:
    """Say what an event is about; None when it is nothing that matters."""
    first = arguments[0] if arguments else ""
    path = os.fsdecode(first) if isinstance(first, str | bytes) else ""
    if "__pycache__" in path:
        # Python keeps what it has compiled; that is its own affair.
        return None
    if event == "open":
        is_write = isinstance(arguments[2], int) and arguments[2] & _WRITES
        return path if is_write and path and path != os.devnull else None
    if event == "subprocess.Popen":
        words = arguments[1]
        return words if isinstance(words, str) else " ".join(map(str, words))
    if event == "socket.getaddrinfo":
        return f"to {first}"
    if event.startswith(("socket.", "_thread.")):
        return ""
    return path


def _finding(effect: _Effect, detail: str, who: Culprit) -> Finding:
    """Word a finding; what a package does when it is imported, its user can hardly mend."""
    what = f"{effect.what}{': ' if detail else ''}{detail}"
    if who.package and not who.in_net:
        return Finding(GROUP, Level.NOTE, f"importing {who.package} {what}", place=who.place)
    return Finding(GROUP, Level.WARNING, f"importing it {what}", place=who.place, hint=effect.hint)

"""Having a file checked by a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from fbcore.errors import LoadError
from fbcore.formats.python_file import split_target
from fbcore.source.read import Source
from fbdev.check.finding import Finding, Level
from fbdev.check.import_watch import GROUP, LOOKS_AT
from fbdev.complaint import near, say

_CHILD = """
import json, sys
sys.path[:] = json.loads(sys.argv.pop())
from fbdev.check.{} import main
main()
"""
"""What a child runs, but for the module that it runs it from."""

_PATIENCE = 2.0
"""Seconds after which a person wants to know what takes so long."""


class Examination(NamedTuple):
    """What was checked, and what was found: `graphs` has the numbers of nodes and edges of each graph."""

    findings: list[Finding]
    graphs: dict[str, dict[str, int]]
    components: int
    catalogue: list[dict[str, Any]] = []  # noqa: RUF012 - nobody adds to it

    def count(self, level: Level) -> int:
        """Return how many findings there are of one level."""
        return sum(finding.level is level for finding in self.findings)


def examine(target: str, time_limit: float, settings: str = "") -> Examination:
    """Check the graphs and components in a file, or the one that `FILE:name` names, and settings for its graphs.

    Raises:
        LoadError: there is no such file, or nothing in it to check.
    """
    Source(split_target(target)[0], "a Python file with a net, or components, is checked")
    return _examined("child", target, time_limit, settings)


def examine_library(package: str, time_limit: float) -> Examination:
    """Check all modules of a package as a library, and list what is in it.

    Raises:
        LoadError: there is no such package.
    """
    return _examined("library", package, time_limit)


def _examined(module: str, target: str, time_limit: float, *more: str) -> Examination:
    """Have a child look at a target, and return what it has found."""
    with TemporaryDirectory() as folder:
        report, printed = Path(folder) / "report.json", Path(folder) / "printed"
        arguments = [target, str(report), str(time_limit), *more, json.dumps(sys.path)]
        code = _run_child(module, arguments, printed)
        if not report.exists():
            word = report.with_suffix(LOOKS_AT)
            modules = word.read_text(encoding="utf-8").splitlines() if word.exists() else []
            return Examination([_ended_itself(code, modules[-1] if modules else "it")], {}, 0)
        content: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
        if "usage" in content:
            raise LoadError(content["usage"])
        if "mistake" in content:
            raise RuntimeError(f"the check itself failed\n{content['mistake']}")
        findings = [Finding(**{**each, "level": Level(each["level"])}) for each in content["findings"]]
        if printed.stat().st_size and not any("prints" in each.what for each in findings):
            findings.append(_printed_unseen())
    shown = [each._replace(what=near(each.what), place=near(each.place)) for each in findings]
    return Examination(shown, content["graphs"], content["components"], content.get("catalogue", []))


def _run_child(module: str, arguments: list[str], printed: Path) -> int:
    """Run the child to its end, and end with it whatever it has started."""
    with printed.open("wb") as out:
        child = subprocess.Popen(
            [sys.executable, "-c", _CHILD.format(module), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=out,
            start_new_session=True,
        )
        try:
            return _wait(child, arguments[0])
        finally:
            child.kill()
            _end_group(child.pid)


def _wait(child: subprocess.Popen[bytes], target: str) -> int:
    """Wait for the child, and tell a person for what when it takes long."""
    try:
        return child.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        if sys.stderr.isatty():
            say(f"importing {target}; Ctrl-C ends it")
    # Again and again: Python would see a Ctrl-C that comes as it begins to wait only when the wait is over.
    while True:
        with suppress(subprocess.TimeoutExpired):
            return child.wait(_PATIENCE)


def _end_group(leader: int) -> None:
    if not hasattr(os, "killpg"):
        return
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _ended_itself(code: int, what: str) -> Finding:
    how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    hint = "look for `os._exit`, or for a library that crashes: run it with `python -X faulthandler`"
    return Finding(GROUP, Level.ERROR, f"importing {what} ends the whole process, with {how}", hint=hint)


def _printed_unseen() -> Finding:
    hint = "standard output is for what comes out of a net; look for processes and libraries that print"
    return Finding(GROUP, Level.WARNING, "importing it prints, past `print`", hint=hint)

"""What a check found, for people: on a terminal in colour and in columns, elsewhere a line or two for each finding."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TextIO

from fbdev.check.examine import Examination
from fbdev.check.finding import Finding, Level

if TYPE_CHECKING:
    from rich.console import RenderableType

_STYLES = {Level.ERROR: "bold red", Level.WARNING: "yellow", Level.NOTE: "dim"}


def show(target: str, found: Examination, stream: TextIO) -> None:
    """Print the findings by group, and a line that counts them."""
    if stream.isatty():
        _paint(target, found, stream)
        return
    for finding in found.findings:
        stream.write(f"{finding.level}: {_text(finding)}\n")
        if finding.hint:
            stream.write(f"  hint: {finding.hint}\n")
    stream.write(f"{target}: {summary(found)}\n")


def summary(found: Examination) -> str:
    """Count the findings, and say what was looked at."""
    counts = [_counted(found.count(level), level) for level in Level if found.count(level)]
    graphs = [f"graph {name} ({_counted(size['nodes'], 'node')})" for name, size in found.graphs.items()]
    looked = ", ".join([*graphs, *([_counted(found.components, "component")] if found.components else [])])
    return f"{', '.join(counts) or 'nothing to mend'}{' in ' if looked else ''}{looked}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _text(finding: Finding) -> str:
    where = f"{finding.address}: " if finding.address else ""
    return f"{where}{finding.what}{f' ({finding.place})' if finding.place else ''}"


def _paint(target: str, found: Examination, stream: TextIO) -> None:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console(file=stream, highlight=False, markup=False, emoji=False)
    for group, findings in _groups(found.findings, lambda finding: finding.group).items():
        console.print(Text(group, "bold"))
        for inside, part in _groups(findings, lambda finding: finding.inside).items():
            depth = 2 * (inside.count(".") + 1) if inside else 0
            if inside:
                console.print(Padding(Text(f"inside {inside}"), (0, 0, 0, depth)))
            console.print(Padding(_table(part), (0, 0, 0, depth)))
    worst = next((level for level in Level if found.count(level)), None)
    style = _STYLES[worst] if worst in (Level.ERROR, Level.WARNING) else "green"
    console.print(Text.assemble((target, "bold"), ": ", (summary(found), style)))


def _table(findings: Iterable[Finding]) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=9, justify="right")
    table.add_column(overflow="fold")
    for finding in findings:
        text = Text.assemble((f"{finding.address}: " if finding.address else "", "bold"), finding.what)
        text.append(f" ({finding.place})" if finding.place else "", "dim")
        text.append(f"\n{finding.hint}" if finding.hint else "", "cyan")
        table.add_row(Text(finding.level, _STYLES[finding.level]), text)
    return table


def _groups(findings: Iterable[Finding], key: Callable[[Finding], str]) -> dict[str, list[Finding]]:
    """Gather findings by what they have in common, in the order in which that comes first, nothing before all."""
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        found.setdefault(key(finding), []).append(finding)
    return dict(sorted(found.items(), key=lambda group: group[0] != ""))

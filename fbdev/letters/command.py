"""`fbdev dead-letters`: read a file of letters, and list, show, print or remove them."""

import json
import sys
from collections.abc import Sequence

import typer

from fbcore.formats.letter_file import LetterFile
from fbdev.complaint import say, warn
from fbdev.exit_code import ExitCode
from fbdev.letters.selection import selected
from fbdev.letters.show import counted, show_list, show_whole


def browse(file: str, ids: Sequence[str], node: str, *, as_json: bool, remove: bool, all: bool, tidy: bool) -> int:
    """Do what the options say with the letters that are meant, and return the exit code."""
    if remove and not (ids or node or all):
        raise typer.BadParameter("say which: ids, --node, or --all", param_hint="--remove")
    if all and (not remove or ids or node):
        raise typer.BadParameter("this is for --remove without ids and --node", param_hint="--all")
    letters = LetterFile(file)
    contents = letters.read()
    found = selected(contents, ids, node, file)
    if not as_json and not tidy:
        for broken in contents.broken:
            warn(f"{file}:{broken.number}: {broken.what} (--tidy takes such lines out)")
    if remove or tidy:
        gone = {record.id for record in found} if remove else set()
        letters.remove(gone, broken=tidy)
        lines = f" and {len(contents.broken):,} line{'' if len(contents.broken) == 1 else 's'} that were none" * tidy
        say(f"took {counted(len(gone))}{lines} out of {file}")
        return ExitCode.GOOD
    if as_json:
        broken_lines = [{"line": each.number, "what": each.what} for each in contents.broken]
        content = {"file": file, "letters": [record._asdict() for record in found], "broken": broken_lines}
        sys.stdout.write(json.dumps(content) + "\n")
    elif ids:
        for number, record in enumerate(found):
            sys.stdout.write("\n" if number else "")
            show_whole(record, sys.stdout)
    else:
        show_list(file, found, sys.stdout, of=len(contents.records))
    return ExitCode.GOOD

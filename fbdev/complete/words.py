"""What may stand in the place of a word: targets, options of a net, names of its inputs and outputs, files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from fbcore.formats.python_file import split_target
from fbdev.complete.outline import Outline
from fbdev.complete.targets import targets
from fbdev.run.option_name import option_name
from fbdev.run.options import FIXED, run_command, split_file, takes_value
from fbdev.step.options import FIXED as FIXED_OF_STEP
from fbdev.step.options import step_command


class Word(NamedTuple):
    """What a shell may put in the place of the word that is being typed. An empty `help` is none."""

    value: str
    help: str = ""
    type: str = "plain"


def words_of_run(before: Sequence[str], incomplete: str, command: str = "run") -> list[Word]:
    """Return what may come next on the command line of `fbdev run`, or `step`, after the words before it."""
    last = before[-1] if before else ""
    target, _ = split_file(before)
    file, graph = split_target(target)
    if last in ("--input", "--output"):
        names = Outline(file).border(f"{last[2:]}s", graph) if target else []
        return [Word(value) for value in _sources(names, incomplete)]
    if last == "--log":
        return [Word(each) for each in ("text", "json", *_files(incomplete)) if each.startswith(incomplete)]
    if last == "--log-level":
        return [Word(each) for each in ("debug", "info", "warning", "error") if each.startswith(incomplete)]
    if last in ("--settings", "--feed-dead-letters") or (last in ("--script", "--restore") and command == "step"):
        return [Word(file) for file in _files(incomplete)]
    if last == "--stop" and command == "run":
        return [Word(word) for word in ("drain", "at-once") if word.startswith(incomplete)]
    if takes_value(last):
        return []
    if not incomplete.startswith("-"):
        return [Word(value) for value in ([] if target else targets(incomplete))]
    found = list(_fixed_options(command))
    if target:
        configs = Outline(file).border("configs", graph)
        fixed = FIXED_OF_STEP if command == "step" else FIXED
        found += [Word(option_name(name, fixed), f"Config of {target}.") for name in configs]
    return [word for word in found if word.value.startswith(incomplete)]


def _fixed_options(command: str) -> Iterator[Word]:
    make: Any = step_command if command == "step" else run_command
    for parameter in make(None, lambda options, configs: 0).params:
        if parameter.param_type_name == "option":
            yield from (Word(name, parameter.help) for name in (*parameter.opts, *parameter.secondary_opts))
    yield Word("--help", "Show the options of the net in FILE.")


def _sources(names: Sequence[str], incomplete: str) -> list[str]:
    """Return `NAME=-` and `NAME=@` for each name, or the files that may follow `NAME=@`."""
    name, at, path = incomplete.partition("=@")
    if at:
        return [f"{name}=@{file}" for file in _files(path)]
    return [word for name in names for word in (f"{name}=-", f"{name}=@") if word.startswith(incomplete)]


def _files(incomplete: str) -> list[str]:
    """Return the files whose paths begin so; a folder that is the only one is gone into."""
    folder, slash, name = incomplete.rpartition("/")
    try:
        paths = sorted(Path(f"{folder}/" if slash else ".").iterdir())
    except OSError:
        return []
    shown = [path for path in paths if path.name.startswith(name) and (name[:1] == "." or path.name[0] != ".")]
    found = [f"{folder}{slash}{path.name}{'/' if path.is_dir() else ''}" for path in shown]
    if len(found) == 1 and found[0].endswith("/"):
        return _files(found[0]) or found
    return found

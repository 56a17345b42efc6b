"""Commands with placeholders: read once, and filled so that no value can be more than a part of one argument."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from fbcore.errors import GraphError, InputError, shown
from fbcore.model.address import RESERVED_PORTS, is_id
from fbcore.model.nearest import nearest
from fbcore.model.packet import NOTHING

PORTS = ("stdin", "stdout", "stderr", "exit_code")
"""The names of ports that every command may have, and no placeholder."""

_TYPES: dict[str, Any] = {"str": str, "int": int, "float": float, "Path": Path}
_PIECE = re.compile(r"(\{\{|\}\})|\{(\*?)([A-Za-z_]\w*)(?::(\w*))?(?:=([^{}]*))?\}|([{}])")
_BRACES = "write {name} for a value, and {{ and }} for braces that the command is to see"


_LONGEST = 40
"""Characters of a command that drawings, tables and errors show."""


def shortened(text: str) -> str:
    """Return a command on one line, and not a long one."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."


class Placeholder(NamedTuple):
    """A place in a command for a value: `{name}`, `{name:int}`, `{name=default}`; `{*name}` for any number of words."""

    name: str
    kind: Any
    default: Any
    is_list: bool


class Word(NamedTuple):
    """A word of a command: texts and placeholders, one after the other. `is_guarded`: a word `--` stands before it."""

    pieces: tuple[str | Placeholder, ...]
    is_guarded: bool


class Command:
    """A command with placeholders, of which those that are inputs are filled anew for each process.

    `text` is what people read, `program` the first word. With a shell, the command is one text that is given to it.

    Raises:
        GraphError: the command cannot be read, or a placeholder cannot be one.
    """

    def __init__(self, command: str | Sequence[str], inputs: Sequence[str], *, shell: bool) -> None:
        self.text = command if isinstance(command, str) else shlex.join(command)
        self.shell = shell
        texts = self._texts(command)
        self.placeholders: dict[str, Placeholder] = {}
        self.words = [Word(tuple(self._pieces(text)), "--" in texts[:number]) for number, text in enumerate(texts)]
        first = self.words[0].pieces if self.words else ()
        if not any(piece if isinstance(piece, str) else True for piece in first):
            self.refuse("there is no command in it", "write the name of a program, and its arguments")
        self.program = "".join(piece for piece in first if isinstance(piece, str)).split(maxsplit=1)[:1]
        for name in inputs:
            if name not in self.placeholders:
                near = nearest(name, self.placeholders)
                hint = (
                    f"did you mean {near}?" if near else f"its placeholders: {', '.join(self.placeholders) or 'none'}"
                )
                self.refuse(f"there is no placeholder {{{name}}}, and so no input {name}", hint)
            if next(filter(None, first), "") == self.placeholders[name]:
                self.refuse(f"{{{name}}} is the program itself", "let a config name it; what flows may not choose it")
            if self.placeholders[name].default is not NOTHING and not self.placeholders[name].is_list:
                self.refuse(f"{{{name}}} is an input, and has a default", "leave the default away, or make it a config")
        self.inputs = tuple(inputs)

    @property
    def name(self) -> str:
        """The name of the program, as far as it can be that of a class."""
        name = re.sub(r"^(?=\d)|\W", "_", Path(self.program[0]).name) if self.program else ""
        return (name if is_id(name) else f"{name}_") if name.strip("_") else "terminal"

    def refuse(self, what: str, hint: str) -> NoReturn:
        """Raise a `GraphError` that names the command."""
        raise GraphError(f"{what}: {self.text!r}", "TerminalTemplate", hint)

    def _texts(self, command: str | Sequence[str]) -> list[str]:
        """Return the words of a command; for a shell it is one."""
        if "\0" in self.text:
            self.refuse("a command cannot have a zero byte", "leave it away")
        if not isinstance(command, str):
            if self.shell:
                self.refuse("a shell takes one text", "write the command as you would type it")
            return list(command)
        if self.shell:
            return [command]
        try:
            return shlex.split(command)
        except ValueError as error:
            self.refuse(f"the command cannot be read ({error})", "close what is quoted")

    # -- reading -------------------------------------------------------------------------------------------

    def _pieces(self, text: str) -> Iterator[str | Placeholder]:
        end = 0
        for found in _PIECE.finditer(text):
            yield text[end : found.start()]
            end = found.end()
            doubled, star, name, kind, default, lone = found.groups()
            if lone:
                self.refuse(f"a brace stands alone at {text[found.start() :][:20]!r}", _BRACES)
            if doubled:
                yield doubled[0]
            else:
                if star and (self.shell or found.group() != text):
                    self.refuse(
                        f"{found.group()} is any number of words, and stands inside one", "put spaces around it"
                    )
                yield self._placeholder(name, kind, default, is_list=bool(star))
        yield text[end:]

    def _placeholder(self, name: str, kind: str | None, default: str | None, *, is_list: bool) -> Placeholder:
        before = self.placeholders.get(name)
        if before is not None and (kind or default) is None and before.is_list == is_list:
            return before
        if before is not None:
            self.refuse(
                f"{{{name}}} is there already", f"say what it is where it comes first, and only {{{name}}} then"
            )
        if not is_id(name) or name.startswith("_") or name in RESERVED_PORTS or name in PORTS:
            self.refuse(f"{{{name}}} cannot be the name of a port", "a component has it anyway; choose another")
        if kind is not None and kind not in _TYPES:
            self.refuse(f"{kind!r} is no type of a placeholder", f"there are: {', '.join(_TYPES)}")
        some: Any = list
        made = Placeholder(name, _TYPES[kind or "str"], NOTHING, is_list)
        if is_list:
            made = made._replace(kind=some[made.kind], default=shlex.split(default or ""))
        elif default is not None:
            made = made._replace(default=self._default(made, default))
        self.placeholders[name] = made
        return made

    def _default(self, placeholder: Placeholder, text: str) -> Any:
        try:
            return placeholder.kind(text)
        except ValueError:
            self.refuse(f"{text!r} is no {placeholder.kind.__name__}", "give another default, or another type")

    # -- filling -------------------------------------------------------------------------------------------

    def filled(self, values: Mapping[str, Any], address: str) -> list[str]:
        """Return the arguments of a process, the program first.

        Raises:
            InputError: a value cannot be an argument, or would be taken for an option.
        """
        texts = {name: self._text(name, values[name], address) for name in self.placeholders}
        if not self.shell:
            return [text for word in self.words for text in self._filled(word, texts, address)]
        for piece, before in _with_what_is_before(self.words[0].pieces):
            if isinstance(piece, Placeholder) and (not before or before[-1:].isspace() or before[-1:] in "'\"(`|;&"):
                self._check_dash(piece, texts[piece.name], is_guarded=" -- " in before, address=address)
        script = _in_shell(self.words[0].pieces, list(texts))
        return ["/bin/sh", "-c", script, "sh", *(text for (text,) in texts.values())]

    def _filled(self, word: Word, texts: Mapping[str, list[str]], address: str) -> list[str]:
        first = next((piece for piece in word.pieces if piece), "")
        if isinstance(first, Placeholder) and word is not self.words[0]:
            self._check_dash(first, texts[first.name], is_guarded=word.is_guarded, address=address)
        if isinstance(first, Placeholder) and first.is_list:
            return texts[first.name]
        return ["".join(piece if isinstance(piece, str) else texts[piece.name][0] for piece in word.pieces)]

    def _text(self, name: str, value: Any, address: str) -> list[str]:
        placeholder = self.placeholders[name]
        found = [
            os.fspath(each) if isinstance(each, Path) else str(each)
            for each in (value if placeholder.is_list else [value])
        ]
        for text in found:
            if "\0" in text:
                hint = "no argument of a command can have one; send it through standard input"
                raise InputError(f"{shown(text)} has a zero byte", f"{address}.{name}", hint)
            try:
                os.fsencode(text)
            except UnicodeEncodeError:
                hint = "send it through standard input, as bytes"
                raise InputError(f"{shown(text)} cannot be encoded", f"{address}.{name}", hint) from None
        if placeholder.kind is Path:
            # A file that is called like an option is none, with its folder before it.
            return [f"./{text}" if text.startswith("-") else text for text in found]
        return found

    def _check_dash(self, piece: Placeholder, texts: Sequence[str], *, is_guarded: bool, address: str) -> None:
        """Refuse a text that the command would take for an option; numbers may be negative, and lists hold options."""
        if is_guarded or piece.kind in (int, float, Path) or (piece.is_list and piece.name not in self.inputs):
            return
        for text in texts:
            if text.startswith("-") and text != "-":
                program = self.program[0] if self.program else "the command"
                hint = f"write `--` somewhere before it, or join it to its option, as in --file={{{piece.name}}}"
                what = f"{shown(text)} begins with -, and {program} would take it for an option"
                raise InputError(what, f"{address}.{piece.name}", hint)


def _with_what_is_before(pieces: Sequence[str | Placeholder]) -> Iterator[tuple[str | Placeholder, str]]:
    before = ""
    for piece in pieces:
        yield piece, before
        before += piece if isinstance(piece, str) else "x"


def _in_shell(pieces: Sequence[str | Placeholder], names: list[str]) -> str:
    """Return a text for a shell in which values are its arguments: it may split them where they stand, and no more.

    Whatever is quoted around a placeholder, the shell never reads a value as part of the command.
    """
    quote, script = "", ""
    for piece in pieces:
        if isinstance(piece, Placeholder):
            argument = f"${{{names.index(piece.name) + 1}}}"
            script += {"'": f"'\"{argument}\"'", '"': argument, "": f'"{argument}"'}[quote]
            continue
        is_escaped = False
        for letter in piece:
            if is_escaped:
                is_escaped = False
            elif letter == "\\" and quote != "'":
                is_escaped = True
            elif letter == quote:
                quote = ""
            elif letter in "'\"" and not quote:
                quote = letter
        script += piece
    return script

"""The options `--log` and `--log-level`: where the log of a run goes, on the screen and into files."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from fbcore.errors import SettingsError
from fbcore.model.log import level_number
from fbcore.net.log import WithContext
from fbdev.run.live import is_terminal
from fbdev.run.log_handlers import InFile, OnScreen, Tells
from fbdev.run.log_lines import Lines, Plain

if TYPE_CHECKING:
    from fbcore.orchestration.settings import NetSettings

SCREEN = ("text", "json")
"""What may be said instead of a file: lines for people, or for programs, on standard error."""

_JSON = (".jsonl", ".ndjson")
_TEXT = (".log", ".txt")


class RunLog:
    """The log of one run: its lines know their context, and are as severe as `--log-level`, or settings of a node, say.

    `is_on_screen` says that lines go to standard error, and `is_json` that only lines of JSON do.
    """

    def __init__(self, places: Sequence[str], level: str) -> None:
        self.level = _level(level) if level else logging.INFO
        self.places = list(dict.fromkeys(places)) or (["text"] if level else [])
        if "json" in self.places and "text" in self.places:
            raise typer.BadParameter(
                "standard error is for text, or for JSON; write one into a file", param_hint="--log"
            )
        for place in self.places:
            _check(place)
        self.is_json = "json" in self.places
        self.is_on_screen = self.is_json or "text" in self.places

    @property
    def tells_notices(self) -> bool:
        """Whether who looks at standard error sees notices as lines of the log."""
        return self.is_on_screen and self.level <= logging.WARNING

    @contextmanager
    def kept(self, settings: NetSettings | None) -> Iterator[None]:
        """Keep the log while the block runs."""
        has_log = bool(logging.root.handlers)
        with ExitStack() as stack:
            for place in self.places:
                stack.enter_context(_on_root(self._handler(place)))
            if not self.is_on_screen:
                stack.enter_context(_rest_on_screen(has_log=has_log))
            if self.places:
                stack.enter_context(_root_level(min([self.level, *_levels(settings)]), is_alone=self.is_on_screen))
            yield

    def _handler(self, place: str) -> logging.Handler:
        handler: logging.Handler
        if place == "text" and is_terminal(sys.stderr):
            # rich takes a tenth of a second to load.
            from fbdev.run.log_screen import OnTerminal

            handler = OnTerminal(sys.stderr)
        elif place in SCREEN:
            handler = OnScreen(sys.stderr)
        else:
            try:
                handler = InFile(place, encoding="utf-8", errors="backslashreplace")
            except OSError as error:
                raise typer.BadParameter(f"{place} cannot be written: {error.strerror}", param_hint="--log") from None
        handler.setFormatter(_json_lines() if place == "json" or Path(place).suffix in _JSON else Lines())
        handler.addFilter(WithContext(self.level))
        return handler


def _json_lines() -> logging.Formatter:
    from fbcore.net.json_log import JsonLines

    return JsonLines()


def _check(place: str) -> None:
    if place not in SCREEN and Path(place).suffix not in (*_JSON, *_TEXT):
        endings = ", ".join((*_JSON, *_TEXT))
        raise typer.BadParameter(f"{place}: say text, json, or a file that ends in {endings}", param_hint="--log")


def _level(text: str) -> int:
    try:
        return level_number(text)
    except SettingsError as error:
        raise typer.BadParameter(f"{error.what}; {error.hint.partition(';')[0]}", param_hint="--log-level") from None


def _levels(settings: NetSettings | None) -> Iterator[int]:
    """Yield the levels that settings say of any node."""
    if settings is None:
        return
    for section in (settings, *settings.subnets.values(), *settings.nodes.values()):
        level = section.said().get("log_level")
        if level is not None:
            yield level_number(level)


# -- where lines go ------------------------------------------------------------------------------------


@contextmanager
def _on_root(handler: logging.Handler) -> Iterator[None]:
    logging.root.addHandler(handler)
    try:
        yield
    finally:
        logging.root.removeHandler(handler)
        handler.close()


@contextmanager
def _rest_on_screen(*, has_log: bool) -> Iterator[None]:
    """Show on standard error what nobody else shows: warnings of components, of scripts, and errors of our own.

    What a net tells of itself is shown as notices, and at its end. A log that the user's file has set up shows all.
    """
    log, handler = logging.getLogger("fbcore"), OnScreen(sys.stderr)
    handler.setFormatter(Plain())
    handler.setLevel(logging.WARNING)

    def is_to_be_shown(record: logging.LogRecord) -> bool:
        is_told_elsewhere = getattr(record, "event", "stdout") not in ("stdout", "unclosed")
        is_ours = record.name == "fbcore" and record.levelno >= logging.ERROR
        return not is_told_elsewhere and (is_ours or not has_log)

    handler.addFilter(is_to_be_shown)
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)


@contextmanager
def _root_level(level: int, *, is_alone: bool) -> Iterator[None]:
    """Let loggers pass what our handlers want, while those that were there before show what they would have.

    With `is_alone` those that write to the screen are still, for two would say everything twice.
    """
    root, before = logging.root, logging.root.level

    def would_have_passed(record: logging.LogRecord) -> bool:
        logger: logging.Logger | None = logging.getLogger(record.name)
        while logger is not None and logger is not root:
            if logger.level:
                return True
            logger = logger.parent
        return record.levelno >= before

    others = [handler for handler in root.handlers if not isinstance(handler, Tells)]
    on_screen = [each for each in others if is_alone and getattr(each, "stream", None) in (sys.stderr, sys.stdout)]
    for handler in others:
        handler.addFilter(would_have_passed)
    for handler in on_screen:
        root.removeHandler(handler)
    root.setLevel(min(level, before))
    try:
        yield
    finally:
        root.setLevel(before)
        for handler in on_screen:
            root.addHandler(handler)
        for handler in others:
            handler.removeFilter(would_have_passed)

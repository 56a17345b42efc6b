"""How a packet is written on a line of a file: as JSON, or as plain text."""

from enum import StrEnum
from pathlib import Path


class LineFormat(StrEnum):
    """What a line holds: `json` any value as JSON; `text` a text as it is, and anything else as JSON."""

    JSON = "json"
    TEXT = "text"


JSON_LINES = (".jsonl", ".ndjson")
"""Endings of files whose lines are JSON."""

STANDARD = "-"
"""What stands for standard input or output; its lines are JSON."""


def line_format(file: str) -> LineFormat:
    """Return what the lines of a file hold, by the ending of its name."""
    is_json = file == STANDARD or Path(file).suffix.lower() in JSON_LINES
    return LineFormat.JSON if is_json else LineFormat.TEXT

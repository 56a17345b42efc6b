"""Values from the command line: text, read as what the graph wants."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from fbcore.errors import ConfigError
from fbcore.model.types import name_of, reader, reason
from fbdev.run.config_option import ConfigOption


def config_values(options: Iterable[ConfigOption], given: Mapping[str, str | bool]) -> dict[str, Any]:
    """Return the values for the configs that were given.

    Raises:
        ConfigError: a value does not fit its type, or a required one is missing; each names its option.
    """
    found: dict[str, Any] = {}
    for option in options:
        if option.name not in given:
            if option.required:
                hint = f"add {option.option} {option.metavar}"
                raise ConfigError("this config of the graph has no value and no default", option.option, hint)
            continue
        text = given[option.name]
        try:
            found[option.name] = text if isinstance(text, bool) else ValueReader(option.kinds).fitting(text)
        except ValueError as error:
            wanted = " and ".join(name_of(kind) for kind in option.kinds)
            raise ConfigError(f"{text!r} is no {wanted}: {reason(error)}", option.option, "") from None
    return found


class ValueReader:
    """Reads texts as values for ports of these types, one for each port that a value goes to.

    Plain text is the value itself where all of the ports take texts, and where they do not, what they can make of
    the text, or of what it says as JSON. Where anything goes it is JSON if it can be. All raise ValueError.
    """

    def __init__(self, kinds: Sequence[Any]) -> None:
        self._readers = [reader(kind, strict=False) for kind in kinds]
        self._takes_anything = Any in kinds

    def fitting(self, text: str) -> Any:
        """Return the text, or what it says as JSON, whichever every port can read its value from."""
        if self._takes_anything:
            return next(_as_json(text), text)
        try:
            self._read_all(text)
            return text
        except ValueError:
            for candidate in _as_json(text):
                self._read_all(candidate)
                return candidate
            raise

    def from_text(self, text: str) -> Any:
        """Return the value that a plain text stands for, as the first port wants it."""
        return self._readers[0](self.fitting(text))

    def from_json(self, text: str) -> Any:
        """Return the value that a JSON text stands for, as the first port wants it."""
        value = json.loads(text)
        self._read_all(value)
        return self._readers[0](value)

    def _read_all(self, value: Any) -> None:
        for read in self._readers:
            read(value)


def _as_json(text: str) -> Iterator[Any]:
    try:
        yield json.loads(text)
    except ValueError:
        return

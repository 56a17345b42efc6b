"""What a person should know of a running net, said once for each node and counted after that."""

from fbcore.net.observe import Observer
from fbdev.complaint import warn


class Notices(Observer):
    """Gathers notices: the first text of each node and kind, and how often it came again."""

    def __init__(self, *, at_once: bool) -> None:
        self._at_once = at_once
        self._seen: dict[str, tuple[str, int]] = {}

    def notice(self, address: str, text: str) -> None:
        """Gather a notice, and print it when it is the first of its kind."""
        kind = f"{address} {text.partition(' for ')[0]}"
        first, count = self._seen.get(kind, (f"{address}: {text}", 0))
        self._seen[kind] = (first, count + 1)
        if self._at_once and count == 0:
            warn(first)

    def lines(self) -> list[str]:
        """Return a line for each kind of notice."""
        return [f"{text} ({count} times)" if count > 1 else text for text, count in self._seen.values()]

    def say(self) -> None:
        """Print all that was gathered, for whoever saw it go by in a table that is gone."""
        for line in self.lines():
            warn(line)

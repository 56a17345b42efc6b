"""How a net is run, whatever graph it is made of."""

from __future__ import annotations

from typing import Literal

from fbcore.errors import SettingsError, shown
from fbcore.model.edge_policy import bytes_of

Tracking = Literal["counts", "history"]
Check = Literal["edges", "mutation"] | None
HowToStop = Literal["drain", "at once"]
"""Let what is on its way arrive, or cancel every node where it stands."""

GRACE = 5.0
"""Seconds that a stopped net may take to drain before it is cancelled."""

UNLESS_SAID = {"time_limit": None, "grace": GRACE, "stop": "drain"}
"""Options of a run of which nobody has said anything, in no settings either."""


class NetOptions:
    """Options of a net.

    `tracking` is how much is known of packets afterwards; `keep` how many of their values each node keeps, as a
    number of packets or as bytes (`"10 MB"`). `check` is what is checked on the edges inside. `batching` lets
    functions fire in batches, which shows in the time that it takes and nowhere else. `stepwise` is for who steps the
    net by hand: it is then asked what stands still, and never acts on that by itself.

    Raises:
        SettingsError: an option has a value that it cannot have.
    """

    __slots__ = ("batching", "check", "keep_bytes", "keep_packets", "stepwise", "tracking")

    def __init__(
        self,
        tracking: Tracking = "counts",
        keep: int | str = 0,
        check: Check = None,
        *,
        batching: bool = True,
        stepwise: bool = False,
    ) -> None:
        if tracking not in ("counts", "history"):
            raise SettingsError(f"tracking cannot be {shown(tracking)}", "tracking", 'say "counts" or "history"')
        if check not in (None, "edges", "mutation"):
            raise SettingsError(
                f"check cannot be {shown(check)}", "check", 'say "edges" or "mutation", or leave it away'
            )
        self.tracking = tracking
        self.check = check
        self.batching = batching
        self.stepwise = stepwise
        self.keep_packets = self.keep_bytes = 0
        if isinstance(keep, str):
            self.keep_bytes = _bytes(keep)
        elif type(keep) is int and keep >= 0:
            self.keep_packets = keep
        else:
            raise SettingsError(f"keep cannot be {shown(keep)}", "keep", _KEEP)
        if keep and tracking != "history":
            raise SettingsError("values are kept with the history of packets only", "keep", 'add tracking="history"')


_KEEP = 'say how many packets each node keeps, as 1000, or how many bytes, as "10 MB"'


def _bytes(text: str) -> int:
    found = bytes_of(text)
    if found is None:
        raise SettingsError(f"keep cannot be {shown(text)}", "keep", _KEEP)
    return found


DEFAULTS = NetOptions()

"""What a step touches: announced to whoever drives the loop."""

from __future__ import annotations

from typing import NamedTuple


class Touch(NamedTuple):
    """What a step touched: a kind (`port`, `edge`, `lock`, `timer`, `memory`, ...), a name, and whether it wrote."""

    step: str
    kind: str
    name: str
    writes: bool

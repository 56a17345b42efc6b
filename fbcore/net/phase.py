"""Where a node is in its life."""

from __future__ import annotations

from enum import StrEnum


class Phase(StrEnum):
    """Where a node is in its life, as `fbdev run` shows it."""

    CREATED = "created"
    RUNNING = "running"
    RECEIVING = "receiving"
    SENDING = "sending"
    RESTARTING = "restarting"
    ENDED = "ended"
    FAILED = "failed"
    CANCELLED = "cancelled"

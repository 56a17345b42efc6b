"""Texts that can be sent: to whoever scrapes, and to collectors."""

from __future__ import annotations


def encodable(text: str) -> str:
    r"""Return a text that every encoding of Unicode has: with halves of letters (surrogates) as `\udc80`."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")

"""What a stepped loop refuses: all that reaches into the world outside."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from fbcore.errors import LoopError

REFUSED = {
    "a look-up of a host": "getaddrinfo getnameinfo",
    "a subprocess": "subprocess_exec subprocess_shell",
    "a signal": "add_signal_handler remove_signal_handler",
    "a pipe": "connect_read_pipe connect_write_pipe",
    "a socket": "add_reader add_writer remove_reader remove_writer create_connection create_server start_tls sendfile "
    "create_datagram_endpoint create_unix_connection create_unix_server connect_accepted_socket sock_recv "
    "sock_recv_into sock_recvfrom sock_recvfrom_into sock_sendall sock_sendto sock_connect sock_accept sock_sendfile",
    "a thread": "run_in_executor",
}
"""The methods of a loop that reach outside, by what they wait for."""


def refusal(what: str) -> LoopError:
    """Return the error that says that there is no world outside."""
    return LoopError(
        f"a stepped loop cannot wait for {what}",
        hint="its time is virtual and its order chosen; use an ordinary loop, a stand-in that needs none, "
        "or fbcore.outside.OpenLoop",
    )


def refuse(what: str) -> NoReturn:
    """Say that there is no world outside."""
    raise refusal(what)


def no_step(name: str, offered: Iterable[str]) -> LoopError:
    """Return the error that says that a step cannot be made now, and which can."""
    return LoopError(
        f"{name!r} is no step that can be made now; there are: {', '.join(offered)}",
        hint="`loop.ready` and the first of `loop.timers` are the steps that can be made",
    )


def refuse_outside(loop: type) -> type:
    """Let a class of loops refuse all that reaches outside."""
    for what, names in REFUSED.items():
        for name in names.split():
            setattr(loop, name, _refusal(what))
    return loop


def _refusal(what: str) -> Callable[..., NoReturn]:
    def refuse_it(self: object, *args: Any, **options: Any) -> NoReturn:
        """Refuse: a stepped loop knows no world outside."""
        refuse(what)

    return refuse_it

"""A small HTTP server beside a net, which shows the metrics of a registry to whoever scrapes them."""

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Iterator
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any, Self
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from fbcore.errors import InputError

if TYPE_CHECKING:
    from types import TracebackType

    from prometheus_client.registry import CollectorRegistry

_MEND = {
    errno.EADDRINUSE: ("is in use", "give another, or 0 for one that is free"),
    errno.EACCES: ("is not for everybody", "give one from 1024 on, or 0 for one that is free"),
    errno.EADDRNOTAVAIL: ("is not to be had on this machine", "give 127.0.0.1, or 0.0.0.0 for all its addresses"),
}


class MetricsServer:
    """Serves the metrics of a registry until it is closed; `port` is the one it has, `url` where it is."""

    def __init__(self, registry: CollectorRegistry, host: str, port: int) -> None:
        from prometheus_client import make_wsgi_app

        self._server = _server(host, port)
        self._server.set_app(_only_metrics(make_wsgi_app(registry)))
        self.port: int = self._server.server_address[1]
        shown = f"[{host}]" if ":" in host else "127.0.0.1" if host in ("", "0.0.0.0") else host
        self.url = f"http://{shown}:{self.port}/metrics"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name=f"metrics on {self.port}", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Serve no more; the port is free when this returns. A second call does nothing."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Quiet(WSGIRequestHandler):
    """Handles a request, and writes nothing about it to standard error; whoever says nothing is left after a while."""

    timeout = 10

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""


class _Server(ThreadingMixIn, WSGIServer):
    """A thread for each request: one that hangs holds up nobody, and ends with the process at the latest."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet about a client that has gone."""


def _server(host: str, port: int) -> _Server:
    """Take the port.

    Raises:
        InputError: it cannot be had.
    """
    where = f"{host}:{port}"
    if not 0 <= port <= 65_535:
        raise InputError(f"{port} is no port", "metrics", "give a number from 0 to 65535; 0 is one that is free")
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        raise InputError(f"there is no host {host!r}", "metrics", "give an address of this machine") from None
    family, *_, address = found[0]

    class Server(_Server):
        address_family = family

        def server_bind(self) -> None:
            # Not as the class before does it, which asks for the full name of the host, and may wait long for that.
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.socket.bind(self.server_address)
            self.server_address = self.socket.getsockname()
            self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]
            self.setup_environ()

    try:
        return Server((str(address[0]), port), _Quiet)
    except OSError as error:
        what, hint = _MEND.get(error.errno or 0, (f"cannot be had: {error.strerror}", "give another"))
        raise InputError(f"port {where} {what}", "metrics", hint) from None


def _only_metrics(app: Any) -> Any:
    """Return an application that has the metrics at `/metrics`, a link to them at `/`, and nothing elsewhere."""

    def answer(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        path = environ.get("PATH_INFO", "/")
        if path == "/metrics":
            return app(environ, start_response)  # type: ignore[no-any-return]
        found = path == "/"
        start_response("200 OK" if found else "404 Not Found", [("Content-Type", "text/html; charset=utf-8")])
        return iter([b'<a href="/metrics">metrics</a>\n' if found else b"there is only /metrics\n"])

    return answer

"""Metrics that are served while a net runs, and for a while after it if asked."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import typer

from fbcore.net.observe import Observer
from fbdev.complaint import warn
from fbdev.run.options import RunOptions


@contextmanager
def served_metrics(options: RunOptions) -> Iterator[list[Observer]]:
    """Serve metrics while the block runs, if that is asked for; gives the observers that make them.

    They are those of `prometheus_client` itself, so that what components count there is served with them.
    """
    if not options.metrics:
        if options.metrics_linger is not None:
            raise typer.BadParameter("there are no metrics to serve; give --metrics", param_hint="--metrics-linger")
        yield []
        return
    if options.seed is not None:
        raise typer.BadParameter("with --seed there is no time in which to scrape", param_hint="--metrics")
    host, port = _place(options.metrics)
    from fbcore.observers.prometheus import PrometheusMetrics

    metrics = PrometheusMetrics()
    try:
        with metrics.serve(port, host) as server:
            if port == 0 or not options.quiet:
                warn(f"metrics are at {server.url}")
            yield [metrics]
            if options.metrics_linger:
                _linger(server.url, options.metrics_linger, is_quiet=options.quiet)
    finally:
        metrics.close()


def _linger(url: str, seconds: float, *, is_quiet: bool) -> None:
    """Wait, for whoever scrapes seldom is to see how the net ended; Ctrl-C ends that, and changes nothing else."""
    with suppress(KeyboardInterrupt):
        if not is_quiet:
            warn(f"metrics stay at {url} for {seconds:g} s; Ctrl-C ends that")
        threading.Event().wait(seconds)


def _place(text: str) -> tuple[str, int]:
    """Return the host and the port of `PORT`, `HOST:PORT` or `[::1]:PORT`; nobody else's machine sees the first."""
    host, colon, port = text.rpartition(":")
    if not port.isdecimal() or (colon and not host):
        raise typer.BadParameter(f"{text} is no port: give 9090, or 0.0.0.0:9090", param_hint="--metrics")
    return host.strip("[]") or "127.0.0.1", int(port)

"""`fbdev run --metrics`: metrics are served while a net runs, and as long after it as asked."""

import re
import signal
import socket
import subprocess
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from fbdev.cli import main
from tests.fbdev import nets

COUNTS = """
from prometheus_client import Counter
from fbcore import Graph, component

letters = Counter("letters_of_a_user", "Letters.")

@component
def count(text: str) -> int:
    letters.inc(len(text))
    return len(text)

graph = Graph("counts")
graph.inputs.text >> graph.add(count).text
graph["count"].out >> graph.outputs.lengths
"""


def write(folder: Path, source: str) -> str:
    (folder / "net.py").write_text(source)
    return str(folder / "net.py")


def start(*arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(nets.command("run", *arguments), stdout=-1, stderr=-1, text=True)


def url_in(line: str) -> str:
    found = re.search(r"http://\S+/metrics", line)
    assert found is not None, line
    return found[0]


def scraped(url: str) -> str:
    with urlopen(url, timeout=100) as answer:
        return str(answer.read().decode())


@pytest.mark.slow
def test_metrics_are_served_while_the_net_runs(tmp_path: Path) -> None:
    """At the port that is printed; the server stops with the net."""
    with start(write(tmp_path, nets.ENDLESS), "--metrics", "0") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        url = url_in(process.stderr.readline())
        assert url.startswith("http://127.0.0.1:")
        assert process.stdout.readline() == "running\n"
        text = scraped(url)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=200)
    assert process.returncode == 5
    assert 'fbcore_port_sent_total{net="endless",node="ticks",port="out"} 3.0' in text
    assert 'fbcore_node_phase{net="endless",node="ticks",phase="running"} 1.0' in text
    assert 'fbcore_net_running{net="endless"} 1.0' in text
    assert "process_cpu_seconds_total" in text
    with pytest.raises(URLError):
        urlopen(url, timeout=100)


@pytest.mark.slow
def test_metrics_linger_until_ctrl_c(tmp_path: Path) -> None:
    """The outcome can be scraped after the net has ended, with what components count; the exit code is the net's."""
    arguments = ["--input", "text=four", "--metrics", "0", "--metrics-linger", "60"]
    with start(write(tmp_path, COUNTS), *arguments) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        url = url_in(process.stderr.readline())
        assert process.stdout.readline() == "4\n"
        assert process.stderr.readline().startswith("counts: finished")
        assert process.stderr.readline() == f"notice: metrics stay at {url} for 60 s; Ctrl-C ends that\n"
        text = scraped(url)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=200)
    assert (process.returncode, err) == (0, "")
    assert 'fbcore_net_runs_total{net="counts",outcome="finished"} 1.0' in text
    assert "letters_of_a_user_total 4.0" in text


@pytest.mark.slow
def test_a_port_in_use_is_an_error_before_the_net_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In one line, and what to do about it; nothing has run."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["run", write(tmp_path, nets.FINISHED), "--metrics", str(port)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        f"error: metrics: port 127.0.0.1:{port} is in use",
        "  hint: give another, or 0 for one that is free",
    ]


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--metrics", "many"], "many is no port: give 9090, or 0.0.0.0:9090"),
        (["--metrics", "-1"], "-1 is no port"),
        (["--metrics", ":9090"], ":9090 is no port"),
        (["--metrics", "70000"], "70000 is no port"),
        (["--metrics", "no.such.host.invalid:0"], "there is no host 'no.such.host.invalid'"),
        (["--metrics", "0", "--seed", "1"], "no time in which to scrape"),
        (["--metrics-linger", "5"], "give --metrics"),
    ],
)
def test_what_cannot_be_served_is_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], what: str
) -> None:
    """Each says what is wrong, and the net does not run."""
    assert main(["run", write(tmp_path, nets.FINISHED), *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert what in err


def test_without_the_extra_it_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What to install, in a line, and the net does not run."""
    monkeypatch.setattr("fbcore.observers.extra.find_spec", lambda name: None)
    assert main(["run", write(tmp_path, nets.FINISHED), "--metrics", "0"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "error: metrics for Prometheus need prometheus_client, which is not installed",
        "  hint: pip install 'fbdev[metrics]'",
    ]


@pytest.mark.slow
def test_two_runs_in_one_process_have_metrics_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The metrics leave their registry with the run, and all loopback addresses will do."""
    for host in ("", "localhost:", "[::1]:") if socket.has_ipv6 else ("", "localhost:"):
        assert main(["run", write(tmp_path, nets.FINISHED), "--metrics", f"{host}0"]) == 0
    assert "metrics are at http://localhost:" in capsys.readouterr().err

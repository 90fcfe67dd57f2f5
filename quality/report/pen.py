"""Vega-Lite to SVG, where it is known early that charts will be wanted by a process that works beside this one.

At its first chart vl-convert starts a JavaScript engine, and all threads of Python wait while it starts, for half a
second, and while it draws. Whoever has other work to do before the first chart says so (`ready`): the engine then
starts in a second process, and draws there while the rest of the page is made. Where nobody has, or that process cannot
be started or dies, the charts are drawn here: they are the same.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

Spec = dict[str, Any]

_AT_WORK = """
import json, sys
import vl_convert
vl_convert.vegalite_to_svg({"mark": "point"})
for line in sys.stdin:
    sys.stdout.write(json.dumps(vl_convert.vegalite_to_svg(json.loads(line))) + "\\n")
    sys.stdout.flush()
"""


class _Pen:
    """A process that draws, and a thread that waits for it."""

    def __init__(self) -> None:
        # -P: what lies in the folder that somebody works in is none of its modules. Ctrl-C is for this process alone.
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", _AT_WORK],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            start_new_session=True,
        )
        self.waiting = ThreadPoolExecutor(1)

    def svg(self, spec: Spec) -> str:
        """A chart drawn there, or here once the process has died."""
        assert self.process.stdin
        assert self.process.stdout
        try:
            self.process.stdin.write(json.dumps(spec) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except OSError:
            line = ""
        return str(json.loads(line)) if line.endswith("\n") else _here(spec)

    def put_away(self) -> None:
        self.process.kill()  # it has nothing to lose
        self.waiting.shutdown(cancel_futures=True)
        self.process.communicate()


_pen: _Pen | None = None


def ready() -> None:
    """Start a process that draws. It ends with `put_away`, or when this one does, however that ends."""
    global _pen
    if _pen or not sys.executable:
        return
    try:
        _pen = _Pen()
    except OSError:
        _pen = None


def drawn(spec: Spec, finish: Callable[[str], str]) -> str | Future[str]:
    """A chart as SVG, or what will be that.

    Args:
        finish: what is done to it once it is drawn.
    """
    pen = _pen
    return pen.waiting.submit(lambda: finish(pen.svg(spec))) if pen else finish(_here(spec))


def put_away() -> None:
    """End the process that draws, where there is one, once the page that its charts are for is made."""
    global _pen
    pen, _pen = _pen, None
    if pen:
        pen.put_away()


def _here(spec: Spec) -> str:
    import vl_convert

    return str(vl_convert.vegalite_to_svg(spec))

"""Vega-Lite to SVG, where it is known early that charts will be wanted by a process that starts beside other work.

At its first chart vl-convert starts a JavaScript engine. That takes half a second, for which all threads of Python
wait. Whoever has other work to do before the first chart says so (`ready`), and the engine starts in a second process
meanwhile. Where nobody has, or that process cannot be started or dies, the charts are drawn here: they are the same.
"""

import json
import subprocess
import sys
from typing import Any

_AT_WORK = """
import json, sys
import vl_convert
vl_convert.vegalite_to_svg({"mark": "point"})
for line in sys.stdin:
    sys.stdout.write(json.dumps(vl_convert.vegalite_to_svg(json.loads(line))) + "\\n")
    sys.stdout.flush()
"""

_process: "subprocess.Popen[str] | None" = None


def ready() -> None:
    """Start a process that draws. It ends with `put_away`, or when this one does, however that ends."""
    global _process
    if _process or not sys.executable:
        return
    try:
        # -P: what lies in the folder that somebody works in is none of its modules. Ctrl-C is for this process alone.
        _process = subprocess.Popen(
            [sys.executable, "-P", "-c", _AT_WORK],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            start_new_session=True,
        )
    except OSError:
        _process = None


def svg(spec: dict[str, Any]) -> str:
    """A chart drawn."""
    drawn = _asked(_process, spec) if _process else None
    if drawn is None:
        import vl_convert

        put_away()
        drawn = str(vl_convert.vegalite_to_svg(spec))
    return drawn


def put_away() -> None:
    """End the process that draws, where there is one."""
    global _process
    process, _process = _process, None
    if process:
        process.kill()  # it has nothing to lose
        process.communicate()


def _asked(process: "subprocess.Popen[str]", spec: dict[str, Any]) -> str | None:
    """What the process draws, or None where it has died."""
    assert process.stdin
    assert process.stdout
    try:
        process.stdin.write(json.dumps(spec) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
    except OSError:
        return None
    return json.loads(line) if line.endswith("\n") else None

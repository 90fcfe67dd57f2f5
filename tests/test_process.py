"""What a process of ours does with garbage: shown by one that is not this one."""

import subprocess
import sys


def test_garbage_is_collected_seldom_and_what_lives_at_the_end_is_not_walked():
    script = """
import atexit, gc
from linkage import process
atexit.register(lambda: print(gc.get_freeze_count() > 1000))  # after what begin registers: the last comes first
process.begin()
print(gc.isenabled(), gc.get_threshold()[0] > 10_000)
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["True", "True", "True"]

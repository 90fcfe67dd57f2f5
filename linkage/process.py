"""How a process of ours treats garbage: seldom, and not at its end.

Python looks for unreachable cycles at every few hundred new objects, and walks all objects for it at the end. The
libraries that a verb imports are some hundred thousand objects, none of which is ever garbage: walking them cost a
tenth of a second at the end of each process, and more while it ran. What leaves no cycle is freed as before.
"""

import atexit
import gc

_NEW_OBJECTS = 100_000
"""New objects that may be in cycles before they are looked through, some ten megabytes; Python's own number is 700."""


def begin() -> None:
    """To be called once, before what a process imports later, by the process and not by a library."""
    gc.set_threshold(_NEW_OBJECTS, *gc.get_threshold()[1:])
    atexit.register(gc.freeze)  # what is frozen is not walked: the system takes it back whole

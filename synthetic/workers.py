"""Makes chunks one after the other, or several at once in processes that end with the one that started them."""

import contextlib
import ctypes
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pyarrow as pa

from synthetic.chunks import Chunk

Make = Callable[[Chunk], Counter[str]]

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # malloc.h


def each(make: Make, chunks: list[Chunk], workers: int) -> Iterator[tuple[Chunk, Counter[str]]]:
    """Each chunk with what `make` returns for it, in their order.

    Raises:
        BrokenProcessPool: a worker was killed.
        OSError: a worker could not write.
    """
    if workers == 1 or len(chunks) == 1:
        with _system_memory():
            for one in chunks:
                yield one, make(one)
        return
    others = set(multiprocessing.active_children())
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(chunks)), mp_context=context, initializer=_begin) as pool:
        try:
            # pool.map would call off what waits as soon as it is left; the pool's own thread, where it finds a worker
            # gone, would then fail at what was called off, and print that.
            asked = [pool.submit(make, chunk) for chunk in chunks]
            for chunk, made in zip(chunks, asked, strict=True):
                yield chunk, made.result()
        except BaseException:
            for worker in set(multiprocessing.active_children()) - others:
                worker.terminate()  # nobody wants what they are at
            pool.shutdown(cancel_futures=True)
            raise


def _begin() -> None:
    """Set up a worker: one thread, for the workers share the processors already; Ctrl-C is the parent's to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    pa.set_memory_pool(pa.system_memory_pool())
    _keep_freed_memory()


def _keep_freed_memory() -> None:
    """Let glibc keep what is freed for the next chunk: given back to the kernel it would have to be cleared anew each
    time, a twentieth of all work. The most that a worker holds stays the same."""
    with contextlib.suppress(OSError, AttributeError):  # another C library has no mallopt
        libc = ctypes.CDLL(None)
        libc.mallopt(_MMAP_THRESHOLD, 2**30)
        libc.mallopt(_TRIM_THRESHOLD, 2**31 - 1)


def _end_with_parent() -> None:
    """A parent that is killed outright cannot end its workers; they would wait for work for ever."""
    parent: Any = multiprocessing.parent_process()
    multiprocessing.connection.wait([parent.sentinel])
    os._exit(1)


@contextlib.contextmanager
def _system_memory() -> Iterator[None]:
    """Let Arrow take memory where NumPy does: what one frees the other then takes, a tenth less in all."""
    before = pa.default_memory_pool()
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        yield
    finally:
        pa.set_memory_pool(before)

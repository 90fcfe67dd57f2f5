"""Slips of the keyboard, on rows of bytes: a neighbouring key, a letter left out, doubled or swapped with the next."""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from synthetic.drawn.draws import Draws, Floats
from synthetic.drawn.text import Bytes, byte_rows, strings

WIDTH = 40
_ROWS = ("QWERTYUIOP", "ASDFGHJKL", "ZXCVBNM")
SUBSTITUTE, DELETE, DOUBLE, TRANSPOSE = range(4)
_SHARES = np.cumsum([0.35, 0.25, 0.15, 0.25])
_FIRST = 0.7  # the part of the first letter that is spared: one slip in thirteen falls on it (Pollock and Zamora 1984)


def _neighbours() -> Bytes:
    """For each byte four other letters beside it on the keyboard; what is no letter gets letters too, never zero."""
    table = np.tile(np.frombuffer(b"EAIO", np.uint8), (256, 1))
    place = {key: (x + 0.4 * y, y) for y, row in enumerate(_ROWS) for x, key in enumerate(row)}
    for key, (x, y) in place.items():
        near = sorted((k for k in place if k != key), key=lambda k: (place[k][0] - x) ** 2 + (place[k][1] - y) ** 2)
        table[ord(key)] = np.frombuffer("".join(near[:4]).encode(), np.uint8)
    return table


_NEIGHBOURS = _neighbours()


def mistyped(draws: Draws, field: str, ids: NDArray[Any], events: NDArray[Any], values: Any) -> Any:
    """Each string with one slip that surely changes it; strings are in capitals and at least one letter long."""
    rows = byte_rows(values, WIDTH)
    if not len(rows):
        return pa.array([], pa.string())
    length = (rows != 0).sum(axis=1)
    kind = np.searchsorted(_SHARES, draws.uniform(field + ".slip", ids, events), side="right").clip(0, 3)
    spot = draws.uniform(field + ".spot", ids, events)
    which = draws.uniform(field + ".key", ids, events)
    kind = np.where((length < 3) & (kind != DOUBLE), SUBSTITUTE, kind)
    at = (_FIRST + spot * (length - (kind == TRANSPOSE) - _FIRST)).astype(np.int64)
    here = np.arange(len(rows))
    alike = rows[here, at] == rows[here, np.minimum(at + 1, WIDTH - 1)]
    kind = np.where((kind == TRANSPOSE) & alike, SUBSTITUTE, kind)
    return strings(_slipped(rows, kind, at, which))


def _slipped(rows: Bytes, kind: NDArray[Any], at: NDArray[Any], which: Floats) -> Bytes:
    """Rows after their slip, which is a choice of where each byte comes from."""
    place = np.arange(WIDTH)[None, :]
    spot = at[:, None]
    source = np.broadcast_to(place, rows.shape).copy()
    source += ((kind == DELETE)[:, None] & (place >= spot)).astype(np.int64)
    source -= ((kind == DOUBLE)[:, None] & (place > spot)).astype(np.int64)
    swap = (kind == TRANSPOSE)[:, None]
    source += (swap & (place == spot)).astype(np.int64) - (swap & (place == spot + 1)).astype(np.int64)
    padded = np.concatenate([rows, np.zeros((len(rows), 1), np.uint8)], axis=1)
    out: Bytes = np.take_along_axis(padded, source, axis=1)
    changed = np.flatnonzero(kind == SUBSTITUTE)
    key = rows[changed, at[changed]]
    out[changed, at[changed]] = _NEIGHBOURS[key, (which[changed] * 4).astype(np.int64)]
    return out

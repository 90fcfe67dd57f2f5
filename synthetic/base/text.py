"""Columns of text as codes over a list of values, so that a string is built once and
not once a row.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Text:
    """A column: `values[index]`, where an index of -1 is NULL."""

    values: Any  # pa.StringArray, without NULLs
    index: NDArray[np.int32]

    def take(self, rows: NDArray[Any]) -> "Text":
        """The column at other rows."""
        return Text(self.values, self.index[rows])

    def where(self, keep: NDArray[np.bool_]) -> "Text":
        """The same column, NULL where `keep` is false."""
        return Text(self.values, np.where(keep, self.index, -1).astype(np.int32))

    def upper(self) -> "Text":
        """The same column in capitals."""
        return Text(pc.utf8_upper(self.values), self.index)

    def plain(self) -> Any:
        """The column as a pa.StringArray."""
        return self.values.take(pa.array(self.index, mask=self.index < 0))

    def array(self) -> Any:
        """The column as an Arrow dictionary without repeated or unused values.

        Parquet files of equal rows then have equal bytes, and no value enters a file
        that no row holds.
        """
        is_used = np.zeros(len(self.values) + 1, bool)
        is_used[self.index] = True  # -1 marks the last place
        is_used[-1] = False
        used_places = np.flatnonzero(is_used)
        codes = self.values.take(pa.array(used_places)).dictionary_encode()
        place = np.full(len(is_used), -1, np.int32)
        place[used_places] = codes.indices.to_numpy()
        index = place[self.index]
        return pa.DictionaryArray.from_arrays(
            pa.array(index, mask=index < 0), codes.dictionary
        )


def spread(text: Text, mask: NDArray[np.bool_], values: Any) -> Text:
    """The column with new values (one for each true `mask`, in order)."""
    index = text.index.copy()
    index[mask] = np.arange(len(values), dtype=np.int32) + len(text.values)
    return Text(pa.concat_arrays([text.values, values]), index)


def joined(first: Any, second: Any) -> Any:
    """Two string arrays joined by a space; a NULL part and its space are left out."""
    # Arrow 26 loses a row whose parts are all NULL when told to skip them, so they are
    # written out and trimmed.
    text = pc.binary_join_element_wise(
        first, second, " ", null_handling="replace", null_replacement=""
    )
    is_missing = pc.and_(pc.is_null(first), pc.is_null(second))
    return pc.if_else(
        is_missing, pa.scalar(None, pa.string()), pc.ascii_trim_whitespace(text)
    )


def unique_rows(values: Any) -> Text:
    """A string array as a column, with one value for each row."""
    is_missing = np.asarray(values.is_null())
    index = np.arange(len(values), dtype=np.int32)
    return Text(values.fill_null(""), np.where(is_missing, -1, index).astype(np.int32))


def distinct(codes: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """The distinct values of whole numbers in ascending order, and the place of each
    number among them.

    As np.unique with return_inverse, but by a table in place of a sort where the
    numbers lie close enough together.
    """
    if not len(codes):
        return codes, np.empty(0, np.int64)
    low = codes.min()
    width = int(codes.max()) - int(low) + 1
    if width > 16 * len(codes) + 1_000:
        values, place = np.unique(codes, return_inverse=True)
        return values, place
    offsets = codes - low
    is_present = np.zeros(width, bool)
    is_present[offsets] = True
    distinct_offsets = np.flatnonzero(is_present)
    places = np.empty(width, np.int32)
    places[distinct_offsets] = np.arange(len(distinct_offsets), dtype=np.int32)
    return (distinct_offsets + low).astype(codes.dtype), places[offsets].astype(
        np.int64
    )


def digits(numbers: NDArray[Any], width: int) -> Bytes:
    """Whole numbers as rows of ASCII digits, padded with zeros: (n,) to (n, width)."""
    rest = numbers.astype(np.int64)
    out = np.empty((len(rest), width), np.uint8)
    for place in range(width - 1, -1, -1):
        rest, out[:, place] = np.divmod(rest, 10)
    out += ord("0")
    return out


def letters(codes: NDArray[Any], alphabet: str) -> Bytes:
    """Codes as one letter of an alphabet each: (n,) to (n, 1)."""
    return np.frombuffer(alphabet.encode(), np.uint8)[codes.astype(np.int64)][:, None]


def strings(*columns: Bytes) -> Any:
    """Rows of bytes side by side as a pa.StringArray; bytes of zero are left out."""
    rows = np.concatenate(columns, axis=1)
    is_filled = rows != 0
    offsets = np.zeros(len(rows) + 1, np.int32)
    np.cumsum(is_filled.sum(axis=1), out=offsets[1:])
    data = rows.ravel() if is_filled.all() else rows[is_filled]
    return pa.StringArray.from_buffers(
        len(rows), pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(data))
    )


def byte_rows(values: Any, width: int) -> Bytes:
    """A string array as rows of bytes, padded with zeros or cut at the width."""
    rows = np.array(values.to_pylist(), dtype=f"S{width}")
    return rows.view(np.uint8).reshape(len(rows), width).copy()

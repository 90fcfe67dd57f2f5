"""Arrays on their way into an engine."""

import functools
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa


def whole_numbers(columns: Mapping[str, Any]) -> pa.Table:
    """A table of BIGINT columns from sequences of integers, without `pyarrow.array`, which asks for pandas."""
    arrays = []
    for values in columns.values():
        numbers = np.ascontiguousarray(values, dtype=np.int64)
        arrays.append(pa.Array.from_buffers(pa.int64(), len(numbers), [None, pa.py_buffer(numbers)]))
    return pa.Table.from_arrays(arrays, names=list(columns))


@functools.cache
def without_pandas() -> None:
    """Have pyarrow take it that there is no pandas, until a table is turned into one of pandas.

    pyarrow asks of most that it is given or asked for whether it is a pandas object, and imports pandas to know: a
    third of a second of every run. It asks once, so it is answered once. For commands, which own their process:
    objects of pandas that are handed over later are read as any other sequence is. Where somebody has imported pandas
    before, nothing is done.
    """
    if "pandas" in sys.modules:
        return
    sys.meta_path.insert(0, _NoPandas)
    try:
        pa.array([])
    finally:
        sys.meta_path.remove(_NoPandas)


class _NoPandas:
    """A finder that says of pandas that it is not installed."""

    @staticmethod
    def find_spec(name: str, *_: Any) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

"""pyarrow is told that there is no pandas, and finds it where it is needed."""

import subprocess
import sys

_ASKED = """
import sys
import pyarrow as pa
from linkage.engine import connect, without_pandas

{first}
without_pandas()
with connect() as engine:
    table = pa.table({{"number": [1, 2], "text": ["a", None]}})
    assert table.column("number").to_numpy().sum() == 3
    assert ("pandas" in sys.modules) is {is_loaded}
    frame = table.to_pandas()
    assert list(frame["number"]) == [1, 2]
    assert pa.array(frame["text"]).to_pylist() == ["a", None]
    assert pa.table(frame).num_rows == 2
"""


def _run(**words: object) -> None:
    subprocess.run([sys.executable, "-c", _ASKED.format(**words)], check=True, timeout=60)


def test_pandas_is_imported_for_its_own_tables_alone():
    _run(first="", is_loaded=False)


def test_who_has_imported_pandas_may_hand_over_its_objects():
    _run(
        first="import pandas\nwithout_pandas()\nassert pa.array(pandas.Series([1.0, None])).null_count",
        is_loaded=True,
    )


def test_a_connection_alone_leaves_pandas_to_whoever_made_it():
    asked = "import pyarrow as pa\nfrom linkage.engine import connect\nwith connect():\n    import pandas\n"
    asked += "    assert pa.array(pandas.Series(['a', None, float('nan')])).null_count == 2"
    subprocess.run([sys.executable, "-c", asked], check=True, timeout=60)

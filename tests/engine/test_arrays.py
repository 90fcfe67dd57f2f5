"""pyarrow is told that there is no pandas, and finds it where it is needed."""

import json
import subprocess
import sys
from typing import Any

_ASKED = """
import json, sys
import pyarrow as pa
from linkage.engine import connect, without_pandas

{first}
without_pandas()
with connect() as engine:
    table = pa.table({{"number": [1, 2], "text": ["a", None]}})
    total = int(table.column("number").to_numpy().sum())
    is_loaded = "pandas" in sys.modules
    frame = table.to_pandas()
    texts = pa.array(frame["text"]).to_pylist()
    print(json.dumps([total, is_loaded, list(map(int, frame["number"])), texts, pa.table(frame).num_rows]))
"""


def _said(asked: str) -> Any:
    """What a process of its own prints last."""
    done = subprocess.run([sys.executable, "-c", asked], check=True, timeout=600, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def test_pandas_is_imported_for_its_own_tables_alone():
    assert _said(_ASKED.format(first="")) == [3, False, [1, 2], ["a", None], 2]


def test_who_has_imported_pandas_may_hand_over_its_objects():
    first = "import pandas\nwithout_pandas()\nassert pa.array(pandas.Series([1.0, None])).null_count"
    assert _said(_ASKED.format(first=first)) == [3, True, [1, 2], ["a", None], 2]


def test_a_connection_alone_leaves_pandas_to_whoever_made_it():
    asked = "import pyarrow as pa\nfrom linkage.engine import connect\nwith connect():\n    import pandas\n"
    asked += "    print(pa.array(pandas.Series(['a', None, float('nan')])).null_count)"
    assert _said(asked) == 2

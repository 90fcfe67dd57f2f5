"""dedupe: a hundred pairs, those that it asks about, labelled from the truth; then training and a one-to-one join.

python dedupe_alone.py LEFT RIGHT OUT, in an environment with dedupe; truth.csv lies beside LEFT
"""

import csv
import multiprocessing
import sys
from pathlib import Path

import dedupe
import dedupe.variables
import pyarrow as pa
import pyarrow.parquet as pq

_LABELS = 100  # what a person answers in an hour or less
_EXACT = ("sex", "state")


def main(left: str, right: str, out: str) -> None:
    sides = [_records(path) for path in (left, right)]
    with (Path(left).parent / "truth.csv").open(encoding="utf-8") as file:
        truth = {(row["left_id"], row["right_id"]) for row in csv.DictReader(file)}
    names = [name for name in next(iter(sides[0].values())) if name != "id"]
    fields = [
        dedupe.variables.Exact(name, has_missing=True)
        if name in _EXACT
        else dedupe.variables.String(name, has_missing=True)
        for name in names
    ]
    linker = dedupe.RecordLink(fields, num_cores=1)
    linker.prepare_training(*sides, sample_size=1_500)
    known = list(truth & {(a, b) for a, b in truth if a in sides[0] and b in sides[1]})[:20]
    linker.mark_pairs({"match": [(sides[0][a], sides[1][b]) for a, b in known], "distinct": []})
    for _ in range(_LABELS):
        for pair in linker.uncertain_pairs():
            answer = "match" if (pair[0]["id"], pair[1]["id"]) in truth else "distinct"
            linker.mark_pairs({"match": [], "distinct": [], answer: [pair]})
    linker.train(recall=0.98, index_predicates=False)
    links = linker.join(*sides, threshold=0.5, constraint="one-to-one")
    table = {"left_id": [pair[0] for pair, _ in links], "right_id": [pair[1] for pair, _ in links]}
    pq.write_table(pa.table(table), out)


def _records(path: str) -> dict[str, dict[str, str | None]]:
    rows = pq.read_table(path).to_pylist()
    return {str(row["id"]): {name: str(value or "").strip() or None for name, value in row.items()} for row in rows}


if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    main(*sys.argv[1:])

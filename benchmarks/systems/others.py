"""Systems of the package index on two files: python others.py SYSTEM LEFT RIGHT OUT, in an environment that has it."""

import csv
import multiprocessing
import sys
import warnings
from pathlib import Path

_LABELS = 100  # pairs that a person labels in an hour or less
_EXACT = ("sex", "state")


def by_recordlinkage(left: str, right: str, out: str) -> None:
    """The ECM classifier of the recordlinkage toolkit."""
    import pandas as pd
    import recordlinkage

    warnings.filterwarnings("ignore")
    a, b = (pd.read_parquet(path).set_index("id") for path in (left, right))
    index = recordlinkage.Index()
    for names in (["dob"], ["forename", "surname"], ["surname", "postcode"], ["forename", "postcode"]):
        index.block(names)
    pairs = index.index(a, b)
    compare = recordlinkage.Compare()
    for name in a.columns:
        if name in ("sex", "state", "dob", "postcode", "nino", "street_number"):
            compare.exact(name, name, label=name)
        else:
            compare.string(name, name, method="jarowinkler", threshold=0.88, label=name)
    features = compare.compute(pairs, a, b)
    ecm = recordlinkage.ECMClassifier(binarize=0.8)
    ecm.fit_predict(features)
    probability = ecm.prob(features)
    scored = probability[probability >= 0.5].rename("score").reset_index()
    scored.columns = ["left_id", "right_id", "score"]
    scored = scored.sort_values(["score", "left_id", "right_id"], ascending=[False, True, True])
    best = scored[~scored.duplicated("left_id") & ~scored.duplicated("right_id")]
    best.to_parquet(out)


def by_dedupe(left: str, right: str, out: str) -> None:
    """A hundred pairs, those that it asks about, labelled from truth.csv; then training and a one-to-one join."""
    import dedupe
    import dedupe.variables
    import pyarrow as pa
    import pyarrow.parquet as pq

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
    import pyarrow.parquet as pq

    rows = pq.read_table(path).to_pylist()
    return {str(row["id"]): {name: str(value or "").strip() or None for name, value in row.items()} for row in rows}


if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    systems = {"recordlinkage": by_recordlinkage, "dedupe": by_dedupe}
    systems[sys.argv[1]](*sys.argv[2:])

"""goldenmatch with nothing configured: it chooses fields, blocking and thresholds itself; best partner of each record.

python goldenmatch_alone.py LEFT RIGHT OUT, in an environment with goldenmatch
"""

import sys

import goldenmatch
import pyarrow as pa
import pyarrow.parquet as pq


def main(left: str, right: str, out: str) -> None:
    sides = [pq.read_table(path) for path in (left, right)]
    found = goldenmatch.match_df(*sides, confidence_required=False, allow_red_config=True, exclude_columns=["id"])
    rows = found.matched.to_pylist() if found.matched is not None else []
    pairs = sorted((-row["__match_score__"], str(row["target_id"]), str(row["ref_id"])) for row in rows)
    taken: tuple[set[str], set[str]] = (set(), set())
    best = []
    for _, one, other in pairs:
        if one not in taken[0] and other not in taken[1]:
            taken[0].add(one)
            taken[1].add(other)
            best.append((one, other))
    pq.write_table(pa.table({"left_id": [one for one, _ in best], "right_id": [other for _, other in best]}), out)


if __name__ == "__main__":
    main(*sys.argv[1:])

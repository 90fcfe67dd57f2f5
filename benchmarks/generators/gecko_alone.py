"""gecko-syndata: persons drawn from the same tables of names, and a second file of them with mistakes.

Four columns are mutated at the rates that leo-linkage's realistic preset has, by gecko's own operations.
"""

import json
import string
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from gecko import generator, mutator


def main(records: str, out: str, reference: str) -> None:
    count, folder, rng = int(records) // 2, Path(out), np.random.default_rng(2026)
    births = pd.read_parquet(Path(reference) / "forenames.parquet")
    names = births.astype({"name": str}).groupby("name", as_index=False)["share"].sum()
    surnames = pd.read_csv(Path(reference) / "surnames.csv", keep_default_na=False)
    sectors = pd.read_csv(Path(reference) / "sectors.csv", keep_default_na=False)
    people = generator.to_data_frame(
        [
            ("forename", generator.from_frequency_table(names, "name", "share", rng=rng)),
            ("surname", generator.from_frequency_table(surnames, "name", "share", rng=rng)),
            ("sector", generator.from_frequency_table(sectors, "sector", "units", rng=rng)),
            ("sex", generator.from_frequency_table(pd.DataFrame({"v": ["F", "M"], "n": [1, 1]}), "v", "n", rng=rng)),
            ("dob", generator.from_datetime_range("1985-09-01", "2006-08-31", "%Y-%m-%d", "D", rng=rng)),
        ],
        count,
    )
    people.insert(0, "id", np.arange(count))
    slips = [
        mutator.with_insert(string.ascii_lowercase, rng=rng),
        mutator.with_delete(rng=rng),
        mutator.with_transpose(rng=rng),
        mutator.with_substitute(string.ascii_lowercase, rng=rng),
    ]
    written = mutator.mutate_data_frame(
        people,
        [
            ("forename", [(0.0058, slip) for slip in slips]),
            ("surname", [(0.004, slip) for slip in slips]),
            ("dob", (0.005, mutator.with_datetime_offset(31, "d", "%Y-%m-%d", rng=rng))),
            ("sex", (0.003, mutator.with_missing_value("", rng=rng))),
        ],
    )
    folder.mkdir(parents=True)
    people.to_parquet(folder / "left.parquet")
    written.to_parquet(folder / "right.parquet")
    versions = {name: version(name) for name in ("gecko-syndata", "numpy", "pandas", "pyarrow")}
    print(json.dumps({"records": 2 * count, "versions": versions}))


if __name__ == "__main__":
    main(*sys.argv[1:])

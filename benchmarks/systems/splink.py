"""Splink 5, set up as its tutorials do: training, prediction, best mutual links of two
files or clusters of one.

python -m benchmarks.systems.splink LEFT [RIGHT] OUT THRESHOLD [--scored PATH]

--scored: also write what the best threshold is sought among: the best mutual links of
two files, or all pairs of one, down to a match probability of 1e-6.
"""

import argparse
import sys
from contextlib import suppress
from typing import Any

import duckdb
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from benchmarks.systems import BEST_MUTUAL_LINKS, blocking_columns

# Comparisons as Splink's templates make them for a field; what is not listed is
# compared as text.
_TEMPLATES = {
    "forename": cl.NameComparison,
    "surname": cl.NameComparison,
    "postcode": cl.PostcodeComparison,
}
_DEDUPE_RULES = [
    ["forename", "surname"],
    ["dob"],
    ["postcode", "street_number"],
    ["surname", "postcode"],
    ["address"],
]
_DEDUPE_RULES_WITHOUT_BIRTH_DATE = [
    ["forename", "postcode"],
    ["forename", "street"],
    ["surname", "street"],
    ["phone"],
    ["email"],
]
_LEAST_PROBABILITY = 1e-6  # of the pairs among which the best threshold is sought
_WITHOUT_BIRTH_DATE = ("forename", "surname", "birth_year", "postcode", "town")


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.systems.splink")
    parser.add_argument("files", nargs="+")
    parser.add_argument("out")
    parser.add_argument("threshold", type=float)
    parser.add_argument("--scored")
    options = parser.parse_args(arguments)
    files, out, threshold = options.files, options.out, options.threshold
    connection, is_link = duckdb.connect(), len(files) == 2
    columns = _columns_of_all(connection, files)
    for number, path in enumerate(files):
        connection.execute(
            f"create table file_{number} as select id, {', '.join(columns)} from "
            f"'{path}'"
        )
    rules = blocking_columns(columns) if is_link else _dedupe_rules(columns)
    settings = SettingsCreator(
        link_type="link_only" if is_link else "dedupe_only",
        unique_id_column_name="id",
        comparisons=[_comparison(connection, name) for name in columns],
        blocking_rules_to_generate_predictions=[
            block_on(*names) for names in rules if set(names) <= set(columns)
        ],
        retain_matching_columns=False,
        retain_intermediate_calculation_columns=False,
    )
    api = DuckDBAPI(connection=connection)
    names = [f"file_{number}" for number in range(len(files))]
    linker = Linker(
        [api.register(name, dataset_display_name=name) for name in names],
        settings,
        log_level="ERROR",
    )
    person = ("dob", "forename", "surname") if "dob" in columns else _WITHOUT_BIRTH_DATE
    exact = [name for name in person if name in columns][:4]
    recall = 0.8 if is_link else 0.6
    linker.training.estimate_probability_two_random_records_match(
        [block_on(*exact)], recall=recall
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    birth = next(
        name for name in ("dob", "phone", "postcode", "town") if name in columns
    )
    _train(linker, [[birth]])
    _train(linker, [["forename", "surname"], ["surname", "town"], ["forename", "town"]])
    least = min(threshold, _LEAST_PROBABILITY) if options.scored else threshold
    pairs = linker.inference.predict(threshold_match_probability=least)
    if is_link:
        scored = BEST_MUTUAL_LINKS.format(
            pairs=pairs.physical_name, left="file_0", id="id"
        )
        query = f"select * from ({scored}) where match_probability >= {threshold}"
    else:
        scored = (
            "select id_l as left_id, id_r as right_id, match_probability from "
            f"{pairs.physical_name}"
        )
        clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(
            pairs, threshold_match_probability=threshold
        )
        query = f"select id, cluster_id as person_id from {clusters.physical_name}"
    connection.execute(f"copy ({query}) to '{out}' (format parquet)")
    if options.scored:
        connection.execute(f"copy ({scored}) to '{options.scored}' (format parquet)")


def _train(linker: Linker, blocks: list[list[str]]) -> None:
    """Train on the first block that Splink can train on; where the probability of a
    level falls below what it allows, an analyst tries another.
    """
    for fields in blocks:
        with suppress(ValueError):
            linker.training.estimate_parameters_using_expectation_maximisation(
                block_on(*fields), estimate_without_term_frequencies=True, max_pairs=1e6
            )
            return


def _dedupe_rules(columns: list[str]) -> list[list[str]]:
    if "dob" in columns:
        return _DEDUPE_RULES
    return _DEDUPE_RULES + _DEDUPE_RULES_WITHOUT_BIRTH_DATE


def _columns_of_all(
    connection: duckdb.DuckDBPyConnection, files: list[str]
) -> list[str]:
    """Columns that all files have and that say something: two values at least."""
    columns = [_varying_columns(connection, path) for path in files]
    return [
        name
        for name in columns[0]
        if name != "id" and all(name in others for others in columns)
    ]


def _varying_columns(connection: duckdb.DuckDBPyConnection, path: str) -> list[str]:
    names = [
        str(row[0]) for row in connection.execute(f"describe from '{path}'").fetchall()
    ]
    counts = ", ".join(f'count(distinct "{name}")' for name in names)
    values = connection.execute(f"select {counts} from '{path}'").fetchall()[0]
    return [name for name, count in zip(names, values, strict=True) if count > 1]


def _comparison(connection: duckdb.DuckDBPyConnection, name: str) -> Any:
    if name in _TEMPLATES and not (name == "postcode" and not _british(connection)):
        return _TEMPLATES[name](name)
    if name == "dob":
        return cl.DateOfBirthComparison("dob", input_is_string=True)
    if name in ("sex", "state", "nino", "birth_year"):
        return cl.ExactMatch(name)
    return cl.LevenshteinAtThresholds(name, [1, 2]).configure(
        term_frequency_adjustments=True
    )


def _british(connection: duckdb.DuckDBPyConnection) -> bool:
    query = (
        "select avg((regexp_matches(postcode, '^[A-Z]+[0-9]'))::int) from file_0 "
        "where postcode is not null"
    )
    return (connection.execute(query).fetchall()[0][0] or 0) > 0.5


if __name__ == "__main__":
    main(sys.argv[1:])

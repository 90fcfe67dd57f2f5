"""Splink 5, set up as its tutorials do: training, prediction, best mutual links of two
files or clusters of one.

python -m benchmarks.systems.splink LEFT [RIGHT] OUT THRESHOLD
"""

import sys
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
_WITHOUT_BIRTH_DATE = ("forename", "surname", "birth_year", "postcode", "town")


def main(*arguments: str) -> None:
    *files, out, threshold = arguments
    connection, is_link = duckdb.connect(), len(files) == 2
    columns = _columns_of_all(connection, files)
    for number, path in enumerate(files):
        connection.execute(
            f"create table file_{number} as select id, {', '.join(columns)} from "
            f"'{path}'"
        )
    rules = blocking_columns(columns) if is_link else _DEDUPE_RULES
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
    for fields in ([birth], ["forename", "surname"]):
        linker.training.estimate_parameters_using_expectation_maximisation(
            block_on(*fields), estimate_without_term_frequencies=True, max_pairs=1e6
        )
    pairs = linker.inference.predict(threshold_match_probability=float(threshold))
    if is_link:
        query = BEST_MUTUAL_LINKS.format(
            pairs=pairs.physical_name, left="file_0", id="id"
        )
    else:
        clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(
            pairs, threshold_match_probability=float(threshold)
        )
        query = f"select id, cluster_id as person_id from {clusters.physical_name}"
    connection.execute(f"copy ({query}) to '{out}' (format parquet)")


def _columns_of_all(
    connection: duckdb.DuckDBPyConnection, files: list[str]
) -> list[str]:
    columns = [
        [row[0] for row in connection.execute(f"describe from '{path}'").fetchall()]
        for path in files
    ]
    return [
        name
        for name in columns[0]
        if name != "id" and all(name in others for others in columns)
    ]


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
    main(*sys.argv[1:])

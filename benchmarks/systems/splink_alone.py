"""Splink 5 alone, as its own tutorials set it up: the same files, training, prediction, best mutual links.

python -m benchmarks.systems.splink_alone LEFT RIGHT OUT [MATCH_PROBABILITY]
"""

import json
import sys
from pathlib import Path

import duckdb
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from benchmarks.systems import blocking_columns

# Comparisons as Splink's templates make them for a field; what is not listed is compared as text.
_TEMPLATES = {
    "forename": cl.NameComparison,
    "surname": cl.NameComparison,
    "postcode": cl.PostcodeComparison,
}


def main(left: str, right: str, out: str, probability: str = "0.95") -> None:
    connection = duckdb.connect()
    files = {"file_left": left, "file_right": right}
    held = [[row[0] for row in connection.execute(f"describe from '{path}'").fetchall()] for path in files.values()]
    columns = [name for name in held[0] if name in held[1] and name != "id"]
    for name, path in files.items():
        connection.execute(f"create table {name} as select id, {', '.join(columns)} from read_parquet('{path}')")
    settings = SettingsCreator(
        link_type="link_only",
        unique_id_column_name="id",
        comparisons=[_comparison(connection, name) for name in columns],
        blocking_rules_to_generate_predictions=[block_on(*names) for names in blocking_columns(columns)],
        retain_matching_columns=False,
        retain_intermediate_calculation_columns=False,
    )
    api = DuckDBAPI(connection=connection)
    tables = [api.register(name, dataset_display_name=name) for name in ("file_left", "file_right")]
    linker = Linker(tables, settings, log_level="ERROR")
    sure = [name for name in ("dob", "forename", "surname") if name in columns]
    sure += [name for name in ("birth_year", "postcode", "town") if name in columns and "dob" not in columns][:2]
    linker.training.estimate_probability_two_random_records_match([block_on(*sure)], recall=0.8)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    birth = next(name for name in ("dob", "phone", "postcode", "town") if name in columns)
    for names in ([birth], ["forename", "surname"]):
        linker.training.estimate_parameters_using_expectation_maximisation(
            block_on(*names), estimate_without_term_frequencies=True, max_pairs=1e6
        )
    pairs = linker.inference.predict(threshold_match_probability=float(probability)).physical_name
    connection.execute(
        f"""
        copy (
            with sided as (
                select case when source_dataset_l = 'file_left' then id_l else id_r end as left_id,
                       case when source_dataset_l = 'file_left' then id_r else id_l end as right_id,
                       match_weight, match_probability
                from {pairs}
            ),
            ranked as (
                select *, row_number() over (partition by left_id order by match_weight desc, right_id) as of_left,
                       row_number() over (partition by right_id order by match_weight desc, left_id) as of_right
                from sided
            )
            select left_id, right_id, match_weight, match_probability from ranked where of_left = 1 and of_right = 1
        ) to '{out}' (format parquet)
        """
    )
    Path(out).with_suffix(".json").write_text(json.dumps({"comparisons": columns, "rules": blocking_columns(columns)}))


def _comparison(connection: duckdb.DuckDBPyConnection, name: str) -> object:
    if name in _TEMPLATES and not (name == "postcode" and not _british(connection)):
        return _TEMPLATES[name](name)
    if name == "dob":
        return cl.DateOfBirthComparison("dob", input_is_string=True)
    if name in ("sex", "state", "nino", "birth_year"):
        return cl.ExactMatch(name)
    return cl.LevenshteinAtThresholds(name, [1, 2]).configure(term_frequency_adjustments=True)


def _british(connection: duckdb.DuckDBPyConnection) -> bool:
    query = "select avg((regexp_matches(postcode, '^[A-Z]+[0-9]'))::int) from file_left where postcode is not null"
    return (connection.execute(query).fetchall()[0][0] or 0) > 0.5


if __name__ == "__main__":
    main(*sys.argv[1:])

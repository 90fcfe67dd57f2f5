"""Splink 5 alone on one file, as its tutorial on FEBRL 3 sets it up: training, prediction, clusters at 0.95.

python -m benchmarks.systems.splink_dedupe FILE OUT
"""

import sys

import duckdb
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

_RULES = (["forename", "surname"], ["dob"], ["postcode", "street_number"], ["surname", "postcode"], ["address"])


def main(path: str, out: str) -> None:
    connection = duckdb.connect()
    connection.execute(f"create table file as from read_parquet('{path}')")
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="id",
        comparisons=[
            cl.NameComparison("forename"),
            cl.NameComparison("surname"),
            cl.DateOfBirthComparison("dob", input_is_string=True),
            cl.ExactMatch("state"),
            *(
                cl.LevenshteinAtThresholds(name, [1, 2]).configure(term_frequency_adjustments=True)
                for name in ("postcode", "street_number", "address", "address_2", "town")
            ),
        ],
        blocking_rules_to_generate_predictions=[block_on(*names) for names in _RULES],
    )
    linker = Linker(DuckDBAPI(connection=connection).register("file"), settings, log_level="ERROR")
    linker.training.estimate_probability_two_random_records_match([block_on("dob", "forename", "surname")], recall=0.6)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for names in (["dob"], ["forename", "surname"]):
        linker.training.estimate_parameters_using_expectation_maximisation(
            block_on(*names), estimate_without_term_frequencies=True
        )
    pairs = linker.inference.predict(threshold_match_probability=0.95)
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(pairs, threshold_match_probability=0.95)
    connection.execute(
        f"copy (select id, cluster_id as person_id from {clusters.physical_name}) to '{out}' (format parquet)"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Splink 5's own linker on Spark, by spark-submit: the same files and model, predictions, best mutual links on disk.

splink_alone.py LEFT RIGHT MODEL OUT

Set up as Splink's pages on Spark say: its jar of similarities, lineage cut by Parquet, twice as many partitions as it
repartitions to. What ours writes beyond links (reasons, runners-up, levels) is not asked of it.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession
from splink import Linker, SparkAPI

from benchmarks.spark.phases import Phases

_ITS_JARO_WINKLER = "jaro_winkler"
_PROBABILITY = 0.95


def main() -> None:
    parser = argparse.ArgumentParser(prog="splink_alone.py")
    for name in ("left", "right", "model", "out"):
        parser.add_argument(name, type=Path)
    given = parser.parse_args()
    given.out.mkdir(parents=True)
    session = SparkSession.builder.appName("splink").getOrCreate()  # as it comes: what our engine sets is not Splink's
    session.sparkContext.setCheckpointDir(str(given.out / "checkpoints"))
    phases = Phases(session)
    phases.begin("read")
    api = SparkAPI(spark_session=session, break_lineage_method="parquet")
    sides = [
        api.register(session.read.parquet(str(getattr(given, name))), dataset_display_name=name)
        for name in ("left", "right")
    ]
    linker = Linker(sides, _settings(given.model), log_level="ERROR")
    phases.begin("predict")
    pairs = linker.inference.predict(threshold_match_probability=_PROBABILITY).physical_name
    phases.begin("best links")
    session.sql(_BEST.format(pairs=pairs)).write.parquet(str(given.out / "links"))
    phases.write(given.out / "phases.json")


_BEST = """
    with sided as (
        select case when source_dataset_l = 'left' then unit_id_l else unit_id_r end as left_id,
               case when source_dataset_l = 'left' then unit_id_r else unit_id_l end as right_id,
               match_weight, match_probability
        from {pairs}
    ),
    ranked as (
        select *, row_number() over (partition by left_id order by match_weight desc, right_id) as of_left,
               row_number() over (partition by right_id order by match_weight desc, left_id) as of_right
        from sided
    )
    select left_id, right_id, match_weight, match_probability, 'accepted' as decision
    from ranked
    where of_left = 1 and of_right = 1
    """


def _settings(model: Path) -> dict[str, Any]:
    """The model in Spark's SQL: Splink's jar has another name for Jaro-Winkler, all else is said alike."""
    raw: dict[str, Any] = json.loads(model.read_text().replace("jaro_winkler_similarity(", f"{_ITS_JARO_WINKLER}("))
    raw["sql_dialect"] = "spark"
    for rule in raw["blocking_rules_to_generate_predictions"]:
        rule["sql_dialect"] = "spark"
    return _in_spark(raw)


def _in_spark(value: Any) -> Any:
    """Quoted identifiers as Spark quotes them, in every condition."""
    if isinstance(value, dict):
        return {key: _in_spark(held) for key, held in value.items()}
    if isinstance(value, list):
        return [_in_spark(held) for held in value]
    return value.replace('"', "`") if isinstance(value, str) else value


if __name__ == "__main__":
    main()

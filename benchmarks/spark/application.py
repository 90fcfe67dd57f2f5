"""What the Spark benchmark submits: one link step by leo-linkage or by Splink 5, on the
same entities and model.

    spark-submit application.py SYSTEM LEFT RIGHT MODEL OUT

LEFT and RIGHT are folders of Parquet with unit_id and the model's columns. OUT gets
links/ and seconds.json: from the first read to links on disk, without the start of the
session.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from benchmarks.systems import BEST_MUTUAL_LINKS

_PROBABILITY = 0.95  # at which Splink's pairs are accepted


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "system", choices=("leo-linkage", "leo-linkage, links only", "Splink 5")
    )
    for name in ("left", "right", "model", "out"):
        parser.add_argument(name, type=Path)
    options = parser.parse_args()
    options.out.mkdir(parents=True)
    link = _splink if options.system == "Splink 5" else _ours
    seconds = link(options)
    (options.out / "seconds.json").write_text(
        json.dumps(round(seconds, 1)), encoding="utf-8"
    )


def _started(session: SparkSession) -> float:
    session.range(1).count()  # the first job waits for the executors
    return time.monotonic()


def _ours(options: argparse.Namespace) -> float:
    from linkage.config import Step
    from linkage.engine import connect
    from linkage.match.inputs import StepInputs
    from linkage.match.partitions import Partitions
    from linkage.match.step import link_step
    from linkage.match.units import Units
    from linkage.model import load

    with connect("spark", scratch=options.out / "scratch") as engine:
        session = SparkSession.getActiveSession()
        assert session is not None
        start = _started(session)
        sides = []
        for name in ("left", "right"):
            table = engine.read(getattr(options, name))
            members = engine.sql(
                "select unit_id, unit_id as entity_id from {t}", t=table
            )
            sides.append(Units(name, table, table, members))
        (options.out / "partitions").mkdir()
        partitions, model = Partitions(options.out / "partitions"), load(options.model)
        diagnose = not options.system.endswith("links only")
        step = Step(
            name="link", left="left", right="right", train=False, diagnose=diagnose
        )
        left, right = sides
        inputs = StepInputs(step, left, right, (), model, partitions=partitions)
        result = link_step(engine, inputs)
        engine.write(result.links, options.out / "links")
        engine.write(result.unlinked, options.out / "unlinked")
        return time.monotonic() - start


def _splink(options: argparse.Namespace) -> float:
    """Set up as Splink's pages on Spark say: its jar of similarities, lineage cut by
    Parquet.
    """
    from splink import Linker, SparkAPI

    session = SparkSession.builder.appName("splink").getOrCreate()
    session.sparkContext.setCheckpointDir(str(options.out / "checkpoints"))
    start = _started(session)
    api = SparkAPI(spark_session=session, break_lineage_method="parquet")  # type: ignore[no-untyped-call]
    sides = [
        api.register(
            session.read.parquet(str(getattr(options, name))), dataset_display_name=name
        )
        for name in ("left", "right")
    ]
    linker = Linker(sides, _in_spark_sql(options.model), log_level="ERROR")
    pairs = linker.inference.predict(
        threshold_match_probability=_PROBABILITY
    ).physical_name
    links = BEST_MUTUAL_LINKS.format(pairs=pairs, left="left", id="unit_id")
    session.sql(f"select *, 'accepted' as decision from ({links})").write.parquet(
        str(options.out / "links")
    )
    return time.monotonic() - start


def _in_spark_sql(model: Path) -> dict[str, Any]:
    """The model in Spark's SQL: identifiers in backquotes, and the name that Splink's
    jar gives Jaro-Winkler.
    """

    def converted(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: converted(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [converted(inner) for inner in value]
        return value.replace('"', "`") if isinstance(value, str) else value

    raw = converted(
        json.loads(
            model.read_text().replace("jaro_winkler_similarity(", "jaro_winkler(")
        )
    )
    raw["sql_dialect"] = "spark"
    for rule in raw["blocking_rules_to_generate_predictions"]:
        rule["sql_dialect"] = "spark"
    settings: dict[str, Any] = raw
    return settings


if __name__ == "__main__":
    main()

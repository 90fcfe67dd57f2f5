"""Results of Splink itself for a model and two files."""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import duckdb
import pyarrow as pa
from splink import DuckDBAPI, Linker

EVERY_PAIR = {"blocking_rule": "1=1", "sql_dialect": "duckdb"}


@contextmanager
def splink_tables(tables: Mapping[str, pa.Table]) -> Iterator[list[Any]]:
    """The tables as Splink data frames, in the order given.

    Each call has a database and a Splink API of its own: two linkers on one API share
    term frequencies and blocked pairs (Splink 5.0.0, seen), so one must never outlive
    its linker.
    """
    with duckdb.connect(":memory:") as connection:
        api = DuckDBAPI(connection=connection)
        frames = []
        for name, table in tables.items():
            connection.register(f"arriving_{name}", table)
            connection.execute(f"create table {name} as from arriving_{name}")
            connection.unregister(f"arriving_{name}")
            frames.append(api.register(name, dataset_display_name=name))
        yield frames


def with_probabilities(
    comparisons: list[Any], *, rules: list[Any] | None = None, seed: int = 1
) -> dict[str, Any]:
    """Settings of comparisons from Splink's library, each level with an m and a u in no
    simple order.
    """
    draw = random.Random(seed)
    comparison_dicts = [c.get_comparison("duckdb").as_dict() for c in comparisons]
    for comparison in comparison_dicts:
        levels = [
            level
            for level in comparison["comparison_levels"]
            if not level.get("is_null_level")
        ]
        for key, top in (("m_probability", 0.9), ("u_probability", 0.02)):
            rest = [draw.uniform(0.2, 1) for _ in levels[1:]]
            for level, share in zip(
                levels, [top, *(r / sum(rest) * (1 - top) for r in rest)], strict=True
            ):
                level.setdefault(key, share)
    return {
        "link_type": "link_only",
        "unique_id_column_name": "unit_id",
        "sql_dialect": "duckdb",
        "probability_two_random_records_match": 0.003,
        "comparisons": comparison_dicts,
        "blocking_rules_to_generate_predictions": rules or [EVERY_PAIR],
    }


def splink_weights(
    settings: dict[str, Any],
    left: pa.Table,
    right: pa.Table,
    floor: float | None = None,
) -> dict[tuple[int, int], dict[str, float]]:
    """Splink's match weight and levels of every pair that its blocking rules make, by
    left and right unit.
    """
    options = {
        **deepcopy(settings),
        "retain_intermediate_calculation_columns": True,
        "retain_matching_columns": True,
    }
    names = [c["output_column_name"] for c in settings["comparisons"]]
    with splink_tables({"side_left": left, "side_right": right}) as tables:
        linker = Linker(tables, options, log_level="ERROR", validate_settings=False)
        records = linker.inference.predict(
            threshold_match_weight=floor
        ).as_record_list()
    return {
        (row["unit_id_l"], row["unit_id_r"]): {
            "match_weight": row["match_weight"],
            **{f"gamma_{name}": row[f"gamma_{name}"] for name in names},
        }
        for row in records
    }

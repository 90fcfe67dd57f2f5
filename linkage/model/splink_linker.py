"""Splink itself: a `Linker` on a step's own tables and model, and training by Splink.

A linker's predictions have our match weights, and its charts work.
"""

import itertools
import uuid
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from linkage.engine import Engine, Table
from linkage.errors import ConfigError, NothingToTrainOnError
from linkage.extras import require
from linkage.model.sampling import drawn
from linkage.model.splink_json import GIVE_A_MODEL, NOT_OBSERVED, Model, from_dict
from linkage.model.training import TrainingReport
from linkage.model.training.blocks import TrainingBlock, count_blocks, training_blocks
from linkage.model.training.counts import Layout
from linkage.model.training.report import BlockReport, level_reports

_SAMPLE = 100_000
"""Records of a side by which training blocks are chosen."""
_RANDOM_PAIRS = 1e6
"""Pairs from which Splink estimates u: the default of estimate_u_using_random_sampling.
"""
_RECALL = 0.7
"""Share of matches that agree on two training blocks: what Splink's tutorials take for
deterministic rules. Half of it is one bit of prior.
"""


def splink_linker(engine: Engine, model: Model, tables: Mapping[str, Table]) -> Any:
    """Open a trained model in Splink.

    Args:
        tables: name to unit_id and the model's columns: of two sides, or of one file
            that is linked with itself.

    Returns:
        splink.Linker of link type link_only; of one table dedupe_only.

    Raises:
        ConfigError: the model is not trained, or the engine is not DuckDB.
    """
    model.check_trained("Splink's linker")
    return _linker(engine, model, tables)


def train_by_splink(
    engine: Engine,
    model: Model,
    left: Table,
    right: Table,
    *,
    seed: int = 2026,
    progress: Callable[[str], None] | None = None,
) -> tuple[Model, TrainingReport]:
    """Estimate a model's probabilities by Splink: u from random pairs, m and the prior
    by EM on blocks.

    Splink's EM is run on the blocks that our own training would choose. The prior is
    from the pairs that agree on two of these blocks, as Splink's tutorials take it from
    deterministic rules. Nothing else of our training is done: no standard errors, no
    conditional comparisons, no check that EM has found matches.

    Args:
        model: comparisons and blocking rules; what m and u it has are where estimation
            starts.
        left, right: unit_id and the model's columns.

    Raises:
        ConfigError: the engine is not DuckDB.
        NothingToTrainOnError: no block makes enough pairs, or Splink cannot train on
            them.
    """
    require("training by Splink", "splink")
    from splink import block_on
    from splink.internals.exceptions import EMTrainingException, SplinkException

    say = progress or (lambda _: None)
    blocks = _blocks(engine, model, left, right, seed)
    linker = _linker(engine, model, {"left": left, "right": right})
    say("u by Splink")
    linker.training.estimate_u_using_random_sampling(max_pairs=_RANDOM_PAIRS, seed=seed)
    column_pairs = [
        set(a.columns) | set(b.columns) for a, b in itertools.combinations(blocks, 2)
    ]
    rules = [
        block_on(*sorted(columns))
        for columns in column_pairs or [set(blocks[0].columns)]
    ]
    try:
        linker.training.estimate_probability_two_random_records_match(
            rules, recall=_RECALL
        )
        for block in blocks:
            say(f"m by Splink from pairs that agree on {' and '.join(block.columns)}")
            linker.training.estimate_parameters_using_expectation_maximisation(
                block_on(*block.columns)
            )
    except (EMTrainingException, SplinkException) as fault:
        raise NothingToTrainOnError(
            "Splink cannot train on pairs that agree on "
            f"{' and '.join(block.columns)}: {type(fault).__name__}\n"
            f'  {GIVE_A_MODEL}, or let trainer = "leo"'
        ) from None
    trained_model = from_dict(
        model.raw | _estimated(model, linker.misc.save_model_to_json())
    )
    trained_model.check_trained("training by Splink")
    return trained_model, _report(engine, trained_model, left, right, blocks, seed)


def _linker(engine: Engine, model: Model, tables: Mapping[str, Table]) -> Any:
    require("Splink's linker", "splink")
    from splink import DuckDBAPI, Linker

    if engine.is_distributed:
        raise ConfigError(
            'Splink works here on DuckDB only\n  let engine = "duckdb", or trainer = '
            '"leo"'
        )
    settings = deepcopy(model.raw) | {
        "link_type": "link_only" if len(tables) == 2 else "dedupe_only",
        "unique_id_column_name": "unit_id",
        "retain_matching_columns": True,
        "retain_intermediate_calculation_columns": True,
    }
    api = DuckDBAPI(connection=engine.connection)  # type: ignore[attr-defined] # of DuckDB, as just checked
    # Splink takes the name that it shows for a table's name, which a file's is not, and
    # sorts its tables by name.
    unique = uuid.uuid4().hex
    input_tables = [
        api.register(
            engine.relation(table),  # type: ignore[attr-defined]
            dataset_display_name=name,
            table_name=f"records_{unique}_{place}",
        )
        for place, (name, table) in enumerate(tables.items())
    ]
    return Linker(input_tables, settings, log_level="ERROR")


def _blocks(
    engine: Engine, model: Model, left: Table, right: Table, seed: int
) -> list[TrainingBlock]:
    layout = Layout(model)
    sides = drawn(engine, (left, right), model.compared, most=_SAMPLE, seed=seed)
    blocks = training_blocks(
        model.comparisons, count_blocks(engine, layout, sides), sides
    )
    engine.drop(*(side.sample for side in sides))
    return blocks


def _estimated(model: Model, settings: Mapping[str, Any]) -> dict[str, Any]:
    """What Splink estimated, in the model as it was written."""
    comparisons = deepcopy(model.raw["comparisons"])
    for comparison, result in zip(comparisons, settings["comparisons"], strict=True):
        for level, estimate in zip(
            comparison["comparison_levels"], result["comparison_levels"], strict=True
        ):
            if not level.get("is_null_level"):
                # A level that training never saw has Splink's stand-in for it, as in
                # Splink's predictions.
                level |= {
                    key: estimate.get(key, NOT_OBSERVED)
                    for key in ("m_probability", "u_probability")
                }
    prior = settings["probability_two_random_records_match"]
    return {"comparisons": comparisons, "probability_two_random_records_match": prior}


def _report(
    engine: Engine,
    model: Model,
    left: Table,
    right: Table,
    blocks: list[TrainingBlock],
    seed: int,
) -> TrainingReport:
    from importlib.metadata import version

    return TrainingReport(
        seed=seed,
        units=[engine.count(left), engine.count(right)],
        random_pairs=int(_RANDOM_PAIRS),
        rules=[BlockReport(list(block.columns), block.pairs) for block in blocks],
        prior=model.prior,
        levels=level_reports(model),
        versions={"splink": version("splink")},
    )

"""m from a run's clerical review: the labels of a step's sample, each weighted by the pairs that it stands for."""

from pathlib import Path
from typing import Any

import pyarrow as pa

from linkage.engine import connect, rows
from linkage.errors import InputError
from linkage.model import Model
from linkage.model.labelled import Labelled, LabelReport, m_from_labels
from linkage.model.training.em.earlier import matches_of
from linkage.pipeline.ended.reviewing import drawn_of, labels_of, sample_of, turn_of
from linkage.pipeline.lock import turn
from quality.review import COLUMNS, settled, that_count
from quality.review.opened import open_step


def train_from_review(run: Path, step: str) -> tuple[Model, LabelReport, dict[str, Any]]:
    """The step's model with m as reviewers' answers show it.

    Pairs of which reviewers differ are uncertain until an adjudicator has settled them. Pairs that nobody has looked at
    are stood for by those of their stratum that were.

    Args:
        run: the folder of `leo run`, `leo link` or `leo dedupe`.

    Returns:
        The model, what the labels taught, and where they are from: run, step, records of its sides, what the step's
        model was trained on.

    Raises:
        ConfigError: no sample was drawn of the step's links as they are now.
        InputError: nobody has answered yet, or there is no match among the answers.
    """
    sample = sample_of(run, step)
    given = labels_of(run, sample.origin)
    if not given:
        raise InputError(
            f"{run}: there are no answers about step '{step}'\n  give some: leo review {run} --step {step}"
        )
    with connect("duckdb") as engine, turn(turn_of(run, step), looking=True):
        strata = drawn_of(run, step)["strata"]
        opened = open_step(engine, run, step)
        answers = settled(engine, engine.from_arrow(pa.Table.from_pylist(given, COLUMNS)))
        answered = rows(
            engine,
            engine.sql(
                """
                select s.stratum, a.answer, k.pattern
                from {sample} as s
                join {answers} as a on a.left_id = s.left_id and a.right_id = s.right_id
                join {links} as k on k.left_id = s.left_id and k.right_id = s.right_id
                order by s.place
                """,
                sample=that_count(engine, engine.read(run / "review" / step / "sample.parquet"), answers),
                answers=answers,
                links=opened.step.links,
            ),
        )
    looked_at: dict[str, int] = {}
    for row in answered:
        looked_at[row["stratum"]] = looked_at.get(row["stratum"], 0) + 1
    stands_for = {s["name"]: s["pairs"] / looked_at[s["name"]] for s in strata if s["name"] in looked_at}
    pairs = [
        Labelled(
            tuple(int(value) for value in row["pattern"].split(",")),
            row["answer"],
            stands_for[row["stratum"]],
            row["stratum"],
        )
        for row in answered
    ]
    # Of a model that was given nobody knows how many matches it has seen: it counts no more than the labels do.
    model, report = m_from_labels(opened.step.model, pairs, seen=matches_of(opened.trained) or len(pairs))
    about = {"run": opened.run, "step": step, "records": opened.step.records, "trained": opened.trained}
    return model, report, about

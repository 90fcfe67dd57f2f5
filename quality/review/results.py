"""What follows from a step's labels: the estimate of RUN/review/STEP/estimate.json, a
trained model, and overrides.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linkage.config import holds_many
from linkage.engine import Engine, connect, rows
from linkage.errors import ConfigError, InputError
from linkage.match.overrides import COLUMNS as OVERRIDE_COLUMNS
from linkage.model import Model
from linkage.model.labelled import Labelled, LabelReport, m_from_labels
from linkage.model.training import fewest_matches
from linkage.pipeline.atomic import write_json
from linkage.pipeline.linked_files import is_linked_files
from linkage.pipeline.opened import OpenStep, open_folder
from linkage.pipeline.reviewing import estimates, fingerprint_of, fingerprints
from quality.measures.estimated_error import Unseen
from quality.review.estimate import agreement, estimate
from quality.review.labels import (
    Pair,
    labels_of,
    pair_of,
    settled,
    standing,
    write_private_csv,
)
from quality.review.sample import (
    Sample,
    origin_of,
    pair_table,
    sample_of,
    sampled_steps,
)

_DECISIONS = {
    "match": "link",
    "no match": "never",
}  # uncertain pairs are left to passes and model


def estimate_step(run: Path, step: str) -> dict[str, Any]:
    """Estimate precision and recall of a step from its labels, and write estimate.json.

    Raises:
        ConfigError: no sample was drawn of the step's links as they are.
        InputError: the step has no answers.
    """
    sample, labels = _answered(run, step)
    answers = sample.answers_by_stratum(settled(labels))
    result = {
        "step": step,
        "links_fingerprint": sample.origin.links,
        "drawn": len(sample.pairs),
        "labels": len(labels),
        **estimate(sample.strata, answers, unseen=Unseen.of_run(run, step)),
        "agreement": agreement(standing(labels)),
    }
    write_json(run / "review" / step / "estimate.json", result)
    return result


def _answered(run: Path, step: str) -> tuple[Sample, list[dict[str, Any]]]:
    """The sample and its labels."""
    sample = sample_of(run, step)
    labels = labels_of(run, sample.origin)
    if not labels:
        raise InputError(
            f"{run}: there are no answers about step '{step}'\n  give some: leo review "
            f"{run} --step {step}; or fill in "
            f"{run / 'review' / step / 'sample.csv'} and give it to leo review add"
        )
    return sample, labels


def refresh_estimates(run: Path) -> list[dict[str, Any]]:
    """The estimates of a run's links, made again where answers have come since: labels
    are only ever added.
    """
    for row in estimates(run):
        if len(_labels(run, str(row["step"]))) != row.get("labels"):
            estimate_step(run, str(row["step"]))
    return estimates(run)


def steps_without_estimate(run: Path) -> list[str]:
    """Steps whose links have labels and no estimate."""
    steps = (fingerprints(run).keys() & sampled_steps(run)) - {
        row["step"] for row in estimates(run)
    }
    return sorted(step for step in steps if _labels(run, step))


def _labels(run: Path, step: str) -> list[dict[str, Any]]:
    return labels_of(run, origin_of(run, step, fingerprint_of(run, step)))


def train_from_review(
    run: Path, step: str
) -> tuple[Model, LabelReport, dict[str, Any]]:
    """The step's model with m estimated from the labels, each weighted by the pairs
    that it represents.

    Returns:
        The model, what the labels changed, and their origin: run, step, numbers of
            records, what the step's model was
        trained on.

    Raises:
        ConfigError: no sample was drawn of the step's links as they are.
        InputError: the step has no answers, or no answer is a match.
    """
    sample, labels = _answered(run, step)
    answered_pairs = sample.representative_answers(settled(labels))
    with connect("duckdb", within=[run]) as engine:
        folder = open_folder(engine, run)
        open_step = folder.open(step)
        query = (
            "select k.left_id, k.right_id, k.pattern from {links} as k join {c} "
            "as "
            "c using (left_id, right_id)"
        )
        reviewed_pairs = pair_table(engine, [pair for pair, _, _ in answered_pairs])
        patterns = {
            pair_of(row): tuple(map(int, row["pattern"].split(",")))
            for row in rows(
                engine, engine.sql(query, links=open_step.links, c=reviewed_pairs)
            )
        }
    counts = Counter(stratum for _, stratum, _ in answered_pairs)
    represents = {
        s.name: s.pairs / counts[s.name] for s in sample.strata if counts[s.name]
    }
    pairs = [
        Labelled(patterns[pair], answer, represents[stratum], stratum)
        for pair, stratum, answer in answered_pairs
    ]
    training = dict(open_step.trained or {})
    # How many matches a given model was trained on is unknown: it counts as much as the
    # labels.
    model, report = m_from_labels(
        open_step.model, pairs, seen=fewest_matches(training) or len(pairs)
    )
    return (
        model,
        report,
        {
            "run": folder.name,
            "step": step,
            "records": open_step.records,
            "trained": training,
        },
    )


@dataclass(frozen=True)
class Overrides:
    """A file of decisions: how many pairs it links and forbids, and how many answers
    contradict each other.
    """

    path: Path
    links: int
    never: int
    contradictory: int


def write_overrides(root: Path, step: str) -> Overrides:
    """Write the settled answers of a step to RUN/review/STEP/overrides.csv, for its
    owner only.

    Pairs are named by the sources' own keys, so that the file can be used in later
    runs; such a key may be a person's number. Where answers give a record two links and
    the step allows one, none of them is written.

    Raises:
        ConfigError: no sample was drawn of the step's links as they are; the folder is
            of `leo link` or `leo dedupe`.
        InputError: the step has no answers, or only "uncertain".
    """
    if is_linked_files(root):
        raise ConfigError(
            f"{root}: leo link and leo dedupe follow no decisions about single pairs\n"
            f"  train on the answers: leo model train {root} --out MODEL.json; then "
            "leo link --model MODEL.json"
        )
    _, labels = _answered(root, step)
    with connect("duckdb", within=[root]) as engine:
        open_step = open_folder(engine, root).open(step)
        answers = settled(labels)
        decisions = {
            pair: _DECISIONS[answer]
            for pair, answer in answers.items()
            if answer in _DECISIONS
        }
        if not decisions:
            raise InputError(
                f"{root}: there are only uncertain answers about step '{step}', which "
                "decide nothing\n"
                f"  give more: leo review {root} --step {step}"
            )
        consistent = _consistent(decisions, open_step)
        left, right = (
            _first_keys(engine, open_step, side, [pair[end] for pair in consistent])
            for end, side in enumerate(("left", "right"))
        )
    lines = [
        (*left[pair[0]], *right[pair[1]], decision)
        for pair, decision in sorted(consistent.items())
    ]
    path, kinds = root / "review" / step / "overrides.csv", Counter(consistent.values())
    write_private_csv(path, OVERRIDE_COLUMNS, lines)
    return Overrides(
        path, kinds["link"], kinds["never"], len(decisions) - len(consistent)
    )


def _consistent(decisions: Mapping[Pair, str], step: OpenStep) -> dict[Pair, str]:
    """Decisions without the links of an id that would have two and may have one."""
    single = [
        end
        for end, side in enumerate(("left", "right"))
        if not holds_many(step.cardinality, side)
    ]
    links = Counter(
        (end, pair[end])
        for pair, decision in decisions.items()
        for end in single
        if decision == "link"
    )
    return {
        pair: decision
        for pair, decision in decisions.items()
        if decision != "link" or all(links[end, pair[end]] == 1 for end in single)
    }


def _first_keys(
    engine: Engine, step: OpenStep, side: str, ids: Sequence[int]
) -> dict[int, tuple[str, str]]:
    """Id to the source and key of its first entity: a decision about one entity is
    about all.
    """
    key_rows = rows(engine, step.sides[side].source_keys(ids))
    keys = sorted(
        (
            (int(row["unit_id"]), str(row["source"]), str(row["entity_key"]))
            for row in key_rows
        ),
        reverse=True,
    )
    return {number: (source, key) for number, source, key in keys}

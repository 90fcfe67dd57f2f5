"""The sample of a step's pairs, RUN/review/STEP/sample.json: drawn, written as a form,
and the form's answers taken in.
"""

import contextlib
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from linkage.engine import Engine, Table, connect, rows
from linkage.errors import ConfigError
from linkage.pipeline.atomic import write_json
from linkage.pipeline.folder import document_of
from linkage.pipeline.lock import turn
from linkage.pipeline.manifest import manifest_of
from linkage.pipeline.opened import OpenFiles, OpenStep, open_folder, step_named
from linkage.pipeline.reviewing import fingerprint_of, fingerprints
from quality import disclosure
from quality.measures.definitions import load as load_definitions
from quality.review.carry import Carried, PairNames, carry, names_key
from quality.review.estimate import Answers
from quality.review.labels import (
    ANSWERS,
    FORM,
    NAMES,
    UNCHANGED,
    Origin,
    Pair,
    add_labels,
    labels_of,
    labels_of_csv,
    now,
    pair_of,
    write_private_csv,
)
from quality.review.strata import Stratum, allot, draw, stratify

_SIDES = ("left", "right")


@dataclass(frozen=True)
class Sample:
    """A sample of a step's links as they are.

    Attributes:
        pairs: in the order in which they are reviewed, each with its stratum.
        carried: pairs that labels of earlier links answer.
        origin: what its labels are of.
    """

    pairs: Mapping[Pair, str]
    carried: frozenset[Pair]
    strata: Sequence[Stratum]
    origin: Origin

    def representative_answers(
        self, answers: Mapping[Pair, str]
    ) -> list[tuple[Pair, str, str]]:
        """Pair, stratum and answer of the pairs that represent their stratum.

        Carried answers are of older pairs. A stratum that has some counts up to its
        first pair without an answer, so that old pairs do not represent new ones.
        """
        old, closed_strata, answered_pairs = (
            {self.pairs[pair] for pair in self.carried},
            set[str](),
            [],
        )
        for pair, stratum in self.pairs.items():
            if pair not in answers:
                closed_strata.add(stratum)
            elif stratum not in old & closed_strata:
                answered_pairs.append((pair, stratum, answers[pair]))
        return answered_pairs

    def answers_by_stratum(self, answers: Mapping[Pair, str]) -> dict[str, Answers]:
        """Stratum to its answers; strata without any are left out."""
        by_stratum: dict[str, list[str]] = {}
        for _, stratum, answer in self.representative_answers(answers):
            by_stratum.setdefault(stratum, []).append(answer)
        return {
            stratum: Answers(*map(votes.count, ANSWERS))
            for stratum, votes in by_stratum.items()
        }


@dataclass(frozen=True)
class Drawn:
    """A sample that was drawn: its form, sizes, the pairs that carried labels answer,
    and the labels carried.
    """

    form: Path
    pairs: int
    strata: int
    answered: int
    carried: Carried


def sampled_steps(run: Path) -> list[str]:
    """Steps with a sample, of their present links or not."""
    return sorted(path.parent.name for path in (run / "review").glob("*/sample.json"))


def reviewed_step(run: Path, step: str | None) -> str:
    """The step named, or the only one that has a sample.

    Raises:
        ConfigError: none is named, and not exactly one has a sample.
    """
    return step or step_named(run, sampled_steps(run), None, "its reviewed steps: none")


def sample_of(run: Path, step: str) -> Sample:
    """The sample of a step.

    Raises:
        ConfigError: none was drawn of the step's links as they are.
        InputError: it is damaged.
    """
    links, path = fingerprint_of(run, step), run / "review" / step / "sample.json"
    command = f"leo review sample {run} --step {step}"
    if not path.is_file():
        raise ConfigError(
            f"{run}: no sample of step '{step}' was drawn\n  draw one: {command}"
        )
    document = document_of(path, f"draw the sample again, answers are kept: {command}")
    if document.get("links") != links:
        raise ConfigError(
            f"{run}: the links of step '{step}' have changed since its sample was "
            f"drawn\n  draw another: {command}"
        )
    pairs = {pair_of(row): row for row in document["pairs"]}
    return Sample(
        {pair: row["stratum"] for pair, row in pairs.items()},
        frozenset(pair for pair, row in pairs.items() if row["carried"]),
        [Stratum(**stratum) for stratum in document["strata"]],
        origin_of(
            run,
            step,
            links,
            {pair: {name: row[name] for name in NAMES} for pair, row in pairs.items()},
        ),
    )


def origin_of(
    run: Path,
    step: str,
    links: str,
    names: Mapping[Pair, Mapping[str, str]] | None = None,
) -> Origin:
    """What labels of a step's links (their fingerprint) are of."""
    of_files = run / "model.json"
    model = of_files if of_files.is_file() else run / "models" / f"{step}.json"
    fingerprint = (
        hashlib.sha256(model.read_bytes()).hexdigest()[:16] if model.is_file() else ""
    )
    return Origin(step, links, str(manifest_of(run)["run"]), fingerprint, names or {})


def draw_sample(
    run: Path,
    step: str,
    size: int,
    *,
    seed: int | None = None,
    labels_from: Path | None = None,
) -> Drawn:
    """Draw the pairs of a step that people review, with the labels of earlier links
    carried to them.

    Writes RUN/review/STEP/: sample.json, and sample.csv to fill in without the app.

    Args:
        run: the folder of `leo run`, `leo link` or `leo dedupe`.
        size: pairs; a few more where strata are many.
        seed: by default that of the sample whose labels are carried, else the run's:
            the same links give the same sample, and the next release as many of the
            same pairs as possible.
        labels_from: an earlier run whose labels are carried.

    Raises:
        ConfigError: the folder is not a run's or has no such step; the earlier run has
            no labels.
    """
    fingerprint_of(run, step)
    with _turn(run, step):
        return _draw(run, step, size, seed, labels_from)


def step_to_review(
    run: Path, step: str | None, size: int, labels_from: Path | None = None
) -> str:
    """The step to review, with a sample: the one named, the one that has a sample, or
    the only one.

    Args:
        size: of the sample, if none was drawn yet.
        labels_from: an earlier run whose labels are carried; the sample is then drawn
            again.

    Raises:
        ConfigError: the run has several steps and none is named; a sample's links have
            changed.
    """
    step_name = step or step_named(
        run, sampled_steps(run) or list(fingerprints(run)), None
    )
    if labels_from or step_name not in sampled_steps(run):
        fingerprint_of(run, step_name)
        with _turn(run, step_name):
            if labels_from or step_name not in sampled_steps(
                run
            ):  # else another process has just drawn it
                _draw(run, step_name, size, None, labels_from)
    sample_of(run, step_name)
    return step_name


@contextlib.contextmanager
def _turn(run: Path, step: str) -> Iterator[None]:
    """One process draws at a time: the form and the sample are two files that belong
    together.
    """
    file = run / "review" / f".{step}.lock"
    file.parent.mkdir(parents=True, exist_ok=True)
    with turn(file):
        yield


def _draw(
    run: Path, step: str, size: int, seed: int | None, labels_from: Path | None
) -> Drawn:
    folder = run / "review" / step
    choice = _seed(run, step, labels_from) if seed is None else seed
    origin = origin_of(run, step, fingerprint_of(run, step))
    with connect("duckdb", within=[run]) as engine:
        run_folder = open_folder(engine, run)
        link_step = run_folder.open(step)
        names = PairNames(engine, link_step)
        carry_result = carry(run, origin, names, labels_from)
        old = [label for label in labels_of(run, origin) if label["carried"]]
        # A step that was given decisions may have followed these answers.
        followed_pairs = (
            pair_table(engine, set(map(pair_of, old)))
            if link_step.step.overrides and old
            else None
        )
        stratified, strata = stratify(
            engine, link_step.links, load_definitions().weight_bands, followed_pairs
        )
        allotted = allot(strata, size, fewest=disclosure.load().fewest)
        random_names = names.random_names("left"), names.random_names("right")
        sample_table = draw(engine, stratified, allotted, random_names, seed=choice)
        sample = rows(
            engine,
            engine.sql(
                "select stratum, left_id, right_id from {t} order by place",
                t=sample_table,
            ),
        )
        names_of_pairs = names.of([pair_of(row) for row in sample], names_key(run))
        answered_pairs = {
            pair_of(label) for label in old if label["carried"] == UNCHANGED
        }
        pairs = [
            {
                **row,
                **names_of_pairs[pair_of(row)],
                "carried": pair_of(row) in answered_pairs,
            }
            for row in sample
        ]
        new = [pair_of(row) for row in pairs if not row["carried"]]
        folder.mkdir(parents=True, exist_ok=True)
        form = folder / "sample.csv"
        empty = (
            (left, right, "", "")
            for left, right in form_ids(run_folder, link_step, new).values()
        )
        write_private_csv(form, FORM, empty)
    document = {
        "step": step,
        "links": origin.links,
        "seed": choice,
        "strata": [asdict(stratum) for stratum in strata],
    }
    write_json(folder / "sample.json", {**document, "pairs": pairs})
    return Drawn(form, len(pairs), len(strata), len(pairs) - len(new), carry_result)


def pair_table(engine: Engine, pairs: Iterable[Pair]) -> Table:
    """left_id, right_id of pairs."""
    pair_list = sorted(pairs)
    return engine.from_arrow(
        pa.table(
            {
                f"{side}_id": pa.array([p[end] for p in pair_list], pa.int64())
                for end, side in enumerate(_SIDES)
            }
        )
    )


def form_ids(
    run_folder: Any, step: OpenStep, pairs: Sequence[Pair]
) -> dict[Pair, tuple[str, str]]:
    """Pair to the ids of its records in a form: numbers of a run, ids in the files of
    linked files.
    """
    if not isinstance(run_folder, OpenFiles):
        return {pair: (str(pair[0]), str(pair[1])) for pair in pairs}
    left, right = (
        run_folder.ids(step, side, {pair[end] for pair in pairs})
        for end, side in enumerate(_SIDES)
    )
    return {pair: (left[pair[0]], right[pair[1]]) for pair in pairs}


def take_labels(run: Path, step: str, file: Path) -> int:
    """Add the answers of a filled-in form to a run's labels; returns how many it had.

    Raises:
        ConfigError: no sample was drawn of the step's links as they are.
        InputError: the file has other columns or answers, or pairs that are not in the
            sample.
    """
    sample = sample_of(run, step)
    with connect("duckdb", within=[run]) as engine:
        run_folder = open_folder(engine, run)
        ids = form_ids(run_folder, run_folder.open(step), list(sample.pairs))
    return add_labels(
        run,
        labels_of_csv(
            file, sample.origin, now(), {form_id: pair for pair, form_id in ids.items()}
        ),
    )


def _seed(run: Path, step: str, earlier: Path | None) -> int:
    before = earlier / "review" / step / "sample.json" if earlier else None
    if before and before.is_file():
        return int(json.loads(before.read_text(encoding="utf-8"))["seed"])
    return int(manifest_of(run).get("seed", 2026))

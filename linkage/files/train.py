"""Models of person files: trained on the files themselves, or given and adapted to
them; and rules suggested for them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from linkage.engine import Engine, Table, connect, scratch_folder
from linkage.errors import ConfigError, InputError, LeoError, NothingToTrainOnError
from linkage.files.comparisons import untrained
from linkage.files.header_names import ROLES
from linkage.files.notes import read_notes
from linkage.files.prepare import FileOptions, Inferred, JobOptions, Prepared, prepare
from linkage.files.read_file import damage_reported
from linkage.files.truth import labelled_pairs, true_pairs
from linkage.match.candidates import score_given, term_frequencies
from linkage.model import Model, from_dict, load
from linkage.model.blocking import choose_rules
from linkage.model.engine_check import check_runs
from linkage.model.labelled import LabelReport, m_from_labels
from linkage.model.model_files import save, trained_on
from linkage.model.reuse import misfits, without_columns
from linkage.model.sampling import halves
from linkage.model.training import (
    TrainingReport,
    default_parameters,
    fewest_matches,
    train,
)
from linkage.pipeline.blocking import RuleOptions, Suggested, suggest

_NO_RULE = (
    "no blocking rule pays: the fields agree too seldom or are too common\n  "
    "map further columns"
)
_RULES = "blocking_rules_to_generate_predictions"
_MIN_COMPARISONS = 2

Progress = Callable[[str], None]


@dataclass(frozen=True)
class FileSides:
    """The standardised records of two files, or of one.

    Attributes:
        units: unit_id and the fields, of each file.
        ids: unit_id and source_id, of each file.
        fields: the fields that the files share, in the order of comparison.
        kinds: field to the kind of its comparison; without fields that say nothing.
    """

    units: list[Table]
    ids: list[Table]
    fields: list[str]
    kinds: dict[str, str]

    @classmethod
    def of_prepared(cls, prepared: Prepared) -> "FileSides":
        """The records of files that were just read."""
        fields = prepared.schemas[0].fields
        return cls(prepared.units, prepared.ids, fields, prepared.kinds)


@dataclass(frozen=True)
class GivenModel:
    """A model that the user gives: its file, and the columns of it to leave out."""

    path: Path
    without: Sequence[str] = ()


def model_of(
    engine: Engine,
    sides: FileSides,
    *,
    given: GivenModel | None,
    seed: int,
    progress: Progress,
) -> tuple[Model, dict[str, Any]]:
    """The model of a link: the given one, or one trained here; with blocking rules, and
    the reports of how it was made.

    Raises:
        ConfigError: a given model compares what the files do not both have.
        InputError: no blocking rule pays.
    """
    units = sides.units
    one_file = len(units) == 1
    # Random pairs of one file are pairs of its two halves.
    pair_sides = (
        halves(engine, units[0], seed=seed) if one_file else (units[0], units[1])
    )
    training = _Training(engine, pair_sides, one_file, seed, progress)
    if given:
        model, reports = _given_model(training, given, sides)
    else:
        model, reports = _own_model(training, sides.kinds)
    if one_file:
        engine.drop(*pair_sides)
    return model, reports


@dataclass(frozen=True)
class _Training:
    """What models of a link are trained on, and how."""

    engine: Engine
    sides: tuple[Table, Table]  # two files, or the halves of one
    one_file: bool
    seed: int
    progress: Progress

    def train(
        self, model: Model, small: Model | None = None, remedy: str = ""
    ) -> tuple[Model, TrainingReport]:
        """Train a model; sides too small, or without a person in common, get default
        parameters, and a warning.

        Args:
            small: the model that gets them; else the same.
            remedy: what to do about it, for the warning.
        """
        try:
            options: dict[str, Any] = {
                "one_file": self.one_file,
                "progress": self.progress,
            }
            return train(self.engine, model, *self.sides, seed=self.seed, **options)
        except NothingToTrainOnError as fault:
            reason = str(fault).splitlines()[0] + remedy
            return default_parameters(
                self.engine, small or model, *self.sides, seed=self.seed, reason=reason
            )


def _own_model(
    training: _Training, kinds: Mapping[str, str]
) -> tuple[Model, dict[str, Any]]:
    """A model of the files' own fields, trained on them, with blocking rules."""
    further_names = ", ".join(name for name in kinds if name not in ROLES)
    small = untrained(
        {name: kind for name, kind in kinds.items() if name in ROLES} or kinds
    )
    remedy = f"; leave --compare out: {further_names}" if further_names else ""
    model, report = training.train(
        untrained(kinds, one_file=training.one_file), small, remedy
    )
    training.progress("blocking rules")
    selection = choose_rules(training.engine, model, *training.sides)
    if not selection.rules:
        raise InputError(_NO_RULE)
    reports = {
        "training": report.as_dict(),
        "blocking": {**asdict(selection), "pairs": selection.pairs},
    }
    return with_rules(model, [rule.rule.condition for rule in selection.rules]), reports


def with_rules(
    model: Model, conditions: Sequence[str], others: Sequence[Any] = ()
) -> Model:
    """The model with these blocking rules, after others in Splink's form."""
    rules = [
        {"blocking_rule": condition, "sql_dialect": "duckdb"}
        for condition in conditions
    ]
    return from_dict({**model.raw, _RULES: [*others, *rules]})


def _given_model(
    training: _Training, given: GivenModel, sides: FileSides
) -> tuple[Model, dict[str, Any]]:
    """A model file without fields that say nothing here, and what was changed in it:
    `given` of a summary.

    A model that lacks m or u is trained here.
    """
    path = given.path
    engine = training.engine
    units = sides.units
    dropped_names = given.without
    model = load(path)
    known = {name.lower() for name in sides.kinds}
    left_out = {name.lower() for name in dropped_names}
    if unknown := [
        name
        for name in dropped_names
        if name.lower() not in {*map(str.lower, model.columns)}
    ]:
        names = ", ".join(model.columns)
        raise ConfigError(
            f"--without {unknown[0]}: the model {path} names no such column\n  it "
            f"names: {names}"
        )
    changes: dict[str, Any] = {}
    fields = sides.fields
    rules = model.blocking_rules
    silent_names = [
        name
        for name in model.columns
        if name in fields and name.lower() not in known | left_out
    ]
    if silent_names or dropped_names:
        model = without_columns(model, {*silent_names, *dropped_names})
        changes |= {"without": list(dropped_names), "silent": silent_names}
    missing = " ".join(
        f"--without {name}" for name in model.columns if name.lower() not in known
    )
    retrain = (
        "leave --model out: a model is then trained on what these files have in common"
    )
    remedy = (
        "state columns that hold them (--map); or compare without them: "
        f"{missing}; or {retrain}"
    )
    model.check_columns(known, str(path), remedy)
    if len(model.fields) < _MIN_COMPARISONS:
        problem = (
            "these files have too little of what the model compares: only "
            f"{model.fields[0].name}"
        )
        raise ConfigError(f"{path}: {problem}\n  {retrain}")
    check_runs(engine, model, units[0], units[-1], str(path))
    reports: dict[str, Any] = {}
    if not model.is_trained:
        model, report = training.train(model)
        reports["training"], changes["trained"] = report.as_dict(), True
    if len(model.blocking_rules) < len(rules) or not rules:
        conditions = [rule.condition for rule in model.blocking_rules]
        new_rules = [
            choice.rule.condition
            for choice in choose_rules(engine, model, *training.sides).rules
        ]
        changes["rules"] = [rule for rule in new_rules if rule not in conditions]
        changes["rules_lost"] = len(rules) - len(conditions)
        if not conditions and not changes["rules"]:
            raise InputError(_NO_RULE)
        model = with_rules(model, changes["rules"], model.raw.get(_RULES) or [])
    sizes = [engine.count(side) for side in units]
    trained_sizes = None if reports else trained_on(path)
    if (
        trained_sizes
        and (model.raw.get("link_type") == "dedupe_only") == training.one_file
    ):
        prior = model.prior
        model = model.with_prior_of(
            [sum(trained_sizes)] if training.one_file else trained_sizes, sizes
        )
        if model.prior != prior:
            changes |= {
                "trained_on": list(trained_sizes),
                "prior": {"in_file": prior, "here": model.prior},
            }
    if not reports and (
        levels := misfits(engine, model, units[0], units[-1], seed=training.seed)
    ):
        changes["misfits"] = [asdict(misfit) for misfit in levels]
    return model, {**reports, **({"given": changes} if changes else {})}


def refuse_without_model(request: JobOptions, remedy: str) -> None:
    """Refuse --without where no model is given."""
    if request.without and not request.model:
        raise ConfigError(
            "--without names columns of a model that is given (--model)\n  of these "
            f"files: {remedy}"
        )


@dataclass(frozen=True)
class TrainRequest:
    """The options of `leo model train` of two files."""

    files: FileOptions
    out: Path
    memory_limit: str | None = None
    threads: int | None = None
    seed: int = 2026
    force: bool = False
    allow_faults: bool = False
    labels: Path | None = None


@contextmanager
def _prepared(
    files: FileOptions,
    limits: TrainRequest | RuleOptions,
    listener: Inferred | None,
    progress: Progress,
) -> Iterator[tuple[Engine, Prepared]]:
    """Two files whose records are stored as long as the context lasts; what to know of
    them is shown as progress.
    """
    pairs = [
        Path(path)
        for name in ("truth", "labels")
        if (path := getattr(limits, name, None))
    ]
    paths = files.paths.values()
    with scratch_folder() as scratch, damage_reported(*paths):
        places = [scratch, *paths, *pairs]
        with connect(
            "duckdb",
            memory_limit=limits.memory_limit,
            threads=limits.threads,
            within=places,
        ) as engine:
            progress("reading")
            prepared = prepare(engine, files, scratch, inferred=listener)
            for note in read_notes(prepared):
                progress(note)
            yield engine, prepared


def train_files(
    request: TrainRequest,
    *,
    inferred: Inferred | None = None,
    progress: Progress | None = None,
) -> tuple[Model, TrainingReport, LabelReport | None, int]:
    """Train a model on two files and write it to request.out, with blocking rules
    chosen for it.

    Returns:
        The model, its training report, the report of labels where there are some, and
        its version.

    Raises:
        InputError: a file cannot be read, or the files share too little to compare.
        ConfigError: a model is there already, or a statement fits no column.
        LeoError: there is nothing to train on, or the estimates are not to be trusted.
    """
    say, label_report = progress or (lambda _: None), None
    check_out(request.out, request.force)
    with _prepared(request.files, request, inferred, say) as (engine, prepared):
        left, right = prepared.units
        # At fault before the training.
        pairs = (
            labelled_pairs(engine, request.labels, *prepared.ids)
            if request.labels
            else None
        )
        for note in pairs.notes if pairs else ():
            say(note)
        model, report = train(
            engine,
            untrained(prepared.kinds),
            left,
            right,
            seed=request.seed,
            progress=say,
        )
        if report.faults and not request.allow_faults:
            raise LeoError(
                "the model is not to be trusted as it is, and was not written:\n"
                + "\n".join(f"  {fault}" for fault in report.faults)
                + "\n  fix what is named, or give --allow-faults to write it "
                "nevertheless"
            )
        if pairs:
            say("m from labels")
            scores = score_given(
                engine,
                model,
                left,
                right,
                term_frequencies(engine, model, left, right),
                pairs.table,
            )
            matches = fewest_matches(report.as_dict()) or 0
            model, label_report = m_from_labels(
                model, pairs.labelled(engine, model, scores), seen=matches
            )
        say("blocking rules")
        rules = [
            choice.rule.condition
            for choice in choose_rules(engine, model, left, right).rules
        ]
    model = with_rules(model, rules)
    provenance = {"labelled": label_report.as_dict()} if label_report else {}
    return model, report, label_report, save(request.out, model, report, **provenance)


def check_out(out: Path, force: bool) -> None:
    """Refuse a file that is there, unless it is to be replaced, and one that is no
    model's by its name.
    """
    if out.exists() and not force:
        raise ConfigError(
            f"--out {out}: a file is there already\n  give --force to replace it"
        )
    if out.suffix != ".json":
        raise ConfigError(
            f"--out {out}: a model file ends in .json\n  give --out a name that does"
        )


def suggest_for_files(
    files: FileOptions,
    options: RuleOptions,
    *,
    inferred: Inferred | None = None,
    progress: Progress | None = None,
) -> Suggested:
    """The smallest set of blocking rules for two files: `leo model blocking LEFT
    RIGHT`.

    Raises:
        InputError: a file cannot be read, or the files share too little to compare.
        ConfigError: a map fits no column, or the model lacks m and u.
        LeoError: there is nothing to learn from.
    """
    say = progress or (lambda _: None)
    with _prepared(files, options, inferred, say) as (engine, prepared):
        left, right = prepared.units
        truth = true_pairs(engine, options.truth, *prepared.ids)
        for note in truth.notes:
            say(note)
        model = load(options.model) if options.model else None
        if model is None:
            say("training")
            model = train(
                engine, untrained(prepared.kinds), left, right, seed=options.seed
            )[0]
        return suggest(engine, (left, right), truth.table, model, options, say)

"""Models of person files: trained on the files themselves, or given and adapted to them; and rules suggested for them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from linkage.engine import Engine, Table, connect, scratch_folder
from linkage.errors import ConfigError, InputError, LeoError, NothingToTrainOnError
from linkage.files.comparisons import untrained
from linkage.files.header_names import ROLES
from linkage.files.output import read_notes
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
from linkage.model.training import TrainingReport, default_parameters, fewest_matches, train
from linkage.pipeline.blocking import RuleOptions, Suggested, suggest

_NO_RULE = "no blocking rule pays: the fields agree too seldom or are too common\n  map further columns"
_RULES = "blocking_rules_to_generate_predictions"
_MIN_COMPARISONS = 2

Progress = Callable[[str], None]


def model_of(
    engine: Engine, request: JobOptions, prepared: Prepared, progress: Progress
) -> tuple[Model, dict[str, Any]]:
    """The model of a link: the given one, or one trained here; with blocking rules, and the reports of how it was made.

    Raises:
        ConfigError: a given model compares what the files do not both have.
        InputError: no blocking rule pays.
    """
    one_file = len(prepared.units) == 1
    sides = halves(engine, prepared.units[0], seed=request.seed) if one_file else prepared.units  # random pairs of it
    if request.model:
        made = _given_model(engine, request, prepared, sides, progress)
    else:
        made = _trained_model(engine, prepared.kinds, sides, request.seed, one_file, progress)
    if one_file:
        engine.drop(*sides)
    return made


def _trained_model(
    engine: Engine, kinds: Mapping[str, str], sides: Sequence[Table], seed: int, one_file: bool, progress: Progress
) -> tuple[Model, dict[str, Any]]:
    """A model of the files' own fields, trained on them, with blocking rules."""
    further = ", ".join(name for name in kinds if name not in ROLES)
    small = untrained({name: kind for name, kind in kinds.items() if name in ROLES} or kinds)
    remedy = f"; leave --compare out: {further}" if further else ""
    start = untrained(kinds, one_file=one_file)
    model, report = _trained(engine, start, small, sides, seed, one_file, progress, remedy)
    progress("blocking rules")
    chosen = choose_rules(engine, model, *sides)
    if not chosen.rules:
        raise InputError(_NO_RULE)
    reports = {"training": report.as_dict(), "blocking": {**asdict(chosen), "pairs": chosen.pairs}}
    return with_rules(model, [rule.rule.condition for rule in chosen.rules]), reports


def _trained(
    engine: Engine,
    start: Model,
    small: Model,
    sides: Sequence[Table],
    seed: int,
    one_file: bool,
    progress: Progress,
    remedy: str = "",
) -> tuple[Model, TrainingReport]:
    """Sides too small to learn from, or with no person in common, get default parameters; a warning says so.

    Args:
        small: what is compared then.
    """
    try:
        return train(engine, start, *sides, seed=seed, one_file=one_file, progress=progress)
    except NothingToTrainOnError as fault:
        reason = str(fault).splitlines()[0] + remedy
        return default_parameters(engine, small, *sides, seed=seed, reason=reason)


def with_rules(model: Model, conditions: Sequence[str], others: Sequence[Any] = ()) -> Model:
    """The model with these blocking rules, after others in Splink's form."""
    rules = [{"blocking_rule": condition, "sql_dialect": "duckdb"} for condition in conditions]
    return from_dict({**model.raw, _RULES: [*others, *rules]})


def _given_model(
    engine: Engine, request: JobOptions, prepared: Prepared, sides: Sequence[Table], progress: Progress
) -> tuple[Model, dict[str, Any]]:
    """A model file without fields that say nothing here, and what was done to it: `given` of a summary.

    A model that lacks m or u is trained here.
    """
    path, units, without = Path(request.model or ""), prepared.units, request.without
    model = load(path)
    if strange := [name for name in without if name.lower() not in {column.lower() for column in model.columns}]:
        names = ", ".join(model.columns)
        raise ConfigError(f"--without {strange[0]}: the model {path} names no such column\n  it names: {names}")
    done: dict[str, Any] = {}
    there, left_out = {name.lower() for name in prepared.kinds}, {name.lower() for name in without}
    fields = prepared.schemas[0].fields
    silent = [name for name in model.columns if name in fields and name.lower() not in there | left_out]
    rules = model.blocking_rules
    if silent or without:
        model = without_columns(model, {*silent, *without})
        done |= {"without": list(without), "silent": silent}
    missing = " ".join(f"--without {name}" for name in model.columns if name.lower() not in there)
    here = "leave --model out: a model is then trained on what these files have in common"
    remedy = f"state columns that hold them (--map); or compare without them: {missing}; or {here}"
    model.check_columns(there, str(path), remedy)
    if len(model.fields) < _MIN_COMPARISONS:
        only = f"these files have too little of what the model compares: only {model.fields[0].name}"
        raise ConfigError(f"{path}: {only}\n  {here}")
    check_runs(engine, model, units[0], units[-1], str(path))
    reports: dict[str, Any] = {}
    if not model.is_trained:
        model, report = _trained(engine, model, model, sides, request.seed, len(units) == 1, progress)
        reports["training"], done["trained"] = report.as_dict(), True
    if len(model.blocking_rules) < len(rules) or not rules:
        own = [rule.condition for rule in model.blocking_rules]
        chosen = [of.rule.condition for of in choose_rules(engine, model, *sides).rules]
        done["rules"] = [rule for rule in chosen if rule not in own]
        done["rules_lost"] = len(rules) - len(own)
        if not own and not done["rules"]:
            raise InputError(_NO_RULE)
        model = with_rules(model, done["rules"], model.raw.get(_RULES) or [])
    sizes = [engine.count(side) for side in units]
    trained_there = None if reports else trained_on(path)
    if trained_there and (model.raw.get("link_type") == "dedupe_only") == (len(sizes) == 1):
        prior = model.prior
        model = model.with_prior_of(trained_there if len(sizes) > 1 else [sum(trained_there)], sizes)
        if model.prior != prior:
            done |= {"trained_on": list(trained_there), "prior": {"in_file": prior, "here": model.prior}}
    if not reports and (unfit := misfits(engine, model, units[0], units[-1], seed=request.seed)):
        done["misfits"] = [asdict(misfit) for misfit in unfit]
    return model, {**reports, **({"given": done} if done else {})}


def refuse_without_model(request: JobOptions, remedy: str) -> None:
    """Refuse --without where no model is given."""
    if request.without and not request.model:
        raise ConfigError(f"--without names columns of a model that is given (--model)\n  of these files: {remedy}")


def given_notes(path: Path | None, summary: Mapping[str, Any]) -> list[str]:
    """What the user should know of a model that was given."""
    done, notes = summary.get("given") or {}, []
    if done.get("trained"):
        notes.append(f"{path}: the model had levels without m or u, and was trained on these files")
    if silent := done.get("silent"):
        notes.append(f"{path}: not compared, since these files say nothing by it: {', '.join(silent)}")
    if (rules := done.get("rules")) is not None:
        why = "the model has no blocking rules"
        if lost := done["rules_lost"]:
            why = f"blocking rules of the model that need what is not compared are left out ({lost})"
        notes.append(f"{path}: {why}: {len(rules)} were chosen for these files")
    if prior := done.get("prior"):
        there = " and ".join(f"{records:,}" for records in done["trained_on"])
        notes.append(
            f"{path}: the model was trained on {there} records: its prior, {prior['in_file']:.3g}, is rescaled to "
            f"{prior['here']:.3g}, by which the same share of records has a match"
        )
    for misfit in done.get("misfits", ()):
        high = misfit["here"] > misfit["in_model"]
        effect = "too high, and links may be wrong" if high else "too low, and links may be missed"
        notes.append(
            f"{path}: the model does not fit these files: its u of '{misfit['label']}' is {misfit['in_model']:.2g}, and "
            f"here it is {misfit['here']:.2g}. Its match weight is {effect}: leave --model out, and one is trained here"
        )
    return notes


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
    files: FileOptions, limits: TrainRequest | RuleOptions, inferred: Inferred | None, progress: Progress
) -> Iterator[tuple[Engine, Prepared]]:
    """Two files whose records are stored as long as the context lasts; what to know of them is shown as progress."""
    named = [Path(path) for name in ("truth", "labels") if (path := getattr(limits, name, None))]
    with (
        scratch_folder() as scratch,
        connect(
            "duckdb",
            memory_limit=limits.memory_limit,
            threads=limits.threads,
            within=[scratch, *files.paths.values(), *named],
        ) as engine,
        damage_reported(*files.paths.values()),
    ):
        progress("reading")
        prepared = prepare(engine, files, scratch, inferred=inferred)
        for note in read_notes(prepared):
            progress(note)
        yield engine, prepared


def train_files(
    request: TrainRequest, *, inferred: Inferred | None = None, progress: Progress | None = None
) -> tuple[Model, TrainingReport, LabelReport | None, int]:
    """Train a model on two files and write it to request.out, with blocking rules chosen for it.

    Returns:
        The model, its training report, the report of labels where there are some, and its version.

    Raises:
        InputError: a file cannot be read, or the files share too little to compare.
        ConfigError: a model is there already, or a statement fits no column.
        LeoError: there is nothing to train on, or the estimates are not to be trusted.
    """
    say, labelled = progress or (lambda _: None), None
    check_out(request.out, request.force)
    with _prepared(request.files, request, inferred, say) as (engine, prepared):
        left, right = prepared.units
        # At fault before the training.
        pairs = labelled_pairs(engine, request.labels, *prepared.ids) if request.labels else None
        for note in pairs.notes if pairs else ():
            say(note)
        model, report = train(engine, untrained(prepared.kinds), left, right, seed=request.seed, progress=say)
        if report.faults and not request.allow_faults:
            raise LeoError(
                "the model is not to be trusted as it is, and was not written:\n"
                + "\n".join(f"  {fault}" for fault in report.faults)
                + "\n  fix what is named, or give --allow-faults to write it nevertheless"
            )
        if pairs:
            say("m from labels")
            scored = score_given(engine, model, left, right, term_frequencies(engine, model, left, right), pairs.table)
            seen = fewest_matches(report.as_dict()) or 0
            model, labelled = m_from_labels(model, pairs.labelled(engine, model, scored), seen=seen)
        say("blocking rules")
        rules = [chosen.rule.condition for chosen in choose_rules(engine, model, left, right).rules]
    model = with_rules(model, rules)
    more = {"labelled": labelled.as_dict()} if labelled else {}
    return model, report, labelled, save(request.out, model, report, **more)


def check_out(out: Path, force: bool) -> None:
    """Refuse a file that is there, unless it is to be replaced, and one that is no model's by its name."""
    if out.exists() and not force:
        raise ConfigError(f"--out {out}: a file is there already\n  give --force to replace it")
    if out.suffix != ".json":
        raise ConfigError(f"--out {out}: a model file ends in .json\n  give --out a name that does")


def suggest_for_files(
    files: FileOptions, options: RuleOptions, *, inferred: Inferred | None = None, progress: Progress | None = None
) -> Suggested:
    """The smallest set of blocking rules for two files: `leo model blocking LEFT RIGHT`.

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
            model = train(engine, untrained(prepared.kinds), left, right, seed=options.seed)[0]
        return suggest(engine, (left, right), truth.table, model, options, say)

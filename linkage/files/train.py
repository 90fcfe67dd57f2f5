"""Train a model on two person files, for runs and links that shall not train one themselves."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from linkage.engine import connect, scratch_folder
from linkage.errors import ConfigError, LeoError
from linkage.files.comparisons import untrained
from linkage.files.labels import labelled_pairs
from linkage.files.messages import read_notes
from linkage.files.prepare import FileOptions, Inferred, prepare
from linkage.files.read_file import damage_reported
from linkage.files.train_model import with_rules
from linkage.match.candidates import score_given, term_frequencies
from linkage.model import Model
from linkage.model.blocking import choose_rules
from linkage.model.labelled import LabelReport, m_from_labels
from linkage.model.model_files import save
from linkage.model.training import TrainingReport, fewest_matches, train


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


def train_files(
    request: TrainRequest, *, inferred: Inferred | None = None, progress: Callable[[str], None] | None = None
) -> tuple[Model, TrainingReport, LabelReport | None, int]:
    """Train a model on two files and write it to request.out, with blocking rules chosen for it.

    Returns:
        The model, its training report, the report of labels where there are some, and its version.

    Raises:
        InputError: a file cannot be read, or the files share too little to compare.
        ConfigError: a model is there already, or a statement fits no column.
        LeoError: there is nothing to train on, or the estimates are not to be trusted.
    """
    say = progress or (lambda _: None)
    check_out(request.out, request.force)
    with (
        scratch_folder() as scratch,
        connect("duckdb", memory_limit=request.memory_limit, threads=request.threads) as engine,
        damage_reported(*request.files.paths.values()),
    ):
        say("reading")
        prepared = prepare(engine, request.files, scratch, inferred=inferred)
        for note in read_notes(prepared):
            say(note)
        left, right = prepared.units
        # At fault before the training.
        pairs = labelled_pairs(engine, request.labels, *prepared.ids) if request.labels else None
        for note in pairs.notes(request.labels) if pairs and request.labels else ():
            say(note)
        start, seed = untrained(prepared.kinds), request.seed
        model, report = train(engine, start, left, right, seed=seed, progress=say)
        if report.faults and not request.allow_faults:
            raise LeoError(
                "the model is not to be trusted as it is, and was not written:\n"
                + "\n".join(f"  {fault}" for fault in report.faults)
                + "\n  fix what is named, or give --allow-faults to write it nevertheless"
            )
        labelled = None
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

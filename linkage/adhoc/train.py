"""Train a model on two person files with no configuration, for runs that shall not train one themselves."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from linkage.adhoc.fields.alike import left_out
from linkage.adhoc.files.person_file import Recognised, damage_told
from linkage.adhoc.labels import labelled_pairs
from linkage.adhoc.modelling import untrained, with_rules
from linkage.adhoc.two_files import Asked, two_files
from linkage.engine import connect, scratch_folder
from linkage.errors import ConfigError, LeoError
from linkage.match.candidates import score_given, term_frequencies
from linkage.model import Model
from linkage.model.blocking import choose_rules
from linkage.model.labelled import LabelReport, m_from_labels
from linkage.model.model_files import save
from linkage.model.training import TrainingReport, fewest_matches, train


@dataclass(frozen=True)
class TrainRequest:
    """What `leo train` was asked."""

    left: Path
    right: Path
    out: Path
    maps: tuple[str, ...] = ()
    delimiter: str | None = None
    encodings: tuple[str | None, str | None] = (None, None)  # of CSV files; found in each when None
    memory_limit: str | None = None
    threads: int | None = None
    seed: int = 2026
    force: bool = False
    allow_faults: bool = False
    labels: Path | None = None


def train_files(
    request: TrainRequest,
    *,
    recognised: Recognised | None = None,
    progress: Callable[[str], None] | None = None,
) -> tuple[Model, TrainingReport, LabelReport | None, int]:
    """Train a model on two files and write it to request.out, with blocking rules chosen for it.

    Returns:
        The model, what it was trained on, what labels taught where there are some, and its version.

    Raises:
        InputError: a file cannot be read, or the files share too little to compare.
        ConfigError: a model is there already, or a map fits no column.
        LeoError: there is nothing to train on, or something about the estimates is not to be trusted.
    """
    say = progress or (lambda _: None)
    check_out(request.out, request.force)
    with (
        scratch_folder() as scratch,
        connect("duckdb", memory_limit=request.memory_limit, threads=request.threads) as engine,
        damage_told(request.left, request.right),
    ):
        say("reading")
        asked = Asked(
            request.left, request.right, request.maps, delimiter=request.delimiter, encodings=request.encodings
        )
        read = two_files(engine, asked, scratch, recognised)
        for note in (*left_out(read.columns, read.at), *read.notes()):
            say(note)
        left, right = read.sides
        # At fault before the training.
        pairs = labelled_pairs(engine, request.labels, *read.ids) if request.labels else None
        for note in pairs.notes(request.labels) if pairs and request.labels else ():
            say(note)
        start, seed = untrained(read.kinds), request.seed
        model, report = train(engine, start, left, right, seed=seed, progress=say)
        if report.faults and not request.allow_faults:
            raise LeoError(
                "the model is not to be trusted as it is, and was not written:\n"
                + "\n".join(f"  {fault}" for fault in report.faults)
                + "\n  mend what is named, or give --allow-faults to write it nevertheless"
            )
        taught = None
        if pairs:
            say("m from labels")
            scored = score_given(engine, model, left, right, term_frequencies(engine, model, left, right), pairs.table)
            seen = fewest_matches(report.as_dict()) or 0
            model, taught = m_from_labels(model, pairs.labelled(engine, model, scored), seen=seen)
        say("blocking rules")
        rules = [chosen.rule.condition for chosen in choose_rules(engine, model, left, right).rules]
    model = with_rules(model, rules)
    told = {"labelled": taught.as_dict()} if taught else {}
    return model, report, taught, save(request.out, model, report, **told)


def check_out(out: Path, force: bool) -> None:
    """Refuse a file that is there, unless it is to be replaced, and one that is no model's by its name."""
    if out.exists() and not force:
        raise ConfigError(f"--out {out}: a file is there already\n  give --force to replace it")
    if out.suffix != ".json":
        raise ConfigError(f"--out {out}: a model file ends in .json\n  give --out a name that does")

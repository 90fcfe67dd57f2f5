"""Train a model on two person files with no configuration, for runs that shall not train one themselves."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from linkage.adhoc import persons
from linkage.adhoc.alike import alike, left_out
from linkage.adhoc.columns_of import columns_of
from linkage.adhoc.labels import labelled_pairs
from linkage.adhoc.modelling import untrained, with_rules
from linkage.adhoc.person_file import Recognised
from linkage.engine import Engine, Table, connect
from linkage.errors import ConfigError, InputError, LeoError
from linkage.match.score import score_given, term_frequencies
from linkage.model import Model
from linkage.model.blocking import suggest
from linkage.model.labelled import LabelReport, m_from_labels
from linkage.model.training import TrainingReport, train
from linkage.model.training.files import save


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
        tempfile.TemporaryDirectory(prefix="leo-train-") as scratch,
        connect("duckdb", memory_limit=request.memory_limit, threads=request.threads) as engine,
    ):
        say("reading")
        (left, right), ids, kinds = _sides(engine, request, Path(scratch), recognised or (lambda *_: None), say)
        pairs = labelled_pairs(engine, request.labels, *ids) if request.labels else None  # at fault before the training
        repeats = max(persons.held_twice(engine, side) for side in (left, right)) >= persons.MANY_TWICE
        start, seed = untrained(kinds), request.seed
        model, report = train(engine, start, left, right, seed=seed, together=True, one_file=repeats, progress=say)
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
            model, taught = m_from_labels(model, pairs.labelled(engine, model, scored))
        say("blocking rules")
        rules = suggest(engine, model, left, right).rules
    model = with_rules(model, rules)
    told = {"labelled": taught.as_dict()} if taught else {}
    return model, report, taught, save(request.out, model, report, **told)


def check_out(out: Path, force: bool) -> None:
    """Refuse a file that is there, unless it is to be replaced, and one that is no model's by its name."""
    if out.exists() and not force:
        raise ConfigError(f"--out {out}: a file is there already\n  give --force to replace it")
    if out.suffix != ".json":
        raise ConfigError(f"--out {out}: a model file ends in .json")


def _sides(
    engine: Engine, request: TrainRequest, scratch: Path, recognised: Recognised, say: Callable[[str], None]
) -> tuple[tuple[Table, Table], tuple[Table, Table], dict[str, str]]:
    """Both files' persons, their ids in the files, and how each shared field is compared."""
    files = [
        persons.read(engine, path, scratch / side, delimiter=request.delimiter, encoding=encoding)
        for side, path, encoding in zip(
            ("left", "right"), (request.left, request.right), request.encodings, strict=True
        )
    ]
    columns = columns_of(engine, files, request.maps)
    recognised(columns, files)
    files, at = alike(engine, files, columns)
    for note in left_out(columns, at):
        say(note)
    fields = [{name: side[name] for name in at.fields} for side in (at.left, at.right)]
    postcodes = "postcode" in at.fields and all(
        persons.british(engine, file, side["postcode"]) for file, side in zip(files, fields, strict=True)
    )
    ids = (at.left_id, at.right_id)
    (left, left_ids), (right, right_ids) = (
        persons.units(engine, file, side, id_column, postcodes=postcodes)
        for file, side, id_column in zip(files, fields, ids, strict=True)
    )
    kinds = persons.kinds(engine, left, right, postcodes=postcodes)
    if len(kinds) < 2:
        raise InputError(
            "fewer than two of the shared fields say anything: the others are empty or hold one value\n"
            f"  compared: {', '.join(kinds) or 'none'}; map further columns with --map"
        )
    return (left, right), (left_ids, right_ids), kinds

"""Blocking rules suggested for two files: `leo model blocking LEFT RIGHT`."""

from collections.abc import Callable

from linkage.engine import connect, scratch_folder
from linkage.files import truth
from linkage.files.comparisons import untrained
from linkage.files.messages import read_notes
from linkage.files.prepare import FileOptions, Inferred, prepare
from linkage.files.read_file import damage_reported
from linkage.model import load as load_model
from linkage.model.training import train
from linkage.pipeline.blocking import RuleOptions, Suggested, suggest


def suggest_for_files(
    files: FileOptions,
    options: RuleOptions,
    *,
    inferred: Inferred | None = None,
    progress: Callable[[str], None] | None = None,
) -> Suggested:
    """The smallest set of rules for two files.

    Raises:
        InputError: a file cannot be read, or the files share too little to compare.
        ConfigError: a map fits no column, or the model lacks m and u.
        LeoError: there is nothing to learn from.
    """
    say = progress or (lambda _: None)
    with (
        scratch_folder() as scratch,
        connect("duckdb", memory_limit=options.memory_limit, threads=options.threads) as engine,
        damage_reported(*files.paths.values()),
    ):
        say("reading")
        prepared = prepare(engine, files, scratch, inferred=inferred)
        for note in read_notes(prepared):
            say(note)
        left, right = prepared.units
        given = truth.true_pairs(engine, options.truth, *prepared.ids) if options.truth else truth.TruePairs()
        for note in given.notes:
            say(note)
        model = load_model(options.model) if options.model else None
        if model is None:
            say("training")
            model = train(engine, untrained(prepared.kinds), left, right, seed=options.seed)[0]
        return suggest(engine, (left, right), given.table, model, options, say)

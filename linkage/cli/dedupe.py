"""`leo dedupe`: the records of one person file that are one person."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from linkage.adhoc.accepting import ACCEPTED_FROM
from linkage.adhoc.options import (
    Delimiter,
    Encoding,
    GivenModel,
    MemoryLimit,
    PersonFileArgument,
    Threads,
    Without,
    by_content_notes,
    not_recognised,
    say,
    say_against_truth,
    say_notes,
    say_trained,
    whole_address_notes,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from linkage.adhoc.files.person_file import PersonFile
    from linkage.adhoc.headers.recognise import Columns


def dedupe(
    file: PersonFileArgument,
    out: Annotated[Path, typer.Option(help="Folder for clusters, links, model, manifest and report.")],
    maps: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            help="A column that its name does not tell: forename=PERNAME1; other=X: not compared. May be repeated.",
        ),
    ] = None,
    id_column: Annotated[str | None, typer.Option("--id", help="Id column of the file; none numbers the rows.")] = None,
    threshold: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Match probability from which two records are one person.")
    ] = ACCEPTED_FROM,
    truth: Annotated[
        str | None,
        typer.Option(
            help="What to measure error against: a column of the file that says who is who, or a file of true pairs "
            "(left_id, right_id) or of clusters (id, cluster)."
        ),
    ] = None,
    model: GivenModel = None,
    without: Without = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    memory_limit: MemoryLimit = None,
    threads: Threads = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the samples that training uses.")] = 2026,
    force: Annotated[bool, typer.Option("--force", help="Replace what an earlier leo dedupe wrote to --out.")] = False,
) -> None:
    """Find the records of one file that are one person: columns are recognised, the model is trained on the file.

    Example: leo dedupe customers.csv --out deduplicated --map surname=FAMILY --truth person_id
    """
    from linkage.adhoc.dedupe import DedupeRequest, dedupe_file
    from linkage.engine import without_pandas

    without_pandas()
    request = DedupeRequest(
        file=file,
        out=out,
        maps=tuple(maps or ()),
        id=id_column,
        threshold=threshold,
        truth=truth,
        model=model,
        without=tuple(without or ()),
        delimiter=delimiter,
        encoding=encoding,
        memory_limit=memory_limit,
        threads=threads,
        seed=seed,
        force=force,
    )
    done = dedupe_file(request, recognised=_say_recognised, progress=say)
    counts = done.summary
    alone = counts["clusters"] == 1
    of = ("person" if alone else "people") if done.of_persons else ("thing" if alone else "things")
    typer.echo(f"{counts['records']:,} records are {counts['clusters']:,} {of}")
    say_against_truth(done.truth)
    say_notes(done.notes)
    say_trained(counts)
    typer.echo(f"clusters {out / 'clusters.parquet'}\nreport   {out / 'report' / 'index.html'}")


def _say_recognised(columns: "Columns", files: "Sequence[PersonFile]") -> None:
    """Which column was taken for what, so that a wrong guess is seen before the work is done."""
    typer.echo(f"  {'id':<16} {columns.left_id or 'row number'}", err=True)
    for field in columns.fields:
        typer.echo(f"  {field:<16} {columns.left[field]}", err=True)
    say_notes([*by_content_notes(columns), *whole_address_notes(columns, files)])
    say_notes([note for file in files for note in file.notes()])
    say_notes(not_recognised(columns, files))

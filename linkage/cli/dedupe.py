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
    say,
    say_notes,
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
    from linkage.adhoc.notes import clusters_said, model_notes, truth_said
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
    typer.echo(clusters_said(done))
    if done.truth:
        typer.echo(truth_said(done.truth))
    say_notes([*done.notes, *model_notes(done.summary)])
    typer.echo(f"clusters {out / 'clusters.parquet'}\nreport   {out / 'report' / 'index.html'}")


def _say_recognised(columns: "Columns", files: "Sequence[PersonFile]") -> None:
    """Which column was taken for what, so that a wrong guess is seen before the work is done."""
    from linkage.adhoc.notes import columns_taken, recognised_notes

    typer.echo(f"  {'id':<16} {columns.left_id or 'row number'}", err=True)
    for field, (column, _) in columns_taken(columns).items():
        typer.echo(f"  {field:<16} {column}", err=True)
    say_notes(recognised_notes(columns, files))

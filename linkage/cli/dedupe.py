"""`leo dedupe`: the records of one person file that are one person."""

from pathlib import Path
from typing import Annotated

import typer

from linkage.cli import file_options as shared
from linkage.cli.file_options import say, say_inferred, say_notes
from linkage.pipeline.linked_files import ACCEPT_PROBABILITY


def dedupe(
    file: shared.PersonFileArgument,
    out: Annotated[Path, typer.Option(help="Folder for clusters, links, model, manifest and report.")],
    maps: shared.FileMaps = None,
    compare: shared.Compare = None,
    date_format: shared.DateFormats = None,
    schema: shared.SchemaFile = None,
    id_column: Annotated[str | None, typer.Option("--id", help="Id column of the file; none numbers the rows.")] = None,
    threshold: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Match probability from which two records are one person.")
    ] = ACCEPT_PROBABILITY,
    truth: Annotated[
        str | None,
        typer.Option(
            help="What to measure error against: a column of the file that says who is who, or a file of true pairs "
            "(left_id, right_id) or of clusters (id, cluster)."
        ),
    ] = None,
    model: shared.GivenModel = None,
    without: shared.Without = None,
    encoding: shared.Encoding = None,
    delimiter: shared.Delimiter = None,
    memory_limit: shared.MemoryLimit = None,
    threads: shared.Threads = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the samples that training uses.")] = 2026,
    force: Annotated[bool, typer.Option("--force", help="Replace what an earlier leo dedupe wrote to --out.")] = False,
) -> None:
    """Find the records of one file that are one person: its schema is inferred, the model is trained on the file.

    Example: leo dedupe customers.csv --out deduplicated --map surname=FAMILY --truth person_id
    """
    from linkage.engine import without_pandas
    from linkage.files.dedupe import DedupeRequest, dedupe_file
    from linkage.files.messages import clusters_line, model_notes, truth_line

    without_pandas()
    request = DedupeRequest(
        file=file,
        out=out,
        maps=tuple(maps or ()),
        compare=tuple(compare or ()),
        date_formats=tuple(date_format or ()),
        schema=schema,
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
    done = dedupe_file(request, inferred=say_inferred, progress=say)
    typer.echo(clusters_line(done.summary))
    if done.truth:
        typer.echo(truth_line(done.truth))
    say_notes([*done.notes, *model_notes(done.summary)])
    typer.echo(f"clusters {out / 'clusters.parquet'}\nreport   {out / 'report' / 'index.html'}")

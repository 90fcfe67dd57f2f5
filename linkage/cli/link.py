"""`leo link`: link two person files."""

from pathlib import Path
from typing import Annotated

import typer

from linkage.cli import file_options as shared
from linkage.cli.file_options import of_each, say, say_inferred, say_notes
from linkage.pipeline.linked_files import ACCEPT_PROBABILITY


def link(
    left: shared.PersonFileArgument,
    right: shared.OtherFileArgument,
    out: Annotated[Path, typer.Option(help="Folder for links, unlinked, model, manifest and report.")],
    maps: shared.Maps = None,
    compare: shared.Compare = None,
    date_format: shared.DateFormats = None,
    schema: shared.SchemaFile = None,
    ids: Annotated[
        list[str] | None,
        typer.Option("--id", help="Id column of both files, or given twice, left and right; none numbers the rows."),
    ] = None,
    threshold: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Match probability to accept a link.")
    ] = ACCEPT_PROBABILITY,
    truth: Annotated[Path | None, typer.Option(help="True pairs (left_id, right_id) to measure error against.")] = None,
    model: shared.GivenModel = None,
    without: shared.Without = None,
    encoding: shared.Encodings = None,
    delimiter: shared.Delimiter = None,
    memory_limit: shared.MemoryLimit = None,
    threads: shared.Threads = None,
    samples: Annotated[int, typer.Option(min=0, max=1000, help="Link draws, for estimates on each of them.")] = 0,
    second_records: Annotated[
        bool | None,
        typer.Option(help="Link both records of a person who is in a file twice; by default where many are."),
    ] = None,
    links_only: Annotated[
        bool, typer.Option("--links-only", help="Links only: several times faster for large files.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the samples that training uses.")] = 2026,
    force: Annotated[bool, typer.Option("--force", help="Replace what an earlier leo link wrote to --out.")] = False,
) -> None:
    """Link two person files: their schema is inferred, the model is trained on the files themselves.

    Example: leo link pupils.csv customers.parquet --out linked --map left.surname=FAMILY --truth pairs.csv
    """
    from linkage.engine import without_pandas
    from linkage.files.link import LinkRequest, link_files
    from linkage.files.messages import links_line, model_notes, truth_line

    without_pandas()
    request = LinkRequest(
        left=left,
        right=right,
        out=out,
        maps=tuple(maps or ()),
        compare=tuple(compare or ()),
        date_formats=tuple(date_format or ()),
        schema=schema,
        ids=of_each(ids, "--id"),
        threshold=threshold,
        truth=truth,
        model=model,
        without=tuple(without or ()),
        delimiter=delimiter,
        encodings=of_each(encoding, "--encoding"),
        memory_limit=memory_limit,
        threads=threads,
        seed=seed,
        samples=samples,
        second_records=second_records,
        links_only=links_only,
        force=force,
    )
    done = link_files(request, inferred=say_inferred, progress=say)
    typer.echo(links_line(done.summary, links_only=links_only))
    if done.truth:
        typer.echo(truth_line(done.truth))
    if samples:
        typer.echo(
            f"draws   {out / 'link_draws.parquet'}   {samples} of them; docs/explanation/uncertainty.md says what for"
        )
    say_notes([*done.notes, *model_notes(done.summary, of_two_files=True)])
    typer.echo(f"links   {out / 'links.parquet'}")
    if not links_only:
        typer.echo(f"report  {out / 'report' / 'index.html'}")

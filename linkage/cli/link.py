"""`leo link`: two person files linked with no configuration."""

from pathlib import Path
from typing import Annotated

import typer

from linkage.adhoc.accepting import ACCEPTED_FROM
from linkage.adhoc.options import (
    Delimiter,
    Encodings,
    GivenModel,
    Maps,
    MemoryLimit,
    OtherFileArgument,
    PersonFileArgument,
    Threads,
    Without,
    of_each,
    say,
    say_notes,
    say_recognised,
)


def link(
    left: PersonFileArgument,
    right: OtherFileArgument,
    out: Annotated[Path, typer.Option(help="Folder for links, unlinked, model, manifest and report.")],
    maps: Maps = None,
    ids: Annotated[
        list[str] | None,
        typer.Option("--id", help="Id column of both files, or given twice of left and right; none numbers the rows."),
    ] = None,
    threshold: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Match probability to accept a link.")
    ] = ACCEPTED_FROM,
    truth: Annotated[Path | None, typer.Option(help="True pairs (left_id, right_id) to measure error against.")] = None,
    model: GivenModel = None,
    without: Without = None,
    encoding: Encodings = None,
    delimiter: Delimiter = None,
    memory_limit: MemoryLimit = None,
    threads: Threads = None,
    samples: Annotated[
        int, typer.Option(min=0, max=1000, help="Alternative link sets to draw, for estimates on each of them.")
    ] = 0,
    second_records: Annotated[
        bool | None,
        typer.Option(help="Link both records of a person who is in a file twice; if not said, where many are."),
    ] = None,
    links_only: Annotated[
        bool, typer.Option("--links-only", help="Links and nothing else: several times faster for large files.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the samples that training uses.")] = 2026,
    force: Annotated[bool, typer.Option("--force", help="Replace what an earlier leo link wrote to --out.")] = False,
) -> None:
    """Link two person files: columns are recognised, the model is trained on the files themselves.

    Example: leo link pupils.csv customers.parquet --out linked --map left.surname=FAMILY --truth pairs.csv
    """
    from linkage.adhoc.link import Request, link_files
    from linkage.adhoc.notes import links_said, model_notes, truth_said
    from linkage.engine import without_pandas

    without_pandas()
    request = Request(
        left=left,
        right=right,
        out=out,
        maps=tuple(maps or ()),
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
    done = link_files(request, recognised=say_recognised, progress=say)
    typer.echo(links_said(done.summary, links_only=links_only))
    if done.truth:
        typer.echo(truth_said(done.truth))
    if samples:
        typer.echo(f"draws   {out / 'link_draws.parquet'}   {samples} of them; docs/uncertainty.md says what for")
    say_notes([*done.notes, *model_notes(done.summary, of_two_files=True)])
    typer.echo(f"links   {out / 'links.parquet'}")
    if not links_only:
        typer.echo(f"report  {out / 'report' / 'index.html'}")

"""`leo link` and `leo dedupe`: person files with nothing to configure."""

from pathlib import Path
from typing import Annotated

import typer

from linkage.cli import options as o
from linkage.cli.output import both_sides, say, say_inferred, say_notes, show
from linkage.pipeline.linked_files import ACCEPT_PROBABILITY


def link(
    left: o.PersonFile,
    right: o.OtherFile,
    out: Annotated[Path, typer.Option(help="Folder for links, unlinked, model, manifest and report.")],
    maps: o.Maps = None,
    compare: o.Compare = None,
    date_format: o.DateFormats = None,
    schema: o.SchemaFile = None,
    ids: o.Ids = None,
    threshold: o.Threshold = ACCEPT_PROBABILITY,
    truth: o.Truth = None,
    model: o.Model = None,
    without: o.Without = None,
    encoding: o.Encodings = None,
    delimiter: o.Delimiter = None,
    memory_limit: o.MemoryLimit = None,
    threads: o.Threads = None,
    link_draws: Annotated[int, typer.Option(min=0, max=1000, help="Link draws, for estimates on each of them.")] = 0,
    duplicates: Annotated[
        bool | None, typer.Option(help="Link duplicates within a file too (default: where a file has many).")
    ] = None,
    links_only: Annotated[
        bool, typer.Option("--links-only", help="Links only: several times faster for large files.")
    ] = False,
    seed: o.Seed = 2026,
    force: o.Force = False,
    as_json: o.Json = False,
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
        ids=both_sides(ids, "--id"),
        threshold=threshold,
        truth=truth,
        model=model,
        without=tuple(without or ()),
        delimiter=delimiter,
        encodings=both_sides(encoding, "--encoding"),
        memory_limit=memory_limit,
        threads=threads,
        seed=seed,
        samples=link_draws,
        second_records=duplicates,
        links_only=links_only,
        force=force,
    )
    linked = link_files(request, inferred=say_inferred, progress=say)
    lines = [links_line(linked.summary, links_only=links_only)]
    lines += [truth_line(linked.truth)] if linked.truth else []
    if link_draws:
        lines.append(
            f"draws   {out / 'link_draws.parquet'}   {link_draws} of them; docs/explanation/uncertainty.md says what for"
        )
    say_notes([*linked.notes, *model_notes(linked.summary, of_two_files=True)])
    lines.append(f"links   {out / 'links.parquet'}")
    lines += [] if links_only else [f"report  {out / 'report' / 'index.html'}"]
    show(linked, lines, as_json=as_json)


def dedupe(
    file: o.PersonFile,
    out: Annotated[Path, typer.Option(help="Folder for clusters, links, model, manifest and report.")],
    maps: o.FileMaps = None,
    compare: o.Compare = None,
    date_format: o.DateFormats = None,
    schema: o.SchemaFile = None,
    id_column: o.Id = None,
    threshold: o.Threshold = ACCEPT_PROBABILITY,
    truth: Annotated[
        str | None,
        typer.Option(
            help="To measure precision and recall by: a column of the file with true ids, or a file of true pairs "
            "(left_id, right_id) or of clusters (id, cluster)."
        ),
    ] = None,
    model: o.Model = None,
    without: o.Without = None,
    encoding: o.Encoding = None,
    delimiter: o.Delimiter = None,
    memory_limit: o.MemoryLimit = None,
    threads: o.Threads = None,
    seed: o.Seed = 2026,
    force: o.Force = False,
    as_json: o.Json = False,
) -> None:
    """Find the duplicate records of one person file: its schema is inferred, the model is trained on the file.

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
    linked = dedupe_file(request, inferred=say_inferred, progress=say)
    lines = [clusters_line(linked.summary), *([truth_line(linked.truth)] if linked.truth else [])]
    say_notes([*linked.notes, *model_notes(linked.summary)])
    lines += [f"clusters {out / 'clusters.parquet'}", f"report   {out / 'report' / 'index.html'}"]
    show(linked, lines, as_json=as_json)

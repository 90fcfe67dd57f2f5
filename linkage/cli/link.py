"""`leo link` and `leo dedupe`: person files with nothing to configure."""

from pathlib import Path
from typing import Annotated

from typer import Option

from linkage.cli import options as o
from linkage.cli.output import (
    both_sides,
    request_of,
    say,
    say_inferred,
    say_notes,
    show,
)
from linkage.pipeline.linked_files import ACCEPT_PROBABILITY


def link(
    left: o.PersonFile,
    right: o.OtherFile,
    out: Annotated[
        Path, Option(help="Folder for links, unlinked, model, manifest and report.")
    ],
    maps: o.Maps = None,
    compare: o.Compare = None,
    date_formats: o.DateFormats = None,
    schema: o.SchemaFile = None,
    ids: o.Ids = None,
    threshold: o.Threshold = ACCEPT_PROBABILITY,
    truth: o.Truth = None,
    model: o.Model = None,
    without: o.Without = None,
    encodings: o.Encodings = None,
    delimiter: o.Delimiter = None,
    memory_limit: o.MemoryLimit = None,
    threads: o.Threads = None,
    samples: Annotated[
        int, Option("--link-draws", min=0, max=1000, help="Number of link draws.")
    ] = 0,
    second_records: Annotated[
        bool | None,
        Option(
            "--duplicates/--no-duplicates",
            help="Link duplicates in a file; on without --links-only.",
        ),
    ] = None,
    links_only: Annotated[
        bool,
        Option(
            "--links-only", help="Faster: no reasons, estimates, duplicates or report."
        ),
    ] = False,
    seed: o.Seed = 2026,
    force: o.Force = False,
    as_json: o.Json = False,
) -> None:
    """Link two person files: their schema is inferred, the model is trained on the
    files themselves.

    Example: leo link pupils.csv customers.parquet --out linked --map
    left.surname=FAMILY --truth pairs.csv
    """
    options = locals()
    from linkage.files.link import LinkRequest, link_files
    from linkage.files.notes import closing_lines_of_files, model_notes
    from linkage.pipeline.folder import read_manifest

    both = {
        "ids": both_sides(ids, "--id"),
        "encodings": both_sides(encodings, "--encoding"),
    }
    request = request_of(LinkRequest, options, **both)
    result = link_files(request, inferred=say_inferred, progress=say)
    say_notes([*result.notes, *model_notes(result.summary, of_two_files=True)])
    lines = closing_lines_of_files(out, read_manifest(out))
    show(result, lines, as_json=as_json)


def dedupe(
    file: o.PersonFile,
    out: Annotated[
        Path, Option(help="Folder for clusters, links, model, manifest and report.")
    ],
    maps: o.FileMaps = None,
    compare: o.Compare = None,
    date_formats: o.DateFormats = None,
    schema: o.SchemaFile = None,
    id: o.Id = None,
    threshold: o.Threshold = ACCEPT_PROBABILITY,
    truth: Annotated[
        str | None,
        Option(help="A column of true ids, or a file of true pairs or clusters."),
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
    """Find the duplicate records of one person file: its schema is inferred, the model
    is trained on the file.

    Example: leo dedupe customers.csv --out deduplicated --map surname=FAMILY --truth
    person_id
    """
    options = locals()
    from linkage.files.link import DedupeRequest, dedupe_file
    from linkage.files.notes import closing_lines_of_files, model_notes
    from linkage.pipeline.folder import read_manifest

    request = request_of(DedupeRequest, options)
    result = dedupe_file(request, inferred=say_inferred, progress=say)
    say_notes([*result.notes, *model_notes(result.summary)])
    lines = closing_lines_of_files(out, read_manifest(out))
    show(result, lines, as_json=as_json)

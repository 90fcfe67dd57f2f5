"""`leo explain`: why a pair, a record or a person was or was not linked."""

from pathlib import Path
from typing import Annotated

import typer

from linkage.cli.written import a_file, write_json
from linkage.errors import ConfigError


def explain(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of leo run, leo link or leo dedupe.")],
    pair: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="LEFT RIGHT",
            help="Two records: SOURCE:KEY (the source's own key) or entity numbers; of leo link or leo dedupe, ids in "
            "the files.",
        ),
    ] = None,
    record: Annotated[
        str | None,
        typer.Option(
            metavar="SOURCE:KEY",
            help="A record and its candidate pairs; of leo link, left:ID or right:ID; of leo dedupe, its id.",
        ),
    ] = None,
    person: Annotated[
        int | None, typer.Option(metavar="ID", help="A person of the spine or of leo dedupe, by person_id.")
    ] = None,
    step: Annotated[
        str | None, typer.Option(help="The link step; by default the first that links the two sources.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(callback=a_file, help="Also write a page, one file that needs no network.")
    ] = None,
    to_json: Annotated[
        Path | None, typer.Option("--json", callback=a_file, help="Also write all that was found to a file.")
    ] = None,
    values: Annotated[
        bool,
        typer.Option(
            "--values",
            help="Show the values of the two records, on this terminal only: personal data. No file ever has them.",
        ),
    ] = False,
) -> None:
    """Show why two records were or were not linked, by comparison, and what would change it.

    The pair is scored again with the model of its step, so that any two records of the step's sides can be asked
    about, also two that were never compared. A bar to the right is evidence for a match, a bar to the left against it.
    Nothing shown names a person, unless --values is given.

    Example: leo explain runs/demo --pair npd:PP97GCR9XPKEJ70997 cis:OH145283A --html pair.html
    """
    from linkage.cli.explained import show
    from linkage.cli.idle import refuse_idle
    from quality.explain import Explainer

    if sum(asked is not None for asked in (pair, record, person)) != 1:
        raise ConfigError("say what to explain: one of --pair LEFT RIGHT, --record SOURCE:KEY and --person ID")
    if person is not None:
        refuse_idle({"--step": step}, "is for a pair or a record: a person is of all steps")
    with Explainer(run) as explainer:
        if pair:
            found = explainer.pair(*pair, step=step, with_values=values)
        elif record:
            found = explainer.record(record, step=step, with_values=values)
        else:
            found = explainer.person(person or 0, with_values=values)
    # Files first: a reader that stops early (| head) ends this process as it prints.
    if html:
        from quality.explain.page import render_explanation

        render_explanation(found.found, html)
    if to_json:
        write_json(found.found, to_json)
    show(found.found, found.values, found.ids)

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
            help="A record and all whom it met; of leo link, left:ID or right:ID; of leo dedupe, its id.",
        ),
    ] = None,
    person: Annotated[
        int | None, typer.Option(metavar="ID", help="A person of the spine or of leo dedupe, by person_id.")
    ] = None,
    step: Annotated[
        str | None, typer.Option(help="The step to look at; without it the first that sets the two against each other.")
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
            help="Show what the two records hold, on this terminal alone: personal data. No file ever holds it.",
        ),
    ] = False,
    files: Annotated[
        list[Path] | None,
        typer.Option(help="What was linked, where it has moved; of leo link given twice: left, then right."),
    ] = None,
    keep: Annotated[
        bool,
        typer.Option(
            help="Of leo link and leo dedupe: keep what the files hold in RUN/explained, for the owner alone, so that "
            "the next question is answered at once."
        ),
    ] = True,
) -> None:
    """Show why two records were or were not linked, part by part, and what would change it.

    The pair is weighed afresh with the model of its step, so that any two records of the step's sides can be asked
    about, also two that were never compared. A bar to the right speaks for a match, a bar to the left against it.
    Nothing shown names a person, unless --values is given: then what the two hold is shown on the terminal.

    Example: leo explain runs/demo --pair npd:PP97GCR9XPKEJ70997 cis:OH145283A --html pair.html
    """
    from linkage.cli.explained import show
    from linkage.cli.idle import refuse_idle
    from quality.explain import Explainer

    if sum(asked is not None for asked in (pair, record, person)) != 1:
        raise ConfigError("say what to explain: one of --pair LEFT RIGHT, --record SOURCE:KEY and --person ID")
    if person is not None:
        refuse_idle({"--step": step}, "is for a pair or a record: a person is of all steps")
    with Explainer(run, files or (), keep=keep, say=lambda text: typer.echo(f"  {text} ...", err=True)) as explainer:
        if pair:
            found = explainer.pair(*pair, step=step, with_values=values)
        elif record:
            found = explainer.record(record, step=step, with_values=values)
        else:
            found = explainer.person(person or 0, with_values=values)
    # Files first: who shows the first lines alone (| head) ends this process as it prints.
    if html:
        from quality.explain.page import render_explanation

        render_explanation(found.found, html)
    if to_json:
        write_json(found.found, to_json)
    show(found.found, found.values, found.ids)

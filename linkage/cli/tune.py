"""`leo tune`: change a step's weights and thresholds, and see the effect at once."""

from pathlib import Path
from typing import Annotated

import typer

from linkage.errors import ConfigError


def tune(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of leo run, leo link or leo dedupe.")],
    step: Annotated[str | None, typer.Option(help="A link step; by default the run's only one.")] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of this machine; 0 for any that is free.")] = 0,
    profile: Annotated[
        str,
        typer.Option(
            "--profile", "--disclosure", help="Disclosure rules for counts of subgroups: configs/disclosure/."
        ),
    ] = "leo_publication",
) -> None:
    """Tune a step in a browser: m and u, prior, thresholds; see links, expected error and review load.

    The run stays as it is. Save writes a new version of the model, with a note, to RUN/tuned/. The pages are on this
    machine only; the address that is printed lets in whoever has it.

    Example: leo tune runs/demo --step education-cis

    Example: leo tune linked
    """
    from linkage.catalogue import shipped
    from quality.disclosure import load as load_profile
    from quality.measures.definitions import load as load_definitions
    from quality.report.names import Names

    try:
        from quality.tune.app import application
        from quality.tune.session import TuneSession
        from quality.web import check_port, serve
    except ModuleNotFoundError as missing:
        raise ConfigError(f"leo tune needs {missing.name}\n  install it: pip install 'leo-linkage[apps]'") from missing
    check_port(port)
    rules, definitions = load_profile(profile), load_definitions()
    with TuneSession(run, step, lambda text: typer.echo(f"  {text} ...", err=True)) as session:
        typer.echo(f"{session.pairs:,} pairs of step {session.step}; Ctrl-C ends")
        serve(
            lambda token: application(session, Names(shipped()), token, profile=rules, definitions=definitions),
            port,
            lambda address: typer.echo(f"open  {address}"),
        )

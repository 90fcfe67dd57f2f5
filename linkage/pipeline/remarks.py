"""What is no fault of a run's file and is seldom meant."""

from linkage.pipeline.job import Job
from linkage.spine.conflicts import shipped as conflict_rules


def remarks(job: Job) -> list[str]:
    """A line each: sources that no step links, and numbers of persons that no rule of conflicts knows."""
    config = job.config
    linked = {side for step in config.step for side in (step.left, step.right)}
    alone = [source for source in config.source if config.step and source not in linked]
    return [*(f"source.{name}: no step links it with anything" for name in alone), *_unknown_numbers(job)]


def _unknown_numbers(job: Job) -> list[str]:
    """Numbers that a source keeps under names that the rules do not say are one person's alone."""
    known = {name for rule in conflict_rules() for name in rule.unless_equal}
    names = ", ".join(sorted(name.removeprefix("x_") for name in known if name.startswith("x_")))
    return [
        f"source.{source}.keep: {name} is a person's number, and no rule of conflicts knows it\n"
        f"  people who share it may be split all the same; call it one of {names}, or name x_{name} in a copy of "
        "resolution/people.toml (leo config copy)"
        for source, described in job.config.source.items()
        for name, column in described.keep.items()
        for variable in job.catalogue.table(described.dataset, described.table).variable
        if variable.name == column and variable.format == "number" and f"x_{name}" not in known
    ]

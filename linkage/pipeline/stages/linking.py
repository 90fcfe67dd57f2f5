"""The stages that link: one a step, then the spine over all of them."""

import functools
from collections.abc import Iterable, Mapping, Sequence

from linkage.config import RunConfig, Step
from linkage.config.identifiers import IDENTIFIERS
from linkage.engine import Engine, Table, columns, rows
from linkage.match import StepInputs, StepResult, Units, from_sources, link_step
from linkage.match.candidates import union_all
from linkage.match.overrides import Overrides, never_one, of_units
from linkage.match.partitions import Partitions
from linkage.model import from_dict
from linkage.model.engine_check import check_runs
from linkage.model.training import InformativePrior, most_informative
from linkage.pipeline.job import Job, PreviousRun, shipped_files
from linkage.pipeline.sides import PEOPLE
from linkage.pipeline.stage import Counts, Stage, Workspace
from linkage.spine import (
    Release,
    build,
    initial_membership,
    join_people,
    known_again,
    most_records,
    without_conflicts,
)

LOOKUPS = ("lookup_ae_id", "lookup_edukey", "lookup_pmr")
LEO_TABLES = (
    "employment",
    "earnings",
    "self_assessment",
    "benefits",
    "geography",
    "person",
    "outcomes",
)
DRAWS = "link_draws"  # of a step that draws alternative link sets


def link_stage(job: Job, step: Step) -> Stage:
    """A step's two sides to links/, unlinked/, units/ and membership/ of the step, and
    the model that scored it.
    """
    before, sources = _before(job, step), list(job.config.source)
    sides = {
        side: sources_of_side(job.config, side, before)
        for side in dict.fromkeys((step.left, step.right))
    }
    trainers = [
        other.name
        for other in before
        if step.train and other.train and other.model == step.model
    ]
    side_sources = dict.fromkeys(source for side in sides.values() for source in side)
    needs_all = not before or job.previous or step.overrides
    tables = (
        "links",
        "unlinked",
        "units",
        "membership",
        *([DRAWS] if step.link_draws else []),
    )
    return Stage(
        name=f"link-{step.name}",
        work=functools.partial(_link, job, step, sides, trainers),
        reads=(
            *(
                f"entities/{source}"
                for source in (sources if needs_all else side_sources)
            ),
            *(f"identifier_records/{source}" for source in side_sources),
            *(f"membership/{earlier.name}" for earlier in before[-1:]),
            *(f"models/{name}.json" for name in trainers),
        ),
        makes=(
            *(f"{table}/{step.name}" for table in tables),
            f"models/{step.name}.json",
        ),
        settings={
            "step": step.model_dump(mode="json"),
            "passes": [rule.model_dump(mode="json") for rule in job.passes[step.name]],
            "model": job.models[step.name].raw,
            "trained_on": job.trained_on.get(step.name),
            "seed": job.config.run.seed,
            "previous": job.previous.fingerprint if job.previous else None,
        },
        files={f"overrides/{step.name}": job.named[step.overrides]}
        if step.overrides
        else {},
        modules=(
            "linkage.match",
            "linkage.model",
            "linkage.spine.people",
            "linkage.spine.releases",
            "linkage.pipeline.stages.linking",
        ),
    )


def _link(
    job: Job,
    step: Step,
    sides: Mapping[str, Sequence[str]],
    trainers: Sequence[str],
    space: Workspace,
) -> Counts:
    """Link a step and write what it made.

    Args:
        sides: what the two sides are called to the sources whose entities they hold.
        trained_before: steps before this one that train the same model.
    """
    engine, sources, before = space.engine, list(job.config.source), _before(job, step)
    model, previous = job.models[step.name], job.previous
    membership = (
        space.table(f"membership/{before[-1].name}")
        if before
        else initial_membership(engine, entities(space, sources))
    )

    def units_of(side: str) -> Units:
        tables = [
            (space.table(f"entities/{s}"), space.table(f"identifier_records/{s}"))
            for s in sides[side]
        ]
        return from_sources(
            engine, side, tables, membership if side == PEOPLE else None, model.columns
        )

    left, right = units_of(step.left), units_of(step.right)
    if (
        job.config.run.engine != "duckdb" and step.name in job.own_models()
    ):  # on DuckDB it is checked before any work
        check_runs(
            engine, model, left.units, right.units, f"step '{step.name}': {step.model}"
        )
    result = link_step(
        engine,
        StepInputs(
            step=step,
            left=left,
            right=right,
            passes=job.passes[step.name],
            model=model,
            seed=job.config.run.seed,
            overrides=_overrides(space, job, step, left, right)
            if step.overrides
            else None,
            last_release=_linked_before(
                engine, previous, entities(space, sources), left, right
            )
            if previous
            else None,
            earlier=_earlier(space, trainers),
            trained_on=job.trained_on.get(step.name),
            partitions=Partitions(space.kept),
            progress=space.note,
        ),
    )
    _tell_of_model(space, job, step, result)
    space.write(f"links/{step.name}", result.links)
    space.write(f"unlinked/{step.name}", result.unlinked)
    space.write(f"units/{step.name}", result.units)
    if result.draws:
        space.write(f"{DRAWS}/{step.name}", result.draws)
    new_links = engine.sql(_BETWEEN_PEOPLE, links=result.links, membership=membership)
    space.write(f"membership/{step.name}", join_people(engine, membership, new_links))
    space.write_document(f"models/{step.name}.json", result.model.raw)
    return {
        **result.summary,
        "blocking_rules": [rule.condition for rule in result.model.blocking_rules],
    }


# Links between units as links between the people so far: a source's entity may belong
# to one already.
_BETWEEN_PEOPLE = """
    select l.unit_id as left_id, r.unit_id as right_id, links.decision
    from {links} as links
    join {membership} as l on l.entity_id = links.left_id
    join {membership} as r on r.entity_id = links.right_id
    """


def _before(job: Job, step: Step) -> list[Step]:
    return list(job.config.step[: job.config.step.index(step)])


def _overrides(
    space: Workspace, job: Job, step: Step, left: Units, right: Units
) -> Overrides:
    """Decisions of reviewers about the units of a step; those about keys that this
    delivery lacks are reported.
    """
    table, all_entities = (
        job.overrides[step.name],
        entities(space, list(job.config.source)),
    )
    overrides = of_units(
        space.engine,
        table,
        all_entities,
        left.members,
        right.members,
        step.cardinality,
        str(step.overrides),
    )
    if overrides.counts["met"] < overrides.counts["decisions"]:
        space.tell(
            f"{step.overrides}: {overrides.counts['met']:,} of "
            f"{overrides.counts['decisions']:,} decisions are about two "
            "units of this step; the others name keys that it lacks, or two records of "
            "one person already"
        )
    return overrides


def _tell_of_model(space: Workspace, job: Job, step: Step, result: StepResult) -> None:
    """Say where a model is not used unchanged, or not trained though the step asks for
    it.
    """
    report, before = result.summary["training"], job.models[step.name].prior
    if result.model.prior != before and not step.train:
        sizes = " and ".join(f"{n:,}" for n in job.trained_on[step.name] or ())
        space.tell(
            f"step {step.name}: {step.model} was trained on {sizes} records; its share "
            "of all pairs that match, "
            f"{before:.3g}, is taken as {result.model.prior:.3g} here, so that as many "
            "of a hundred records "
            "have a partner"
        )
    if reason := report.get("taken_as_given"):
        source = (
            f"{step.model}, as step {by} trained it,"
            if (by := report.get("prior_from_step"))
            else step.model
        )
        space.tell(
            f"step {step.name}: {reason}; the m and u of {source} are taken as they are"
        )


def _earlier(space: Workspace, steps: Iterable[str]) -> InformativePrior | None:
    """Of the steps before this one that compare by the same model, the one that was
    trained on most matches.
    """
    priors = []
    for name in steps:
        counts = space.counts(f"models/{name}.json")
        model = from_dict(space.document(f"models/{name}.json"))
        priors.append(InformativePrior.from_step(name, model, counts["training"]))
    return most_informative(priors)


def _linked_before(
    engine: Engine,
    previous: PreviousRun,
    all_entities: Table,
    left: Units,
    right: Units,
) -> Table:
    """Units of the two sides that were one person in the last release: left_id,
    right_id.
    """
    return engine.sql(
        """
        with persons as (
            select e.entity_id, s.person_id
            from {entities} as e
            join {spine} as s on s.source = e.source and s.entity_key = e.entity_key
        )
        select distinct l.unit_id as left_id, r.unit_id as right_id
        from {left} as l
        join persons as of_left on of_left.entity_id = l.entity_id
        join persons as of_right on of_right.person_id = of_left.person_id
        join {right} as r on r.entity_id = of_right.entity_id
        where l.unit_id <> r.unit_id
        """,
        entities=all_entities,
        spine=known_again(engine, engine.read(previous.spine)),
        left=left.members,
        right=right.members,
        store=True,
    )


def spine_stage(job: Job) -> Stage:
    """Links of all steps to the spine and its lookups."""
    steps, previous = [step.name for step in job.config.step], job.previous
    people_of = job.config.run.spine or tuple(job.config.source)
    return Stage(
        name="spine",
        work=functools.partial(_spine, job, people_of),
        reads=(
            *(f"entities/{source}" for source in job.config.source),
            *(f"{table}/{step}" for step in steps for table in ("links", "units")),
            *(f"membership/{step}" for step in steps[-1:]),
        ),
        makes=("spine", *LOOKUPS, "concordance", "removed_links", "links"),
        settings={
            "people_of": list(people_of),
            "most": most_records(job.config.step),
            "brought_left": brought_left(job.config),
            "previous": {"spine": previous.fingerprint, "last": previous.last_person_id}
            if previous
            else None,
        },
        files={
            **shipped_files("bands.toml", "resolution/people.toml"),
            **{
                f"overrides/{step.name}": job.named[step.overrides]
                for step in job.config.step
                if step.overrides
            },
        },
        modules=(
            "linkage.spine",
            "linkage.match.overrides",
            "linkage.pipeline.stages.linking",
        ),
    )


def _spine(job: Job, people_of: Sequence[str], space: Workspace) -> Counts:
    """Make people of the links of all steps, and write their tables."""
    engine, previous = space.engine, job.previous
    sources, steps = list(job.config.source), [step.name for step in job.config.step]
    all_entities = entities(space, sources)
    units = union_all(engine, [space.table(f"units/{step}") for step in steps])
    links = union_all(engine, [space.table(f"links/{step}") for step in steps])
    split = without_conflicts(
        engine,
        entities(
            space,
            sources,
            ("entity_id", "source", *IDENTIFIERS, *job.config.kept_columns()),
        ),
        space.table(f"membership/{steps[-1]}")
        if steps
        else initial_membership(engine, all_entities),
        links,
        units,
        most=most_records(job.config.step),
        never=never_one(engine, list(job.overrides.values()), all_entities)
        if job.overrides
        else None,
    )
    result = build(
        engine,
        all_entities,
        split.membership,
        split.links,
        units,
        people_of=people_of,
        edukey_sources=job.sources_of("cis"),
        pmr_sources=job.sources_of("npd"),
        before=Release(engine.read(previous.spine), previous.last_person_id)
        if previous
        else None,
        brought_left=brought_left(job.config),
    )
    tables = {
        name: getattr(result, name) for name in ("spine", *LOOKUPS, "concordance")
    } | {
        "removed_links": split.removed_links,
        "links": engine.sql(
            _FINAL_LINKS, links=links, removed_links=split.removed_links
        ),
    }

    def count_by(column: str, table: Table) -> dict[str, int]:
        counts = engine.sql(
            f"select {column} as name, count(*) as n from {{t}} group by {column}",
            t=table,
        )
        return {row["name"]: int(row["n"]) for row in rows(engine, counts)}

    return {
        "rows": {name: space.write(name, table) for name, table in tables.items()},
        "changes": count_by("change", result.concordance),
        "removed_links": count_by("rule", split.removed_links),
        "last_person_id": result.last_person_id,
    }


# Accepted links of all steps, with those that the spine has split: a step does not know
# what its links join in the end.
_FINAL_LINKS = """
    select k.step, k.left_id, k.right_id, k.method, k.pass, k.match_weight,
        k.match_probability,
           case when c.rule is null then k.decision else 'split' end as decision,
           coalesce(c.rule, k.reason) as reason
    from {links} as k
    left join {removed_links} as c on c.step = k.step and c.left_id = k.left_id
        and c.right_id = k.right_id
    where k.decision = 'accepted'
    """


def sources_of_side(
    config: RunConfig, side: str, before: Iterable[Step]
) -> tuple[str, ...]:
    """Sources whose entities are on a side: the source itself, or all that earlier
    steps have joined.
    """
    if side != PEOPLE:
        return (side,)
    names = {name for step in before for name in (step.left, step.right)}
    return tuple(source for source in config.source if source in names)


def brought_left(config: RunConfig) -> list[str]:
    """Steps whose right side has no entity that an earlier step has not joined, and
    whose left side does.
    """
    steps = []
    for number, step in enumerate(config.step):
        before = config.step[:number]
        known = set(sources_of_side(config, PEOPLE, before))
        left, right = (
            set(sources_of_side(config, side, before)) - known
            for side in (step.left, step.right)
        )
        if left and not right:
            steps.append(step.name)
    return steps


def entities(
    space: Workspace,
    sources: Iterable[str],
    names: Sequence[str] = ("entity_id", "source", "entity_key"),
) -> Table:
    """entity_id, source, entity_key of every entity, or other columns of the table
    `entities`.
    """
    query = f"select {columns(names)} from {{t}}"
    return union_all(
        space.engine,
        [space.engine.sql(query, t=space.table(f"entities/{s}")) for s in sources],
    )

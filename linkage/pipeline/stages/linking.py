"""The stages that link: one a step, then the spine over all of them."""

import functools
from collections.abc import Iterable, Mapping, Sequence

from linkage.config import RunConfig, Step
from linkage.config.identifiers import IDENTIFIERS
from linkage.engine import Engine, Table, columns, rows
from linkage.match import StepResult, Units, from_sources, link_step
from linkage.match.overrides import Overrides, never_one, of_units
from linkage.match.partitions import Partitions
from linkage.model import from_dict
from linkage.model.engine_check import check_runs
from linkage.model.training import InformativePrior, most_informative
from linkage.pipeline.job import Job, PreviousRun, shipped_files
from linkage.pipeline.stage import Counts, Stage, Workspace
from linkage.spine import Release, build, initial_membership, join_people, known_again, most_records, without_conflicts

LOOKUPS = ("lookup_ae_id", "lookup_edukey", "lookup_pmr")
LEO_TABLES = ("employment", "earnings", "self_assessment", "benefits", "geography", "person", "outcomes")
PEOPLE = "people"
STEP_TABLES = ("links", "unlinked", "units", "membership")
DRAWS = "link_draws"  # of a step that asks for alternative link sets


def _decided(space: Workspace, job: Job, step: Step, sources: Iterable[str], left: Units, right: Units) -> Overrides:
    """What people have decided about the units of a step; those that this delivery lacks are reported."""
    found = of_units(
        space.engine,
        job.overrides[step.name],
        _all(space, sources),
        left.members,
        right.members,
        step.cardinality,
        str(step.overrides),
    )
    if found.counts["met"] < found.counts["decisions"]:
        space.tell(
            f"{step.overrides}: {found.counts['met']:,} of {found.counts['decisions']:,} decisions are about two units "
            "of this step; the others name keys that it lacks, or of whom both are one person already"
        )
    return found


def link_stage(job: Job, step: Step) -> Stage:
    """A step's two sides to links/, unlinked/, units/ and membership/ of the step, and the model that scored it."""
    model, rules = job.models[step.name], job.passes[step.name]
    before = _before(job, step)
    sides = {side: sources_of_side(job.config, side, before) for side in dict.fromkeys((step.left, step.right))}
    sources = list(job.config.source)
    earlier_steps = [other.name for other in before if step.train and other.train and other.model == step.model]

    needed = dict.fromkeys(source for side in sides.values() for source in side)
    known_by_key = bool(job.previous or step.overrides)
    return Stage(
        name=f"link-{step.name}",
        work=functools.partial(_link, job, step, sides, earlier_steps),
        reads=(
            *(f"identities/{source}" for source in (needed if before and not known_by_key else sources)),
            *(f"identifier_records/{source}" for source in needed),
            *(f"membership/{earlier.name}" for earlier in before[-1:]),
            *(f"models/{name}.json" for name in earlier_steps),
        ),
        makes=(
            *(f"{table}/{step.name}" for table in (*STEP_TABLES, *([DRAWS] if step.link_draws else []))),
            f"models/{step.name}.json",
        ),
        settings={
            "step": step.model_dump(mode="json"),
            "passes": [rule.model_dump(mode="json") for rule in rules],
            "model": model.raw,
            "trained_on": job.trained_on.get(step.name),
            "seed": job.config.run.seed,
            "previous": job.previous.fingerprint if job.previous else None,
        },
        files={
            **({f"overrides/{step.name}": job.named[step.overrides]} if step.overrides else {}),
        },
        modules=(
            "linkage.match",
            "linkage.model",
            "linkage.spine.people",
            "linkage.spine.releases",
            "linkage.pipeline.stages.linking",
        ),
    )


def _link(
    job: Job, step: Step, sides: Mapping[str, Sequence[str]], earlier_steps: Sequence[str], space: Workspace
) -> Counts:
    """Link a step and write what it made.

    Args:
        sides: what the two sides are called to the sources whose entities they hold.
        earlier_steps: steps before this one that train the same model.
    """
    engine, sources, before = space.engine, list(job.config.source), _before(job, step)
    model, rules = job.models[step.name], job.passes[step.name]
    membership = (
        space.table(f"membership/{before[-1].name}") if before else initial_membership(engine, _all(space, sources))
    )
    left, right = (_units(space, side, sides[side], membership, model.columns) for side in (step.left, step.right))
    if job.config.run.engine != "duckdb" and step.name in job.own_models():  # DuckDB was asked before any work
        check_runs(engine, model, left.units, right.units, f"step '{step.name}': {step.model}")
    found = link_step(
        engine,
        step,
        left,
        right,
        rules=rules,
        model=model,
        seed=job.config.run.seed,
        overrides=_decided(space, job, step, sources, left, right) if step.overrides else None,
        last_release=_linked_in_last_release(engine, job.previous, _all(space, sources), left, right)
        if job.previous
        else None,
        earlier=_earlier(space, earlier_steps),
        trained_on=job.trained_on.get(step.name),
        partitions=Partitions(space.kept),
        progress=space.note,
    )
    _tell_of_model(space, job, step, found)
    space.write(f"links/{step.name}", found.links)
    space.write(f"unlinked/{step.name}", found.unlinked)
    space.write(f"units/{step.name}", found.units)
    if found.draws:
        space.write(f"{DRAWS}/{step.name}", found.draws)
    space.write(
        f"membership/{step.name}", join_people(engine, membership, _between_people(engine, found.links, membership))
    )
    space.write_document(f"models/{step.name}.json", found.model.raw)
    return found.summary


def _before(job: Job, step: Step) -> list[Step]:
    return list(job.config.step[: job.config.step.index(step)])


def _tell_of_model(space: Workspace, job: Job, step: Step, found: StepResult) -> None:
    """Say where a model is not taken as it stands, or not trained though the step asks for it."""
    training, before = found.summary["training"], job.models[step.name].prior
    if found.model.prior != before and not step.train:
        there = " and ".join(f"{n:,}" for n in job.trained_on[step.name] or ())
        space.tell(
            f"step {step.name}: {step.model} was trained on {there} records; its share of all pairs that match, "
            f"{before:.3g}, is taken as {found.model.prior:.3g} here, so that as many of a hundred records "
            "have a partner"
        )
    if why := training.get("taken_as_given"):
        given = f"{step.model}, as step {by} trained it," if (by := training.get("prior_from_step")) else step.model
        space.tell(f"step {step.name}: {why}; the m and u of {given} are taken as they are")


def spine_stage(job: Job) -> Stage:
    """Links of all steps to the spine and its lookups."""
    sources, steps = list(job.config.source), [step.name for step in job.config.step]
    people_of = job.config.run.spine or tuple(sources)
    previous = job.previous

    return Stage(
        name="spine",
        work=functools.partial(_spine, job, people_of),
        reads=(
            *(f"identities/{source}" for source in sources),
            *(f"{table}/{step}" for step in steps for table in ("links", "units")),
            *(f"membership/{step}" for step in steps[-1:]),
        ),
        makes=("spine", "lookup_ae_id", "lookup_edukey", "lookup_pmr", "concordance", "removed_links", "links"),
        settings={
            "people_of": list(people_of),
            "most": most_records(job.config.step),
            "brought_left": brought_left(job.config),
            "previous": {"spine": previous.fingerprint, "last": previous.last_person_id} if previous else None,
        },
        files={
            **shipped_files("bands.toml", "resolution/people.toml"),
            **{f"overrides/{step.name}": job.named[step.overrides] for step in job.config.step if step.overrides},
        },
        modules=("linkage.spine", "linkage.match.overrides", "linkage.pipeline.stages.linking"),
    )


def _spine(job: Job, people_of: Sequence[str], space: Workspace) -> Counts:
    """Make people of the links of all steps, and write their tables."""
    engine, previous = space.engine, job.previous
    sources, steps = list(job.config.source), [step.name for step in job.config.step]
    entities = _all(space, sources)
    units = _union(engine, (space.table(f"units/{step}") for step in steps))
    links = _union(engine, (space.table(f"links/{step}") for step in steps))
    split = without_conflicts(
        engine,
        _all(space, sources, ("entity_id", "source", *IDENTIFIERS, *job.config.kept_columns())),
        space.table(f"membership/{steps[-1]}") if steps else initial_membership(engine, entities),
        links,
        units,
        most=most_records(job.config.step),
        never=never_one(engine, list(job.overrides.values()), entities) if job.overrides else None,
    )
    made = build(
        engine,
        entities,
        split.membership,
        split.links,
        units,
        people_of=people_of,
        edukey_sources=job.sources_of("cis"),
        pmr_sources=job.sources_of("npd"),
        before=Release(engine.read(previous.spine), previous.last_person_id) if previous else None,
        brought_left=brought_left(job.config),
    )
    tables = {
        "spine": made.spine,
        "lookup_ae_id": made.lookup_ae_id,
        "lookup_edukey": made.lookup_edukey,
        "lookup_pmr": made.lookup_pmr,
        "concordance": made.concordance,
        "removed_links": split.removed_links,
        "links": engine.sql(_IN_THE_END, links=links, removed_links=split.removed_links),
    }
    removed_links = engine.sql("select rule, count(*) as links from {t} group by rule", t=split.removed_links)
    changes = engine.sql("select change, count(*) as ids from {t} group by change", t=made.concordance)
    return {
        "rows": {name: space.write(name, table) for name, table in tables.items()},
        "changes": {row["change"]: int(row["ids"]) for row in rows(engine, changes)},
        "removed_links": {row["rule"]: int(row["links"]) for row in rows(engine, removed_links)},
        "last_person_id": made.last_person_id,
    }


# Accepted links of all steps, and what became of them: a step does not know what its links join in the end.
_IN_THE_END = """
    select k.step, k.left_id, k.right_id, k.method, k.pass, k.match_weight, k.match_probability,
           case when c.rule is null then k.decision else 'split' end as decision,
           coalesce(c.rule, k.reason) as reason
    from {links} as k
    left join {removed_links} as c on c.step = k.step and c.left_id = k.left_id and c.right_id = k.right_id
    where k.decision = 'accepted'
    """


def _earlier(space: Workspace, steps: Iterable[str]) -> InformativePrior | None:
    """Of the steps before this one that compare by the same model, the one that learnt from most matches."""
    models = {name: f"models/{name}.json" for name in steps}
    learnt = [
        InformativePrior.from_step(name, from_dict(space.document(made)), space.counts(made)["training"])
        for name, made in models.items()
    ]
    return most_informative(learnt)


def _linked_in_last_release(engine: Engine, previous: PreviousRun, entities: Table, left: Units, right: Units) -> Table:
    """Units of the two sides that were one person in the last release: left_id, right_id."""
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
        entities=entities,
        spine=known_again(engine, engine.read(previous.spine)),
        left=left.members,
        right=right.members,
        store=True,
    )


def sources_of_side(config: RunConfig, side: str, before: Iterable[Step]) -> tuple[str, ...]:
    """Sources whose entities stand on a side: the source itself, or all that earlier steps have joined."""
    if side != PEOPLE:
        return (side,)
    joined = {name for step in before for name in (step.left, step.right)}
    return tuple(source for source in config.source if source in joined)


def brought_left(config: RunConfig) -> list[str]:
    """Steps whose right side has no entity that an earlier step has not joined, and whose left side does."""
    found = []
    for number, step in enumerate(config.step):
        before = config.step[:number]
        known = set(sources_of_side(config, PEOPLE, before))
        left, right = (set(sources_of_side(config, side, before)) - known for side in (step.left, step.right))
        if left and not right:
            found.append(step.name)
    return found


def _units(space: Workspace, side: str, sources: Iterable[str], membership: Table, wanted: Iterable[str]) -> Units:
    tables = [(space.table(f"identities/{source}"), space.table(f"identifier_records/{source}")) for source in sources]
    return from_sources(space.engine, side, tables, membership if side == PEOPLE else None, wanted)


def _between_people(engine: Engine, links: Table, membership: Table) -> Table:
    """Links between units as links between the people so far: a source's entity may belong to one already."""
    return engine.sql(
        """
        select l.unit_id as left_id, r.unit_id as right_id, links.decision
        from {links} as links
        join {membership} as l on l.entity_id = links.left_id
        join {membership} as r on r.entity_id = links.right_id
        """,
        links=links,
        membership=membership,
    )


def _all(
    space: Workspace, sources: Iterable[str], keys: Sequence[str] = ("entity_id", "source", "entity_key")
) -> Table:
    """entity_id, source, entity_key of every entity, or other columns of its identity."""
    tables = {f"of_{index}": space.table(f"identities/{source}") for index, source in enumerate(sources)}
    union = "\nunion all\n".join(f"select {columns(keys)} from {{{name}}}" for name in tables)
    return space.engine.sql(union, params=None, store=False, **tables)


def _union(engine: Engine, tables: Iterable[Table]) -> Table:
    named = {f"of_{index}": table for index, table in enumerate(tables)}
    union = "\nunion all\n".join(f"select * from {{{name}}}" for name in named)
    return engine.sql(union, params=None, store=False, **named)

"""Two runs side by side: links kept, moved to another pass, gained and lost, by subgroup; how their models differ.

A link is known again by the keys that the sources gave to its two ends, since units have other numbers in every run. A
unit may be a person of several entities: a link is the same when any two of them stand on either end in both runs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from linkage.catalogue import Catalogue, shipped
from linkage.engine import Engine, Table, columns, one, quote, rows
from quality.dashboard.comparison import changes
from quality.measures.characteristics import entities_described
from quality.measures.definitions import Definitions
from quality.measures.definitions import load as load_definitions

FATES = ("kept", "moved", "gained", "lost")


@dataclass(frozen=True)
class RunTables:
    """What is compared of a run.

    Attributes:
        links, units, models: by step.
        identities: by source.
        attributes: by <dataset>_<table>.
        counts: what the link stages counted, by step: the rules of their passes, and thresholds in force.
        keyed: by step, links whose left_id and right_id are the keys themselves: those of files.
        clusters: of one file linked with itself: id, person_id of its records.
    """

    name: str
    links: Mapping[str, Table]
    units: Mapping[str, Table]
    models: Mapping[str, Mapping[str, Any]]
    identities: Mapping[str, Table]
    attributes: Mapping[str, Table] = field(default_factory=dict)
    configuration: Mapping[str, Any] = field(default_factory=dict)
    counts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    keyed: Mapping[str, Table] = field(default_factory=dict)
    clusters: Table | None = None

    @property
    def steps(self) -> list[str]:
        """Steps in their order."""
        return [*self.links, *self.keyed]


def compare(
    engine: Engine,
    before: RunTables,
    after: RunTables,
    definitions: Definitions | None = None,
    catalogue: Catalogue | None = None,
) -> dict[str, Any]:
    """What the second run does otherwise. The result is JSON: exact counts, for the analyst.

    Returns:
        runs; settings (path, before, after); steps: step, of (the runs that have it: before, after), before, after
        (accepted links), kept, moved, gained, lost, moves (from, to, links), groups (characteristic, value, and the
        four counts), weights (comparison, level, before, after, and m and u before and after) where they differ, rules
        (what, rule, change: added or removed) of blocking and passes, thresholds (what, before, after) in force, where
        they differ. Of files linked with themselves also people: before, after, same (those who have the same records
        in both).
    """
    definitions, catalogue = definitions or load_definitions(), catalogue or shipped()
    named = list(dict.fromkeys([*before.steps, *after.steps]))
    described = {run.name: _described(engine, run, definitions, catalogue) for run in (before, after) if run.identities}
    steps = []
    for step in named:
        pairs = [_keyed_links(engine, run, step) for run in (before, after)]
        fates = engine.sql(_FATES, before=pairs[0], after=pairs[1], store=True)
        steps.append(
            {
                "step": step,
                "of": [name for name, run in (("before", before), ("after", after)) if step in run.steps],
                **_counts(engine, fates, pairs[0]),
                "moves": _moves(engine, fates),
                "groups": _groups(engine, fates, pairs, described, before.name, after.name, definitions),
                "weights": changes.weights(before.models.get(step), after.models.get(step)),
                "rules": changes.rules(
                    (before.models.get(step), before.counts.get(step)), (after.models.get(step), after.counts.get(step))
                ),
                "thresholds": changes.thresholds(before.counts.get(step), after.counts.get(step)),
            }
        )
        engine.drop(fates, *pairs)
    settings = changes.settings(before.configuration, after.configuration)
    found = {"runs": {"before": before.name, "after": after.name}, "settings": settings, "steps": steps}
    if before.clusters and after.clusters:
        found["people"] = _people(engine, before.clusters, after.clusters)
    return found


def _people(engine: Engine, before: Table, after: Table) -> dict[str, int]:
    """before, after, and same: people who have the same records in both."""
    counted = engine.sql(
        """
        with was as (
            select md5(string_agg(cast(id as varchar), ' ' order by cast(id as varchar))) as records
            from {before} group by person_id
        ),
        is_now as (
            select md5(string_agg(cast(id as varchar), ' ' order by cast(id as varchar))) as records
            from {after} group by person_id
        )
        select (select count(*) from was) as before_people, (select count(*) from is_now) as after_people,
               count(*) as same
        from was
        join is_now using (records)
        """,
        before=before,
        after=after,
    )
    found = one(engine, counted)
    return {"before": int(found["before_people"]), "after": int(found["after_people"]), "same": int(found["same"])}


def _keyed_links(engine: Engine, run: RunTables, step: str) -> Table:
    """link (a number), pass, and the source and key of each end, for each two entities of each accepted link."""
    if step in run.keyed:
        return engine.sql(_KEYED_ALREADY, links=run.keyed[step], store=True)
    if step not in run.links:
        return engine.sql(_NO_LINKS, store=True)
    parts = {f"of_{index}": table for index, table in enumerate(run.identities.values())}
    listed = columns(("entity_id", "source", "entity_key"))
    entities = engine.sql(
        "\nunion all\n".join(f"select {listed} from {{{name}}}" for name in parts), params=None, store=False, **parts
    )
    return engine.sql(_KEYED, links=run.links[step], units=run.units[step], entities=entities, store=True)


_NO_LINKS = """
    select cast(null as bigint) as left_id, cast(null as bigint) as right_id, cast(null as varchar) as pass,
           cast(null as varchar) as left_source, cast(null as varchar) as left_key,
           cast(null as varchar) as right_source, cast(null as varchar) as right_key
    where false
    """

_KEYED_ALREADY = """
    select k.left_id, k.right_id, k.method || ' ' || coalesce(k.pass, '') as pass,
           'left' as left_source, cast(k.left_id as varchar) as left_key,
           'right' as right_source, cast(k.right_id as varchar) as right_key
    from {links} as k
    where k.decision = 'accepted'
    """

_KEYED = """
    with ends as (
        select u.side, u.unit_id, e.source, e.entity_key
        from {units} as u
        join {entities} as e using (entity_id)
    )
    select k.left_id, k.right_id, k.method || ' ' || coalesce(k.pass, '') as pass,
           l.source as left_source, l.entity_key as left_key, r.source as right_source, r.entity_key as right_key
    from {links} as k
    join ends as l on l.side = 'left' and l.unit_id = k.left_id
    join ends as r on r.side = 'right' and r.unit_id = k.right_id
    where k.decision = 'accepted'
    """

# One row a link of either run. A link of both is named by its units in the second.
_FATES = """
    with both_runs as (
        select distinct b.left_id as before_left, b.right_id as before_right, b.pass as before_pass,
               a.left_id as after_left, a.right_id as after_right, a.pass as after_pass
        from {before} as b
        join {after} as a
          on a.left_source = b.left_source and a.left_key = b.left_key
         and a.right_source = b.right_source and a.right_key = b.right_key
    ),
    met as (
        select after_left, after_right, min(before_pass) as before_pass, bool_or(before_pass = after_pass) as same_pass
        from both_runs
        group by after_left, after_right
    )
    select case when m.after_left is null then 'gained' when m.same_pass then 'kept' else 'moved' end as fate,
           'after' as run, a.left_id, a.right_id, m.before_pass, a.pass as after_pass
    from (select distinct left_id, right_id, pass from {after}) as a
    left join met as m on m.after_left = a.left_id and m.after_right = a.right_id
    union all
    select 'lost' as fate, 'before' as run, b.left_id, b.right_id,
           b.pass as before_pass, cast(null as varchar) as after_pass
    from (select distinct left_id, right_id, pass from {before}) as b
    where not exists (
        select 1 from both_runs as m where m.before_left = b.left_id and m.before_right = b.right_id
    )
    """


def _counts(engine: Engine, fates: Table, before: Table) -> dict[str, int]:
    """Links of either run, as each has them, and their fates: two links of people who have become one may be one."""
    own = engine.sql("select count(*) as links from (select distinct left_id, right_id from {before})", before=before)
    found = {
        row["fate"]: int(row["links"])
        for row in rows(engine, engine.sql("select fate, count(*) as links from {f} group by fate", f=fates))
    }
    counts = {fate: found.get(fate, 0) for fate in FATES}
    stayed = counts["kept"] + counts["moved"]
    return {"before": int(one(engine, own)["links"]), "after": stayed + counts["gained"], **counts}


def _moves(engine: Engine, fates: Table) -> list[dict[str, Any]]:
    return rows(
        engine,
        engine.sql(
            """
            select before_pass as "from", after_pass as "to", count(*) as links
            from {fates}
            where fate <> 'kept'
            group by before_pass, after_pass
            order by links desc, "from", "to"
            """,
            fates=fates,
        ),
    )


def _described(engine: Engine, run: RunTables, definitions: Definitions, catalogue: Catalogue) -> Table:
    """source, entity_key and the characteristics of each entity of a run."""
    described = entities_described(engine, run.identities, run.attributes, definitions, catalogue)
    parts = {f"of_{index}": table for index, table in enumerate(run.identities.values())}
    keyed = engine.sql(
        "\nunion all\n".join(f"select entity_id, entity_key from {{{name}}}" for name in parts),
        params=None,
        store=False,
        **parts,
    )
    return engine.sql(
        "select k.entity_key, d.* from {described} as d join {keyed} as k using (entity_id)",
        described=described,
        keyed=keyed,
        store=True,
    )


def _groups(
    engine: Engine,
    fates: Table,
    pairs: Sequence[Table],
    described: Mapping[str, Table],
    before: str,
    after: str,
    definitions: Definitions,
) -> list[dict[str, Any]]:
    """Counts by each characteristic of the left end: of the first of its entities that knows it, as in quality.measures.rates.

    A lost link is described by the run that had it.
    """
    if not {before, after} <= set(described):
        return []
    counted = ", ".join(f"count(*) filter (where f.fate = '{fate}') as {fate}" for fate in FATES)
    found: list[dict[str, Any]] = []
    for characteristic in definitions.characteristic:
        name = characteristic.name
        if not all(name in described[run].columns for run in (before, after)):
            continue
        query = f"""
            with ends as (
                select 'before' as run, p.left_id, d.entity_id, d.{quote(name)} as value
                from {{pairs_before}} as p
                join {{before}} as d on d.source = p.left_source and d.entity_key = p.left_key
                union all
                select 'after' as run, p.left_id, d.entity_id, d.{quote(name)} as value
                from {{pairs_after}} as p
                join {{after}} as d on d.source = p.left_source and d.entity_key = p.left_key
            ),
            known as (
                select run, left_id, min_by(value, entity_id) filter (where value is not null) as value
                from ends
                group by run, left_id
            )
            select k.value, {counted}
            from {{fates}} as f
            left join known as k on k.run = f.run and k.left_id = f.left_id
            group by k.value
            order by k.value
            """
        table = engine.sql(
            query,
            fates=fates,
            pairs_before=pairs[0],
            pairs_after=pairs[1],
            before=described[before],
            after=described[after],
        )
        found += [{"characteristic": name, **row} for row in rows(engine, table)]
    return found


def as_each_has_it(step: Mapping[str, Any]) -> dict[str, Any]:
    """A step of a comparison whose links of a run are None where that run has no such step, and not nought."""
    lacking = {"before", "after"} - set(step.get("of", ("before", "after")))
    return {**step, **dict.fromkeys(lacking)}

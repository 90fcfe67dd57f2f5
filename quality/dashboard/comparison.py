"""Two runs compared: links kept, made by another pass, gained and lost, by subgroup;
how models and settings differ.

Units have other numbers in every run, so a link is identified by the source and key of
its ends. A unit may be a person of several entities: a link is the same when any two of
them stand at its ends in both runs.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from linkage.catalogue import Catalogue, shipped
from linkage.engine import Engine, Table, empty, one, quote, rows, union_all
from quality.measures.characteristics import NOT_KNOWN, entities_described, labels_of
from quality.measures.definitions import Definitions
from quality.measures.definitions import load as load_definitions
from quality.measures.link_rates import label_of
from quality.measures.parameters import parameters
from quality.report.document import banner_of

FATES = ("kept", "other_pass", "gained", "lost")
_LEAST_CHANGE = 0.01  # of a match weight in log2, or of m or u as a share of it
_DATA_KEYS = (
    "run.data",
    "run.truth",
    "run.previous",
    "outputs.key",
)  # folders and files of data are no setting


@dataclass(frozen=True)
class RunTables:
    """What is compared of a run.

    Attributes:
        links, units, models: by step.
        entities: by source.
        attributes: by <dataset>_<table>.
        counts: what the link stages counted, by step: passes, thresholds.
        keyed: by step, links whose left_id and right_id are the keys themselves: those
            of files.
        clusters: of one file linked with itself: id, person_id of its records.
    """

    name: str
    links: Mapping[str, Table]
    units: Mapping[str, Table]
    models: Mapping[str, Mapping[str, Any]]
    entities: Mapping[str, Table]
    attributes: Mapping[str, Table] = field(default_factory=dict)
    configuration: Mapping[str, Any] = field(default_factory=dict)
    counts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    keyed: Mapping[str, Table] = field(default_factory=dict)
    clusters: Table | None = None
    manifest: Mapping[str, Any] = field(default_factory=dict)

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
    """What the second run links differently. The result is JSON with exact counts, for
    the analyst.

    Returns:
        runs; banner; settings (path, before, after); steps: step, before, after
        (accepted links; None where the run has no such step), the four FATES, moves
        (from, to, links), groups (characteristic, title, value, label, FATES), weights
        (comparison, level, before, after, and m and u of both) and rules (what, rule,
        change) and thresholds (what, before, after)
        that differ. Of a file linked with itself also people: before, after, same.
    """
    definitions, catalogue = definitions or load_definitions(), catalogue or shipped()
    runs = (before, after)
    descriptions = [
        _described(engine, run, definitions, catalogue) if run.entities else None
        for run in runs
    ]
    steps = []
    for step in dict.fromkeys([*before.steps, *after.steps]):
        pairs = [_keyed_links(engine, run, step) for run in runs]
        fates = engine.sql(_FATES, before=pairs[0], after=pairs[1], store=True)
        models = [run.models.get(step) for run in runs]
        counts = [run.counts.get(step) or {} for run in runs]
        lacking = [
            name
            for name, run in zip(("before", "after"), runs, strict=True)
            if step not in run.steps
        ]
        steps.append(
            {
                "step": step,
                **_link_counts(engine, fates, pairs[0]),
                **dict.fromkeys(lacking),
                "moves": rows(engine, engine.sql(_MOVES, fates=fates)),
                "groups": _groups(
                    engine, fates, pairs, descriptions, definitions, catalogue
                ),
                "weights": _weights(*models),
                "rules": _rules(models, counts),
                "thresholds": _thresholds(*counts),
            }
        )
        engine.drop(fates, *pairs)
    result = {
        "runs": {"before": before.name, "after": after.name},
        "banner": banner_of(before.manifest, after.manifest),
        "settings": settings(before.configuration, after.configuration),
        "steps": steps,
    }
    if before.clusters and after.clusters:
        people = one(
            engine, engine.sql(_PEOPLE, before=before.clusters, after=after.clusters)
        )
        result["people"] = {
            key: int(people[f"{key}_people"]) for key in ("before", "after", "same")
        }
    return result


def settings(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """path, before, after of the configuration's keys that differ."""
    flat = [dict(_flat(configuration)) for configuration in (before, after)]
    return [
        {"path": path, "before": flat[0].get(path), "after": flat[1].get(path)}
        for path in dict.fromkeys([*flat[0], *flat[1]])
        if flat[0].get(path) != flat[1].get(path) and not path.startswith(_DATA_KEYS)
    ]


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """A nested configuration as dotted paths; tables of a list are called by their
    names.
    """
    if isinstance(value, Mapping):
        parts = [(str(key), inner) for key, inner in value.items()]
    elif (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and all(isinstance(v, Mapping) for v in value)
    ):
        parts = [
            (str(inner.get("name", index)), inner) for index, inner in enumerate(value)
        ]
    else:
        yield path, value
        return
    for key, inner in parts:
        yield from _flat(inner, f"{path}.{key}" if path else key)


def _weights(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> list[dict[str, Any]]:
    """Levels whose match weight, m or u differs, most first. The prior has a weight
    only.
    """
    old, new = _levels(before), _levels(after)
    none: dict[str, float | None] = dict.fromkeys(("weight", "m", "u"))
    changes = []
    for comparison, level in dict.fromkeys([*old, *new]):
        pair = {
            run: levels.get((comparison, level), none)
            for run, levels in (("before", old), ("after", new))
        }
        if any(
            _differs(pair["before"][key], pair["after"][key], is_weight=key == "weight")
            for key in none
        ):
            row = {
                "comparison": comparison,
                "level": level,
                **{run: levels["weight"] for run, levels in pair.items()},
            }
            changes.append(
                row
                | {
                    f"{key}_{run}": levels[key]
                    for key in ("m", "u")
                    for run, levels in pair.items()
                }
            )

    def distance(row: Mapping[str, Any]) -> float:
        return (
            math.inf
            if row["before"] is None or row["after"] is None
            else abs(row["after"] - row["before"])
        )

    return sorted(changes, key=lambda row: -distance(row))


def _levels(
    model: Mapping[str, Any] | None,
) -> dict[tuple[str, str], dict[str, float | None]]:
    estimates = (
        parameters(dict(model)) if model else {"prior_weight": None, "levels": []}
    )
    prior = {
        "comparison": "prior",
        "label": "two random records match",
        "m": None,
        "u": None,
    }
    rows = [prior | {"match_weight": estimates["prior_weight"]}, *estimates["levels"]]
    return {
        (row["comparison"], row["label"]): {
            "weight": round(float(row["match_weight"]), 3),
            "m": row["m"],
            "u": row["u"],
        }
        for row in rows
        if row["match_weight"] is not None
    }


def _differs(before: float | None, after: float | None, *, is_weight: bool) -> bool:
    if before is None or after is None:
        return before is not after
    return before != after and abs(after - before) >= _LEAST_CHANGE * (
        1.0 if is_weight else max(before, after)
    )


def _rules(
    models: Sequence[Mapping[str, Any] | None], counts: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """what, rule, change: blocking rules, passes and term-frequency adjustments that
    one run has and the other not.
    """
    changes = []
    for kind, (old, new) in {
        "blocking rule": [
            _blocking_rules(model) if model else None for model in models
        ],
        "pass": [_passes(count) for count in counts],
        "term-frequency adjustment": [
            _adjusted(model) if model else None for model in models
        ],
    }.items():
        if old is not None and new is not None:
            changes += [
                {"what": kind, "rule": rule, "change": "removed"}
                for rule in old
                if rule not in new
            ]
            changes += [
                {"what": kind, "rule": rule, "change": "added"}
                for rule in new
                if rule not in old
            ]
    return changes


def _blocking_rules(model: Mapping[str, Any]) -> list[str]:
    rules = model.get("blocking_rules_to_generate_predictions") or []
    return [rule if isinstance(rule, str) else rule["blocking_rule"] for rule in rules]


def _adjusted(model: Mapping[str, Any]) -> list[str]:
    return [
        f"{level['comparison']}: "
        f"{str(level['label']).removeprefix(str(level['comparison']) + ': ')}"
        for level in parameters(dict(model))["levels"]
        if level["term_frequency"]
    ]


def _passes(counts: Mapping[str, Any]) -> list[str] | None:
    """Each pass in a line; None where the run did not write its rules down."""
    passes = counts.get("passes")
    if passes is None or any("equal" not in rule for rule in passes):
        return None
    return [
        f"{rule['pass']}: {', '.join(rule['equal'])}"
        + (f"; one of {', '.join(rule['agree_any'])}" if rule["agree_any"] else "")
        + ("" if rule["accept"] == "unique" else "; also where it is not the only pair")
        for rule in passes
    ]


def _thresholds(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Match weights in force that differ by a hundredth or more."""
    old, new = (counts.get("thresholds") or {} for counts in (before, after))
    return [
        {"what": name, "before": round(old[name], 3), "after": round(new[name], 3)}
        for name in old
        if name in new
        and not isinstance(old[name], bool | str)
        and abs(old[name] - new[name]) >= _LEAST_CHANGE
    ]


def _keyed_links(engine: Engine, run: RunTables, step: str) -> Table:
    """left_id, right_id, pass, and source and key of each end, for each two entities of
    each accepted link.
    """
    if step in run.keyed:
        return engine.sql(_KEYED_FILES, links=run.keyed[step], store=True)
    if step not in run.links:
        return empty(
            engine,
            dict.fromkeys(_KEYED_COLUMNS, "varchar")
            | {"left_id": "bigint", "right_id": "bigint"},
        )
    entities = _entities(engine, run)
    return engine.sql(
        _KEYED,
        links=run.links[step],
        units=run.units[step],
        entities=entities,
        store=True,
    )


_KEYED_COLUMNS = (
    "left_id",
    "right_id",
    "pass",
    "left_source",
    "left_key",
    "right_source",
    "right_key",
)

_KEYED_FILES = """
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
           l.source as left_source, l.entity_key as left_key, r.source as right_source,
               r.entity_key as right_key
    from {links} as k
    join ends as l on l.side = 'left' and l.unit_id = k.left_id
    join ends as r on r.side = 'right' and r.unit_id = k.right_id
    where k.decision = 'accepted'
    """

# One row a link of either run. A link of both is named by its units in the second.
_FATES = """
    with in_both as (
        select distinct b.left_id as before_left, b.right_id as before_right,
            b.pass as before_pass,
               a.left_id as after_left, a.right_id as after_right, a.pass as after_pass
        from {before} as b
        join {after} as a
          on a.left_source = b.left_source and a.left_key = b.left_key
         and a.right_source = b.right_source and a.right_key = b.right_key
    ),
    stayed as (
        select after_left, after_right, min(before_pass) as before_pass,
            bool_or(before_pass = after_pass) as same_pass
        from in_both
        group by after_left, after_right
    )
    select case when m.after_left is null then 'gained' when m.same_pass then 'kept'
        else 'other_pass' end as fate,
           'after' as run, a.left_id, a.right_id, m.before_pass, a.pass as after_pass
    from (select distinct left_id, right_id, pass from {after}) as a
    left join stayed as m on m.after_left = a.left_id and m.after_right = a.right_id
    union all
    select 'lost' as fate, 'before' as run, b.left_id, b.right_id,
           b.pass as before_pass, cast(null as varchar) as after_pass
    from (select distinct left_id, right_id, pass from {before}) as b
    where not exists (select 1 from in_both as m where m.before_left = b.left_id
        and m.before_right = b.right_id)
    """

_MOVES = """
    select before_pass as "from", after_pass as "to", count(*) as links
    from {fates}
    where fate <> 'kept'
    group by before_pass, after_pass
    order by links desc, "from", "to"
    """

_PEOPLE = """
    with was as (
        select md5(string_agg(cast(id as varchar), ' ' order by cast(id as varchar)))
            as records
        from {before} group by person_id
    ),
    is_now as (
        select md5(string_agg(cast(id as varchar), ' ' order by cast(id as varchar)))
            as records
        from {after} group by person_id
    )
    select (select count(*) from was) as before_people,
        (select count(*) from is_now) as after_people,
           count(*) as same_people
    from was
    join is_now using (records)
    """


def _link_counts(engine: Engine, fates: Table, before: Table) -> dict[str, int | None]:
    """Links of either run, and their fates: two links of people who have become one may
    be one.
    """
    count = engine.sql(
        "select count(*) as links from (select distinct left_id, right_id from "
        "{before})",
        before=before,
    )
    by_fate = engine.sql(
        "select fate, count(*) as links from {f} group by fate", f=fates
    )
    counts = dict.fromkeys(FATES, 0) | {
        row["fate"]: int(row["links"]) for row in rows(engine, by_fate)
    }
    return {
        "before": int(one(engine, count)["links"]),
        "after": sum(counts.values()) - counts["lost"],
        **counts,
    }


def _entities(engine: Engine, run: RunTables) -> Table:
    """entity_id, source, entity_key of a run's entities."""
    query = "select entity_id, source, entity_key from {t}"
    return union_all(engine, [(query, table) for table in run.entities.values()])


def _described(
    engine: Engine, run: RunTables, definitions: Definitions, catalogue: Catalogue
) -> Table:
    """source, entity_key and the characteristics of each entity of a run."""
    return engine.sql(
        "select k.entity_key, d.* from {described} as d join {keyed} as k using "
        "(entity_id)",
        described=entities_described(
            engine, run.entities, run.attributes, definitions, catalogue
        ),
        keyed=_entities(engine, run),
        store=True,
    )


def _groups(
    engine: Engine,
    fates: Table,
    pairs: Sequence[Table],
    descriptions: Sequence[Table | None],
    definitions: Definitions,
    catalogue: Catalogue,
) -> list[dict[str, Any]]:
    """characteristic, title, value, label and FATES, by the left end's first entity
    that knows it; a lost link by the first run.
    """
    before, after = descriptions
    if before is None or after is None:
        return []
    fate_counts = ", ".join(
        f"count(*) filter (where f.fate = '{fate}') as {fate}" for fate in FATES
    )
    tables = {
        "fates": fates,
        "pairs_before": pairs[0],
        "pairs_after": pairs[1],
        "before": before,
        "after": after,
    }
    groups: list[dict[str, Any]] = []
    for characteristic in definitions.characteristic:
        name, labels = characteristic.name, labels_of(characteristic, catalogue)
        if name not in before.columns or name not in after.columns:
            continue
        ends = " union all ".join(
            f"select '{run}' as run, p.left_id, d.entity_id, d.{quote(name)} as value "
            f"from {{pairs_{run}}} as p "
            f"join {{{run}}} as d on d.source = p.left_source and d.entity_key = "
            "p.left_key"
            for run in ("before", "after")
        )
        query = f"""
            with ends as ({ends}),
            known as (
                select run, left_id, min_by(value,
                    entity_id) filter (where value is not null) as value
                from ends
                group by run, left_id
            )
            select k.value, {fate_counts}
            from {{fates}} as f
            left join known as k on k.run = f.run and k.left_id = f.left_id
            group by k.value
            order by k.value
            """
        counts = rows(engine, engine.sql(query, params=None, store=False, **tables))
        about = {"characteristic": name, "title": characteristic.title}
        groups += [
            about | row | {"label": label_of(row["value"] or NOT_KNOWN, labels)}
            for row in counts
        ]
    return groups

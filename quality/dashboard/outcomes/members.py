"""Members of cohorts with their outcomes, institution, subject and characteristics: a row to be counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from linkage.catalogue import Catalogue
from linkage.engine import Engine, Table, quote
from quality.dashboard.outcomes.rules import NOT_KNOWN, Characteristic, Cohort, Compared

OUTCOMES = ("sustained_employment", "further_study", "out_of_work_benefits")


@dataclass(frozen=True)
class Followed:
    """A cohort as a run's definition makes it.

    Attributes:
        rows: the rows that make a member: entity_id, the year, and columns of institution and subject.
        year: the column of the cohort's year.
        annualised: whether figures of earnings rest on annualised pay.
    """

    rows: Table
    year: str
    annualised: bool


@dataclass(frozen=True)
class Inputs:
    """What is compared.

    Attributes:
        outcomes: as the catalogue's leo.outcomes.
        lookup_ae_id: AE_ID, entity_id of the education records.
        followed: by definition.
        attributes: by <dataset>_<table>; a characteristic whose tables are not there is not known.
        drawn: the outcomes of people whose tax records differ between sampled link sets, in each of them: draw (from
            1), and the columns of `outcomes` but EDUKEY.
        draws: how many link sets were sampled; 0 for none.
    """

    outcomes: Table
    lookup_ae_id: Table
    followed: Mapping[str, Followed]
    attributes: Mapping[str, Table]
    drawn: Table | None = None
    draws: int = 0


def members(engine: Engine, inputs: Inputs, rules: Compared, catalogue: Catalogue, *, years: int | None) -> Table:
    """One row a member of a cohort, definition and years after.

    Args:
        years: only what was measured in the last so many years of a definition; all where None.

    Returns:
        draw (NULL of the run's own links), AE_ID, definition, years_after, measured (six digits), in_calculation,
        matched (of those in the calculation), the outcomes, pay (of those whom the definition's earnings include, else
        NULL), institution, subject (NULL where the cohort has none), and a column for each characteristic; stored.
    """
    characteristics = [_told(engine, inputs, one) for one in rules.characteristic]
    described = [
        _of_definition(engine, inputs, cohort, rules.characteristic, characteristics, catalogue)
        for cohort in rules.cohort
        if cohort.definition in inputs.followed
    ]
    together = _union(engine, described)
    if years is None:
        return together
    return engine.sql(
        """
        with last as (select definition, max(measured) as measured from {members} group by definition)
        select m.*
        from {members} as m
        join last on last.definition = m.definition and m.measured // 100 > last.measured // 100 - $years
        """,
        params={"years": years},
        store=True,
        members=together,
    )


def _of_definition(
    engine: Engine,
    inputs: Inputs,
    cohort: Cohort,
    characteristics: Sequence[Characteristic],
    told: Sequence[Table],
    catalogue: Catalogue,
) -> Table:
    followed = inputs.followed[cohort.definition]
    joins = "\n".join(f"left join {{told_{n}}} as t{n} on t{n}.AE_ID = o.AE_ID" for n in range(len(told)))
    columns = ", ".join(
        f"coalesce(t{n}.code, $not_known) as {quote(one.name)}" for n, one in enumerate(characteristics)
    )
    subject = "coalesce(p.subject, $not_known)" if cohort.subject else "cast(null as varchar)"
    pay = "annualised_earnings" if followed.annualised else "earnings"
    return engine.sql(
        f"""
        select o.draw, o.AE_ID, o.definition, cast(o.years_after as bigint) as years_after,
               coalesce(o.tax_year, o.academic_year) as measured, o.in_calculation,
               o.matched and o.in_calculation as matched,
               {", ".join(f"o.{name}" for name in OUTCOMES)},
               case when o.earnings_included and o.matched then cast(o.{pay} as double) end as pay,
               coalesce(p.institution, $not_known) as institution, {subject} as subject,
               {columns}
        from {{outcomes}} as o
        left join {{places}} as p on p.AE_ID = o.AE_ID and p.cohort_year = o.cohort_year
        {joins}
        where o.definition = $definition
        """,
        params={"definition": cohort.definition, "not_known": NOT_KNOWN},
        store=True,
        outcomes=_with_draws(engine, inputs),
        places=_places(engine, inputs, cohort, followed, catalogue),
        **{f"told_{n}": table for n, table in enumerate(told)},
    )


def _with_draws(engine: Engine, inputs: Inputs) -> Table:
    """The run's outcomes, and beside them those under sampled link sets."""
    names = ", ".join(name for name in inputs.outcomes.columns if name != "EDUKEY")
    if inputs.drawn is None:
        return engine.sql(f"select cast(null as bigint) as draw, {names} from {{o}}", o=inputs.outcomes)
    return engine.sql(
        f"""
        select cast(null as bigint) as draw, {names} from {{outcomes}}
        union all
        select cast(draw as bigint) as draw, {names} from {{drawn}}
        """,
        params=None,
        outcomes=inputs.outcomes,
        drawn=inputs.drawn,
    )


def _places(engine: Engine, inputs: Inputs, cohort: Cohort, followed: Followed, catalogue: Catalogue) -> Table:
    """AE_ID, cohort_year, institution, subject: one of each, so that institutions add up to everybody.

    Of several the one with most rows of the year stands; of equals the lowest.
    """
    held = {name.lower(): name for name in followed.rows.columns}

    def column(name: str) -> str:
        return f"r.{quote(held[name.lower()])}" if name.lower() in held else "cast(null as varchar)"

    subjects, frames = [], {}
    for number, subject in enumerate(cohort.subject):
        code = f"cast({column(subject.variable)} as varchar)"
        code = f"substr({code}, 1, {subject.characters})" if subject.characters else code
        labels = subject.named(catalogue)
        frames[f"frame_{number}"] = engine.from_arrow(
            pa.table({"code": pa.array([*labels], pa.string()), "label": pa.array([*labels.values()], pa.string())})
        )
        subjects.append((f"f{number}.label", f"left join {{frame_{number}}} as f{number} on f{number}.code = {code}"))
    labelled = ", ".join(label for label, _ in subjects)
    named = f"coalesce({labelled})" if len(subjects) > 1 else labelled or "cast(null as varchar)"
    rows = engine.sql(
        f"""
        select l.AE_ID, r.{quote(followed.year)} as cohort_year,
               cast({column(cohort.institution)} as varchar) as institution, {named} as subject
        from {{rows}} as r
        join {{lookup}} as l on l.entity_id = r.entity_id
        {" ".join(join for _, join in subjects)}
        """,
        params=None,
        store=True,
        rows=followed.rows,
        lookup=inputs.lookup_ae_id,
        **frames,
    )
    return engine.sql(
        f"""
        with institutions as ({_most("institution")}),
        subjects as ({_most("subject")})
        select i.AE_ID, i.cohort_year, i.institution, s.subject
        from institutions as i
        join subjects as s on s.AE_ID = i.AE_ID and s.cohort_year = i.cohort_year
        """,
        rows=rows,
        store=True,
    )


def _most(column: str) -> str:
    return f"""
            select AE_ID, cohort_year, {column} from {{rows}}
            group by AE_ID, cohort_year, {column}
            qualify row_number() over (
                        partition by AE_ID, cohort_year
                        order by {column} is null, count(*) desc, {column}
                    ) = 1"""


def _told(engine: Engine, inputs: Inputs, characteristic: Characteristic) -> Table:
    """AE_ID, code: what the first origin that knows a person says."""
    parts, tables = [], {}
    for number, origin in enumerate(characteristic.origin):
        attributes = inputs.attributes.get(origin.table)
        if attributes is None or origin.variable not in attributes.columns:
            continue
        pairs = [(code, category) for category, codes in origin.codes.items() for code in codes]
        tables[f"rows_{number}"] = attributes
        tables[f"codes_{number}"] = engine.from_arrow(
            pa.table({"code": [code for code, _ in pairs], "category": [category for _, category in pairs]})
        )
        order = f"r.{quote(origin.latest_by)} desc, c.category desc" if origin.latest_by else "c.category desc"
        parts.append(
            f"""
            select l.AE_ID, c.category, {number} as place,
                   row_number() over (partition by l.AE_ID order by {order}) as rank
            from {{rows_{number}}} as r
            join {{lookup}} as l on l.entity_id = r.entity_id
            join {{codes_{number}}} as c on c.code = cast(r.{quote(origin.variable)} as varchar)
            """
        )
    if not parts:
        return engine.sql("select AE_ID, cast(null as varchar) as code from {l} where false", l=inputs.lookup_ae_id)
    return engine.sql(
        f"""
        with told as ({" union all ".join(parts)})
        select AE_ID, arg_min(category, place) as code from told where rank = 1 group by AE_ID
        """,
        params=None,
        store=True,
        lookup=inputs.lookup_ae_id,
        **tables,
    )


def _union(engine: Engine, tables: Sequence[Table]) -> Table:
    named = {f"part_{number}": table for number, table in enumerate(tables)}
    union = " union all ".join(f"select * from {{{name}}}" for name in named)
    return engine.sql(union, params=None, store=True, **named)

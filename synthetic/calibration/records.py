"""Where two sources differ about one person, field by field, and how many people agree exactly.

CRATE compared the two records that 126,904 people had in two health systems at one time (Cardinal and others 2023). Here a
person's last record of one source is compared with the last of another; configs/calibration/disagreement.toml says which pair
is held to the published figures. Exact agreement asks for any two records, as ECHILD's first steps do.
"""

from itertools import combinations

from synthetic.calibration.population import Measure

_LAST = {
    "npd": ("npd_census", "Forename", "Surname", "DateOfBirth", "Gender", "Postcode", "CensusDate"),
    "ilr": ("ilr_learners", "GivenNames", "FamilyName", "DateOfBirth", "Sex", "Postcode", "LearnStartDate"),
    "hesa": ("hesa_students", "FNAMES", "SURNAME", "BIRTHDTE", "SEXID", "POSTCODE", "REPORTDATE"),
    "cis": ("cis_customers", "Forenames", "Surname", "DateOfBirth", "Sex", "Postcode", "StartDate"),
}
"""Of each source: the table, forenames, surname, birth date, sex, postcode, and the date of a record."""


def _letters(text: str) -> str:
    """The letters of a name, NULL where it has none: hyphens, spaces and apostrophes are not compared."""
    return f"nullif(regexp_replace({text}, '[^A-Z]', '', 'g'), '')"


def _last(source: str) -> str:
    """A person's last record: the first forename and the surname as capital letters, postcode NULL where it is no place."""
    table, forename, surname, dob, sex, postcode, seen = _LAST[source]
    return f"""
        with plain as (
            select person_id, {seen} as seen, upper(strip_accents({forename})) as forenames,
                   upper(strip_accents({surname})) as surname,
                   {dob} as dob, {sex} as sex, replace(upper({postcode}), ' ', '') as postcode
            from {{{table}}}
            qualify row_number() over (partition by person_id order by {seen} desc, RECORDID desc) = 1
        )
        select person_id, {_letters("split_part(trim(forenames), ' ', 1)")} as forename,
               {_letters("surname")} as surname,
               seen, dob, case sex when '1' then 'M' when '2' then 'F' else sex end as sex,
               nullif(postcode, '') as written_postcode,
               case when postcode not like 'ZZ99%' then nullif(postcode, '') end as postcode
        from plain
    """


_COMPARED = """
    select p.sex = 'Female' as female, a.forename as forename, b.forename as other_forename,
           a.surname as surname, b.surname as other_surname, a.dob as dob, b.dob as other_dob,
           a.postcode as postcode, b.postcode as other_postcode,
           a.forename <> b.forename as forename_differs, a.surname <> b.surname as surname_differs,
           a.dob <> b.dob as dob_differs, a.sex <> b.sex as sex_differs,
           a.postcode <> b.postcode as postcode_differs,
           a.forename = b.surname and a.surname = b.forename and a.forename <> a.surname as swapped
    from {LEFT} as a
    join {RIGHT} as b on b.person_id = a.person_id
    join {persons} as p on p.person_id = a.person_id
"""


def _distinct(table: str, forename: str, sex: str, postcode: str) -> str:
    """Each distinct combination of the five fields in a person's records."""
    return f"""
        with written as (
            select distinct person_id, upper(strip_accents({forename})) as forenames,
                   upper(strip_accents(Surname)) as surname, DateOfBirth as dob, {sex} as sex,
                   replace({postcode}, ' ', '') as postcode
            from {{{table}}}
        )
        select distinct person_id, {_letters("split_part(trim(forenames), ' ', 1)")} as forename,
               {_letters("surname")} as surname, dob, sex, postcode
        from written
    """


_AGREEING = """
    with in_both as (
        select s.person_id
        from (select distinct person_id from {school_records}) as s
        join (select distinct person_id from {customer_records}) as c on c.person_id = s.person_id
    ),
    best as (
        select s.person_id, bool_or(s.forename = c.forename) as exactly
        from {school_records} as s
        join {customer_records} as c
          on c.person_id = s.person_id and c.surname = s.surname and c.dob = s.dob and c.sex = s.sex
             and c.postcode = s.postcode and substr(c.forename, 1, 4) = substr(s.forename, 1, 4)
        group by s.person_id
    )
    select b.person_id, coalesce(x.exactly, false) as exactly, x.person_id is not null as by_four_letters
    from in_both as b
    left join best as x on x.person_id = b.person_id
"""


def _figures() -> list[tuple[str, str, str]]:
    """Id of a figure (PAIR stands for the sources), the rows behind it, and the rows that have it."""
    figures = []
    for sex, who in (("all", "true"), ("women", "female"), ("men", "not female")):
        for field in ("forename", "surname", "dob", "sex", "postcode"):
            figures.append(
                (f"{field}_differs.PAIR.{sex}", f"{who} and {field}_differs is not null", f"{field}_differs")
            )
        unlike = "surname_differs and substr(surname, 1, 2) <> substr(other_surname, 1, 2)"
        figures.append((f"surname_unlike.PAIR.{sex}", f"{who} and surname_differs is not null", unlike))
    both = "forename_differs is not null and surname_differs is not null"
    sector = "substr({0}, 1, length({0}) - 2)"
    same_sector = f"{sector.format('postcode')} = {sector.format('other_postcode')}"
    figures.append(("names_swapped.PAIR.all", both, "swapped"))
    figures.append(
        ("postcode_same_sector.PAIR.all", "postcode_differs is not null", f"postcode_differs and {same_sector}")
    )
    for field in ("forename", "surname"):
        same = f"substr({field}, 1, 2) = substr(other_{field}, 1, 2)"
        figures.append((f"{field}_shares_two_letters.PAIR.all", f"{field}_differs and not swapped", same))
    return figures + [(f"dob_{name}.PAIR.all", "dob_differs", condition) for name, condition in _dates().items()]


def _dates() -> dict[str, str]:
    """How birth dates that differ do so."""
    parts = {part: f"{part}(dob) <> {part}(other_dob)" for part in ("day", "month", "year")}
    one_part = f"({' + '.join(f'cast({differs} as integer)' for differs in parts.values())}) = 1"
    by_one = " or ".join(f"abs({part}(dob) - {part}(other_dob)) = 1" for part in parts)
    turned = " or ".join(_digits_turned(form) for form in ("%d", "%m", "%Y"))
    return {
        **{f"{part}_alone": f"{one_part} and {differs}" for part, differs in parts.items()},
        "one_part": one_part,
        "off_by_one": f"{one_part} and ({by_one})",
        "digits_turned": f"{one_part} and ({turned})",
        "day_and_month_exchanged": "day(dob) = month(other_dob) and month(dob) = day(other_dob) "
        "and year(dob) = year(other_dob)",
    }


def _digits_turned(form: str) -> str:
    """Two neighbouring digits of a part exchanged."""
    left, right = f"strftime(dob, '{form}')", f"strftime(other_dob, '{form}')"
    turned = (
        f"substr({left}, 1, {at - 1}) || substr({left}, {at + 1}, 1) || substr({left}, {at}, 1)"
        f" || substr({left}, {at + 2}) = {right}"
        for at in (range(1, 4) if form == "%Y" else range(1, 2))
    )
    return f"({left} <> {right} and ({' or '.join(turned)}))"


def _differences(pair: str) -> str:
    return " union all ".join(
        f"select '{name.replace('PAIR', pair)}' as id, count(*) filter (where {of}) as members,"
        f" count(*) filter (where ({of}) and ({has})) as hits from {{compared_{pair}}}"
        for name, of, has in _figures()
    )


# Both names wrong: how often, and how many times what it would be if errors were independent.
_BOTH_NAMES = """
    with counted as (
        select count(*) as people, avg(cast(forename_differs as integer)) as forename,
               avg(cast(surname_differs as integer)) as surname,
               avg(cast(forename_differs and surname_differs as integer)) as joint
        from {compared_PAIR}
        where forename_differs is not null and surname_differs is not null
    )
    select 'both_names_differ.PAIR.all' as id, 100 * joint as value,
           100 * sqrt(joint * (1 - joint) / people) as standard_error, people
    from counted
    where people > 0
    union all
    select 'both_names_differ_ratio.PAIR.all', joint / (forename * surname),
           joint / (forename * surname)
               * sqrt((1 - joint) / (joint * people) + (1 - forename) / (forename * people)
                      + (1 - surname) / (surname * people)),
           people
    from counted
    where joint > 0
"""

# Learners' and students' last records against the address that DWP held on the day of each.
_POSTCODE_THAT_DAY = """
    with recorded as (
        select person_id, seen, postcode from {last_ilr}
        union all
        select person_id, seen, postcode from {last_hesa}
    ),
    addresses as (
        select person_id, StartDate as since, EndDate as until, replace(Postcode, ' ', '') as postcode
        from {cis_customers}
    )
    select 'postcode_differs_that_day.learners_and_students' as id, r.person_id as cluster,
           cast(r.postcode <> a.postcode as integer) as hits, 1 as members
    from recorded as r
    join addresses as a on a.person_id = r.person_id and a.since <= r.seen and coalesce(a.until, r.seen) >= r.seen
    where r.postcode is not null and a.postcode is not null and a.postcode not like 'ZZ99%'
"""


def _unknown() -> str:
    """Records without a forename, and with a postcode that is no place."""
    no_forename = ("forename_unknown", "forename is null")
    no_place = ("postcode_unknown", "written_postcode like 'ZZ99%'")
    counts = [(*figure, source, f"{{last_{source}}}") for source in _LAST for figure in (no_forename, no_place)]
    everywhere, required = (
        " union all ".join(f"select forename, written_postcode from {{last_{source}}}" for source in sources)
        # Community learners may leave their names out.
        for sources in (_LAST, [source for source in _LAST if source != "ilr"])
    )
    counts += [
        (*no_forename, "where_required", f"({required}) as r"),
        (*no_place, "everywhere", f"({everywhere}) as e"),
    ]
    return " union all ".join(
        f"select '{figure}.{of}' as id, count(*) as members, count(*) filter (where {condition}) as hits from {rows}"
        for figure, condition, of, rows in counts
    )


_PAIRS = [f"{left}_{right}" for left, right in combinations(_LAST, 2)]

VIEWS = {
    **{f"last_{source}": _last(source) for source in _LAST},
    **{
        f"compared_{left}_{right}": _COMPARED.replace("LEFT", f"last_{left}").replace("RIGHT", f"last_{right}")
        for left, right in combinations(_LAST, 2)
    },
    "school_records": _distinct("npd_census", "Forename", "Gender", "Postcode"),
    "customer_records": _distinct("cis_customers", "Forenames", "Sex", "Postcode"),
    "agreeing": _AGREEING,
}

MEASURES = (
    *(Measure("share", _differences(pair)) for pair in _PAIRS),
    *(Measure("estimate", _BOTH_NAMES.replace("PAIR", pair)) for pair in _PAIRS),
    Measure("clustered share", _POSTCODE_THAT_DAY),
    Measure("share", _unknown()),
    Measure(
        "share",
        """
        select 'exact.five_fields' as id, cast(exactly as integer) as hits, 1 as members from {agreeing}
        union all
        select 'exact.four_letters', cast(by_four_letters and not exactly as integer), 1 from {agreeing}
        """,
    ),
)

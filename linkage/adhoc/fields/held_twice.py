"""Whether a file holds persons twice: records that have the names and the birth date of another one."""

from collections.abc import Sequence

from linkage.engine import Engine, Table, one

_TELLING = {
    "dob": "right(dob, 1) = '3'",
    "email": "upper(left(email, 1)) = 'M'",
    "phone": "right(phone, 1) = '3'",
    "postcode": "right(postcode, 1) in ('3', 'B')",
    "address": "upper(left(address, 1)) in ('1', 'M')",
}
"""What with a name is hardly ever of two people, and a condition that few rows fulfil, the same ones of a person."""
MOSTLY_TWICE = 0.5  # of a file of which more is twice, most people have several records: visits, births, courses
MANY_TWICE = 0.05  # a file of which more is twice of a name and birth date holds people twice, and not namesakes
_MORE_THAN_NAMESAKES = 0.15  # of such records at one address, of which fathers and sons of one name are some
_SHOWN_ROWS = 100_000  # of a file with more, these few rows stand for all


def held_twice(engine: Engine, units: Table) -> float:
    """The share of records that have the names and the birth date of another of the file; 0 where these are not held.

    Where a file has no birth dates, an address of e-mail or a telephone stands for them: that which shows more. Where
    it has none of these, postcode or address do, if so many share them that they are no namesakes of one house. In
    files of no persons the name is a company's, which has no namesake in its house.
    """
    held = set(units.columns)
    persons, company = {"forename", "surname"} <= held, "organisation" in held and not held & _OF_PERSONS

    def most(telling: Sequence[str]) -> float:
        names = ("forename", "surname") if persons else ("organisation",)
        return max((_twice(engine, units, names, name) for name in telling if name in held), default=0.0)

    if company:
        return most(["email", "phone", "postcode", "address"])
    if not persons:
        return 0.0
    if "dob" in held:
        return most(["dob"])
    if {"email", "phone"} & held:
        return most(["email", "phone"])
    at_home = most(["postcode", "address"])
    return at_home if at_home >= _MORE_THAN_NAMESAKES else 0.0


_OF_PERSONS = {"forename", "surname", "dob"}


def _twice(engine: Engine, units: Table, names: Sequence[str], telling: str) -> float:
    own = (*names, telling)
    some = _TELLING[telling] if engine.count(units) > _SHOWN_ROWS else "true"
    whole = "dob not like '%-00'" if telling == "dob" else "true"
    known = " and ".join(f"{name} is not null" for name in own)
    found = one(
        engine,
        engine.sql(
            f"""
            with people as (
                select count(*) as records from {{t}} where {known} and {some} and {whole} group by {", ".join(own)}
            )
            select cast(coalesce(sum(records) filter (records > 1), 0) as double)
                   / greatest(coalesce(sum(records), 0), 1) as share
            from people
            """,
            t=units,
        ),
    )
    return float(found["share"])

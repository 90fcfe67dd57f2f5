"""How many records of a file are of somebody who is there twice; and what cardinality that asks for."""

from collections.abc import Sequence

from linkage.config import Cardinality
from linkage.engine import Engine, Table, columns, one

REPEATED_MOSTLY = 0.5  # share of repeated records, from which most people have several: visits, courses
REPEATED = 0.05  # share from which a file holds people several times, and not namesakes
_MORE_THAN_NAMESAKES = 0.15  # share of records of one name at one address: fathers and sons are some
_INITIALS = 0.1  # share of forenames of one letter, from which these are compared
_MOSTLY_YEARS = 0.5  # share of birth dates without month and day, by which a date tells too little
_SHOWN_ROWS = 100_000  # of a larger file, the people whose surname has an even length stand for all


def repeated_share(engine: Engine, units: Table) -> float:
    """The share of records that have the names and the birth date of another of the file.

    Without birth dates an e-mail address or telephone stands for it; else the address, if so many share it that they
    are no namesakes of one house. 0 where nothing tells.
    """
    fields = set(units.columns)
    if not {"forename", "surname"} <= fields:
        return 0.0
    short = "avg(case when length(forename) = 1 then 1e0 else 0e0 end) as short"
    years = (
        ", avg(case when dob like '%-00' then 1e0 when dob is not null then 0e0 end) as years"
        if "dob" in fields
        else ""
    )
    about = one(engine, engine.sql(f"select {short}{years} from {{t}}", t=units))
    forename = "left(forename, 1)" if float(about["short"] or 0) >= _INITIALS else "forename"
    if "dob" in fields and float(about["years"] or 0) < _MOSTLY_YEARS:
        return _share(engine, units, forename, "dob")
    found = [_share(engine, units, forename, name) for name in ("email", "phone") if name in fields]
    at_home = [_share(engine, units, forename, name) for name in ("postcode", "address") if name in fields]
    namesakes = max(at_home, default=0.0)
    return max([*found, namesakes if namesakes >= _MORE_THAN_NAMESAKES else 0.0])


def _share(engine: Engine, units: Table, forename: str, telling: str) -> float:
    some = "length(surname) % 2 = 0" if engine.count(units) > _SHOWN_ROWS else "true"
    whole = "dob not like '%-00'" if telling == "dob" else "true"
    known = f"forename is not null and surname is not null and {telling} is not null"
    query = f"""
        with people as (
            select count(*) as records from {{t}} where {known} and {some} and {whole}
            group by {forename}, surname, {columns([telling])}
        )
        select cast(coalesce(sum(records) filter (records > 1), 0) as double)
               / greatest(coalesce(sum(records), 0), 1) as share
        from people
        """
    return float(one(engine, engine.sql(query, t=units))["share"])


def cardinality_of(shares: Sequence[float]) -> Cardinality:
    """One to one, but where a person's records do not compete: events with people, and people several times in both.

    Args:
        shares: of repeated records of the left and of the right file.
    """
    if min(shares) >= REPEATED:
        return "many-to-many"
    if max(shares) < REPEATED_MOSTLY:
        return "one-to-one"
    return "one-to-many" if shares[1] > shares[0] else "many-to-one"

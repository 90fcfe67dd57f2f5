"""Alternative link sets of an extract: the tax and benefit keys of each person in each draw, and how to use them."""

from collections.abc import Iterable, Mapping

from linkage.engine import Engine, Table
from linkage.extract.layout import EDUKEY, PERSON, Field, Layout, key_field
from linkage.extract.population import People

NAME = "link_draws"
SCRIPT = "rubin.py"
SAMPLED, UNITS = "links_sampled/", "units/"


def draws_layout() -> Layout:
    """A person's key in each draw."""
    return Layout(
        NAME,
        "Alternative link sets",
        "person, by draw and tax or benefit key that the draw gives the person",
        (
            key_field(PERSON),
            Field("draw", "integer", "Number of the draw: links of one draw go together."),
            key_field(EDUKEY),
        ),
        key=(PERSON, "draw", EDUKEY),
    )


def steps_of(tables: Mapping[str, Table]) -> list[str]:
    """Link steps of which a run holds link sets and whose records have tax keys."""
    return sorted(name.removeprefix(SAMPLED) for name in tables if name.startswith(SAMPLED))


def draw_rows(engine: Engine, tables: Mapping[str, Table], people: People) -> Table:
    """The draws of all steps that give the population's people a tax or benefit key.

    A draw that links a person to a record whose key nobody of the population holds gives the person no row: the
    extract has no rows of that key.
    """
    named: dict[str, Table] = {}
    parts = []
    for number, step in enumerate(steps_of(tables)):
        named[f"sampled_{number}"], named[f"units_{number}"] = tables[SAMPLED + step], tables[UNITS + step]
        parts.append(
            f"""
            select person.{PERSON}, cast(drawn.draw as bigint) as draw, named.{EDUKEY}
            from {{sampled_{number}}} as drawn
            join {{units_{number}}} as of_left on of_left.side = 'left' and of_left.unit_id = drawn.left_id
            join {{entities}} as entity on entity.entity_id = of_left.entity_id
            join {{persons}} as person on person.person = entity.person
            join {{units_{number}}} as of_right on of_right.side = 'right' and of_right.unit_id = drawn.right_id
            join {{lookup}} as held on held.entity_id = of_right.entity_id
            join {{edukeys}} as named on named.tax_key = held.{EDUKEY}
            """
        )
    if people.edukeys is None:
        raise ValueError("without tax keys there are no draws of them")
    union = " union all ".join(parts)
    return engine.sql(
        f"""
        with given as ({union})
        select distinct {PERSON}, draw, {EDUKEY} from given order by {PERSON}, draw, {EDUKEY}
        """,
        params=None,
        store=False,
        entities=people.entities,
        persons=people.persons,
        edukeys=people.edukeys,
        lookup=tables["lookup_edukey"],
        **named,
    )


_HEAD = '''"""How far a finding hangs on the linkage: an estimate on each link set, combined by Rubin's rules.

python rubin.py            # in the extract's folder; needs pandas and pyarrow{needs}

The estimate here is {what}. Put your own in the place of `estimate`.
D. B. Rubin, Multiple imputation for nonresponse in surveys (1987), chapter 3; for links, Goldstein, Harron and Wade,
Statistics in Medicine 31 (2012).
"""

import math
from pathlib import Path

import pandas as pd
'''

_READ = '''

def read(table):
    """A table, in whichever form it is here."""
    for path in (f"parquet/{table}.parquet", f"partitioned/{table}"):
        if Path(path).exists():
            return pd.read_parquet(path)
    for path in (f"csv/{table}.csv", f"sqlserver/{table}.csv"):
        if Path(path).exists():
            return pd.read_csv(path)
    import duckdb

    with duckdb.connect("duckdb/extract.duckdb", read_only=True) as database:
        return database.table(table).df()
'''

_READ_ENCRYPTED = '''
from linkage.extract import decrypted, encryption_key


def read(table):
    """A table, opened by the key."""
    key = encryption_key(Path("key.txt"))
    files = sorted(Path("partitioned", table).rglob("*.parquet")) or [Path("parquet", f"{table}.parquet")]
    return pd.concat([decrypted(file, key).to_pandas() for file in files])
'''

_PAY = '''

def estimate(links):
    """The estimate and its variance on the rows of one link set."""
    earnings = links.merge(pay, on="EDUKEY")["Earnings"].dropna()
    return earnings.mean(), earnings.var(ddof=1) / len(earnings)


draws, pay = read("link_draws"), read("leo_earnings").drop(columns="AE_ID")
'''

_LINKED = '''

def estimate(links):
    """The estimate and its variance on one link set."""
    share = people["AE_ID"].isin(links["AE_ID"]).mean()
    return share, share * (1 - share) / len(people)


draws, people = read("link_draws"), read("people")
'''

_COMBINE = """results = [estimate(links) for _, links in draws.groupby("draw")]
m = len(results)
mean = sum(value for value, _ in results) / m
within = sum(variance for _, variance in results) / m
between = sum((value - mean) ** 2 for value, _ in results) / (m - 1)
total = within + (1 + 1 / m) * between
print(f"{mean:.{places}f}, standard error {math.sqrt(total):.{places}f} over {m} link sets")
print(f"of its variance {(1 + 1 / m) * between / total:.1%} is from linkage")
"""


def rubin(layouts: Iterable[Layout], *, encrypted: bool = False) -> str:
    """A script that makes an estimate on each link set and combines them: of pay where approved, else of links."""
    has_pay = any(layout.name == "leo_earnings" and "Earnings" in layout.columns for layout in layouts)
    what = "the mean pay of a person-year" if has_pay else "the share of people who have a tax or benefit key"
    needs = ", and leo-linkage with the key in key.txt" if encrypted else ""
    return "".join(
        (
            _HEAD.replace("{what}", what).replace("{needs}", needs),
            _READ_ENCRYPTED if encrypted else _READ,
            _PAY if has_pay else _LINKED,
            _COMBINE.replace("{places}", "2" if has_pay else "4"),
        )
    )

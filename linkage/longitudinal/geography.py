"""Geography: where a person lived in a tax year, as region and country. Postcodes come
in and never go out.
"""

import datetime

import pyarrow as pa
from pyarrow import csv as pa_csv

from linkage.config.resources import config_file
from linkage.engine import Engine, Table
from linkage.longitudinal.spells import merge_spells
from linkage.longitudinal.tax_tables import keyed

FIRST_YEAR = 2004
"""The first tax year that LEO holds begins in April of this year (DfE, LEO variable
request form v2.3, "Geography").
"""

BULK_LOAD = datetime.date(2012, 10, 12)
"""The day of the first bulk load of the areas of CIS addresses; before it they were not
followed closely (same).
"""


def geography(
    engine: Engine, addresses: Table, holders: Table, *, extract_date: datetime.date
) -> Table:
    """One row a person and tax year: the region of the address held on most days, of
    equals the one held later.

    An address that is not known is a gap and competes with none. A postcode is placed
    by its outward code where configs/outcomes/postcode_regions.csv names it, else by
    its area letters; one that is in neither is Unknown.

    Args:
        addresses: entity_id of the CIS record, postcode ("AB1 2CD" or NULL),
            valid_from, valid_to (dates, end inclusive, NULL while it is the present
            one).
        holders: as `linkage.longitudinal.tax_tables.holders` makes it.
        extract_date: last day that the files can tell of; a tax year that it cuts short
            is counted to it.

    Returns:
        EDUKEY, TaxYear, GOR, GORNM, CTRY, CTRYNM, address_before_bulk_load (1 where the
        address of the year was held before 12 October 2012 within it, else 0), as the
        catalogue's leo.geography; stored.
    """
    regions = _regions(engine)
    spells = engine.sql(
        """
        select h.holder, a.postcode, a.valid_from as start_date,
            coalesce(a.valid_to, $extract_date) as end_date
        from {addresses} as a
        join {holders} as h on h.entity_id = a.entity_id
        where a.postcode is not null and a.valid_from <= coalesce(a.valid_to,
            $extract_date)
        """,
        addresses=addresses,
        holders=holders,
        params={"extract_date": extract_date},
        store=True,
    )
    # A change of name starts a new row at the same address, and a second record may
    # repeat it.
    periods = merge_spells(engine, spells, by=["holder", "postcode"])
    placed_periods = _placed(engine, periods, regions)
    yearly = _longest_held(engine, placed_periods, _tax_years(engine, extract_date))
    columns = """r.TaxYear, g.GOR, g.GORNM, g.CTRY, g.CTRYNM, r.address_before_bulk_load
        from join {regions} as g on g.region = r.region"""
    result = keyed(engine, yearly, holders, columns, regions=regions)
    engine.drop(spells, periods, placed_periods)
    return result


def _regions(engine: Engine) -> Table:
    """region (small int; 0 is unknown), code in the file of prefixes, GOR, GORNM, CTRY,
    CTRYNM.
    """
    region_rows = pa_csv.read_csv(config_file("outcomes/regions.csv")).to_pylist()
    rows = [
        {
            "region": 0,
            "code": None,
            "GOR": None,
            "GORNM": None,
            "CTRY": None,
            "CTRYNM": "Unknown",
        }
    ]
    for number, row in enumerate(region_rows, start=1):
        names = {column: row[column] or None for column in ("GORNM", "CTRY", "CTRYNM")}
        rows.append(
            {
                "region": number,
                "code": row["GOR"],
                "GOR": row["GOR"] if row["CTRY"] else None,
                **names,
            }
        )
    types = {
        "region": pa.int64(),
        **dict.fromkeys(("code", "GOR", "GORNM", "CTRY", "CTRYNM"), pa.string()),
    }
    return engine.from_arrow(pa.Table.from_pylist(rows, schema=pa.schema(types)))


def _placed(engine: Engine, periods: Table, regions: Table) -> Table:
    """holder, region, start_date, end_date: addresses without their postcodes;
    stored.
    """
    prefix_table = pa_csv.read_csv(config_file("outcomes/postcode_regions.csv"))
    prefixes = engine.from_arrow(
        prefix_table.select(["prefix", "GOR"]).rename_columns(["prefix", "code"])
    )
    return engine.sql(
        """
        with outward as (
            select holder, start_date, end_date, split_part(postcode, ' ', 1) as outcode
                from {periods}
        ),
        located as (
            select o.holder, o.start_date, o.end_date, coalesce(d.code, a.code) as code
            from outward as o
            left join {prefixes} as d on d.prefix = o.outcode
            left join {prefixes} as a on a.prefix = regexp_replace(o.outcode,
                '[0-9].*$', '')
        )
        select l.holder, coalesce(g.region, 0) as region, l.start_date, l.end_date
        from located as l
        left join {regions} as g on g.code = l.code
        """,
        periods=periods,
        prefixes=prefixes,
        regions=regions,
        store=True,
    )


def _tax_years(engine: Engine, extract_date: datetime.date) -> Table:
    """TaxYear, first_day, last_day of the tax years from the first held to the extract
    date, the last one cut there.
    """
    last = (
        extract_date.year
        if extract_date >= datetime.date(extract_date.year, 4, 6)
        else extract_date.year - 1
    )
    years = range(FIRST_YEAR, last + 1)
    return engine.from_arrow(
        pa.table(
            {
                "TaxYear": pa.array(
                    [year * 100 + (year + 1) % 100 for year in years], pa.int64()
                ),
                "first_day": pa.array(
                    [datetime.date(year, 4, 6) for year in years], pa.date32()
                ),
                "last_day": pa.array(
                    [
                        min(datetime.date(year + 1, 4, 5), extract_date)
                        for year in years
                    ],
                    pa.date32(),
                ),
            }
        )
    )


def _longest_held(engine: Engine, placed_periods: Table, tax_years: Table) -> Table:
    """holder, TaxYear, region, address_before_bulk_load: the address of most days, of
    equals the later.
    """
    # One whole number ranks an address in its year: days held, then first day (both
    # below 1,000), then region, so that a single max() finds the winner and the same
    # one on every run. A sort of all person-years would cost far more.
    return engine.sql(
        """
        with days as (
            select p.holder, t.TaxYear, t.first_day, p.region,
                greatest(p.start_date, t.first_day) as held_from,
                   least(p.end_date, t.last_day) as held_to
            from {placed} as p
            join {tax_years} as t on p.start_date <= t.last_day
                and p.end_date >= t.first_day
        ),
        ranked as (
            select holder, TaxYear, first_day,
                   (cast(date_diff('day', held_from, held_to) as bigint) * 1000
                    + date_diff('day', first_day, held_from)) * 1000 + region as rank
            from days
        ),
        longest as (
            select holder, TaxYear, min(first_day) as first_day, max(rank) as rank
            from ranked
            group by holder, TaxYear
        )
        select holder, TaxYear, rank % 1000 as region,
               cast(first_day + cast(rank // 1000 % 1000 as integer) < $bulk_load
                   as integer) as address_before_bulk_load
        from longest
        """,
        placed=placed_periods,
        tax_years=tax_years,
        params={"bulk_load": BULK_LOAD},
    )

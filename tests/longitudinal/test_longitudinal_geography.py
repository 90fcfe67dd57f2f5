"""The address of a tax year is the one held longest, of equals the later; its postcode
is left out.
"""

import datetime

import pytest

from linkage.longitudinal.geography import geography

EXTRACT = datetime.date(2015, 4, 5)


@pytest.mark.both_engines
def test_the_region_of_a_year_is_that_of_the_longest_address(
    engine, world, holders, rows
):
    addresses = world("""
        entity_id | postcode | valid_from | valid_to:date
        10        | M1 1AA   | 2011-04-06 | 2012-10-20
        11        | SW1A 1AA | 2012-10-21 | -
        20        | EH1 1AA  | 2014-04-06 | 2014-08-31
        20        | -        | 2014-09-01 | -
    """)
    assert rows(geography(engine, addresses, holders, extract_date=EXTRACT)) == rows(
        world("""
        EDUKEY | TaxYear | GOR       | GORNM      | CTRY      | CTRYNM   | address_before_bulk_load
        A      | 201112  | E12000002 | North West | E92000001 | England  | 1
        A      | 201213  | E12000002 | North West | E92000001 | England  | 1
        A      | 201314  | E12000007 | London     | E92000001 | England  | 0
        A      | 201415  | E12000007 | London     | E92000001 | England  | 0
        B      | 201415  | S92000003 | Scotland   | S92000003 | Scotland | 0
    """)
    )


def test_of_equal_periods_the_later_wins_and_a_new_name_is_no_new_address(
    engine, world, holders, rows
):
    # 2013/14 has 365 days: 182 in Leeds under two names, one in Cardiff, 182 in
    # Cornwall.
    addresses = world("""
        entity_id | postcode | valid_from | valid_to:date
        10        | LS1 1AA  | 2013-04-06 | 2013-06-30
        10        | LS1 1AA  | 2013-07-01 | 2013-10-04
        10        | CF10 1AA | 2013-10-05 | 2013-10-05
        10        | TR1 1AA  | 2013-10-06 | 2014-04-05
        20        | LS1 1AA  | 2013-04-06 | 2013-10-05
        20        | TR1 1AA  | 2013-10-06 | 2014-04-05
    """)
    regions = {
        row[0]: row[3]
        for row in rows(geography(engine, addresses, holders, extract_date=EXTRACT))
    }
    assert regions == {"A": "South West", "B": "Yorkshire and The Humber"}


@pytest.mark.parametrize(
    ("postcode", "region", "country"),
    [
        ("SY1 1AA", "West Midlands", "England"),  # the area
        ("SY23 1AA", "Wales", "Wales"),  # an outward code that differs from its area
        ("TD15 1AA", "North East", "England"),
        ("BT1 1AA", "Northern Ireland", "Northern Ireland"),
        ("JE2 3AB", None, "Abroad"),
        ("QQ1 1AA", None, "Unknown"),
    ],
)
def test_the_region_of_a_postcode_is_that_of_its_outward_code_or_area(
    engine, world, holders, rows, postcode, region, country
):
    addresses = world(f"""
        entity_id | postcode   | valid_from | valid_to:date
        20        | {postcode} | 2014-04-06 | -
    """)
    table = geography(engine, addresses, holders, extract_date=EXTRACT)
    ((_, year, _, found_region, _, found_country, _),) = rows(table)
    assert (year, found_region, found_country) == (201415, region, country)
    assert "postcode" not in table.columns

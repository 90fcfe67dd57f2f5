"""Each measure on a world small enough to count by eye."""

import math

import pytest

from synthetic.calibration.measures import measures, prepare
from synthetic.calibration.population import Measure, Population
from tests.synthetic.calibration_world import population_of

PERSONS = """
    person_id | family_id | kind           | birth_date | sex    | forename | surname | foreign_born:bool | twin_of_elder:bool
    1         | 1         | schooled       | 1996-03-01 | Female | Amy      | Hill    | false             | false
    2         | 1         | schooled       | 1996-03-01 | Female | Zoe      | Hill    | false             | true
    3         | 2         | schooled       | 1996-05-01 | Female | Amy      | Khan    | false             | false
    4         | 3         | private school | 1996-07-01 | Female | Amy      | Hill    | false             | false
    5         | 4         | schooled       | 1996-01-01 | Male   | Omar     | Khan    | true              | false
"""


@pytest.fixture
def estimates(engine, world):
    """What a group of measures gives in a world of the given tables."""

    def measure(about, **tables):
        population = population_of(engine, world, **tables)
        prepare(population)
        return population.measured(measures(about))

    return measure


def value(estimate):
    return pytest.approx(estimate, abs=1e-6)


def test_names_collide_as_often_as_pairs_share_one(estimates):
    results = estimates("people", truth_persons=PERSONS)
    # Of four women born here in 1996, three are Amy: 3 pairs of 6. The man was born
    # abroad.
    assert results["forename_collision.1996.female"].value == value(50)
    assert results["forename_collision.1996.female"].people == 4
    assert "forename_collision.1996.male" not in results
    # One of each family: Hill, Khan, Hill, so 1 pair of 3.
    assert results["surname_collision.all"].value == value(100 / 3)
    # Forename and surname of one sex and year: Amy Hill twice among four, 1 pair of 6.
    births = 618_000
    assert results["same_name_and_birth_date.as_borne"].value == pytest.approx(
        births**2 / 2 / 365.25 / 6, rel=1e-9
    )
    independent = 2 * (births / 2) ** 2 / 2 * 0.5 * (1 / 3) / 365.25
    assert results["same_name_and_birth_date.independent"].value == pytest.approx(
        independent, rel=1e-9
    )


def test_twins_and_numbers_are_counted_by_person(estimates):
    entities = """
        source | entity_key | person_id
        npd    | P1         | 1
        npd    | P1X        | 1
        npd    | P2         | 2
        cis    | N1         | 1
        cis    | N5         | 5
        cis    | N5X        | 5
    """
    persons = PERSONS.replace(
        "twin_of_elder:bool", "twin_of_elder:bool | nino_issued:date"
    )
    lines = persons.strip().splitlines()
    persons = "\n".join([lines[0], *(f"{line} | 2012-01-01" for line in lines[1:])])
    results = estimates("people", truth_persons=persons, truth_entities=entities)
    assert results["twins.all"].value == value(40)  # 2 of 5
    assert results["two_references.all"].value == value(50)
    assert results["two_numbers.born_here"].value == value(0)
    assert results["two_numbers.born_abroad"].value == value(100)
    assert results["first_of_january.born_abroad"].value == value(100)
    assert results["first_of_january.born_here"].value == value(0)


def test_a_move_counts_where_the_authority_is_another_a_year_on(estimates):
    persons = """
        person_id | kind     | birth_date | foreign_born:bool | departure_date:date | postcodes:list    | moved:date
        1         | schooled | 1995-01-01 | false             | -                   | AL1 1AA ; SW1A 1AA | 2014-01-01
        2         | schooled | 1995-01-01 | false             | -                   | AL1 1AA ; AL1 2AA  | 2014-01-01
        3         | schooled | 1995-01-01 | false             | -                   | AL1 1AA ; SW1A 1AA | 2016-01-01
        4         | schooled | 1995-01-01 | false             | -                   | EH1 1BB ; SW1A 1AA | 2014-01-01
    """
    results = estimates("people", truth_persons=persons)
    # The year runs from 18 and a half to 19 and a half: 1 moved to another authority, 2
    # within one, 3 later; 4 came from Scotland.
    assert (results["moved.19"].value, results["moved.19"].people) == (
        value(100 / 3),
        3,
    )
    assert results["moved.21"].value == value(100 / 4)


def test_ethnic_groups_are_shares_of_those_who_state_one(estimates):
    census = """
        PupilMatchingRefAnonymous | AcademicYear | EthnicGroupMinor
        P1 | 201516 | APKN
        P2 | 201516 | WBRI
        P2 | 201516 | WBRI
        P3 | 201516 | MWAS
        P4 | 201516 | REFU
        P1 | 201415 | AIND
    """
    entities = "source | entity_key | person_id\n" + "\n".join(
        f"npd | P{n} | {n}" for n in range(1, 5)
    )
    results = estimates(
        "people", truth_persons=PERSONS, truth_entities=entities, npd_census=census
    )
    assert {
        k: round(v.value, 4)
        for k, v in results.items()
        if k.startswith("ethnic.201516")
    } == {
        "ethnic.201516.Pakistani": 33.3333,
        "ethnic.201516.mixed": 33.3333,
        "ethnic.201516.white_or_other_Black": 33.3333,
    }
    assert {v.people for k, v in results.items() if k.startswith("ethnic")} == {3}


def test_surnames_joined_on_marriage_are_named_from_those_taken(estimates):
    persons = """
        person_id | surname | new_surname | new_surname_reason
        1         | Hill    | Hill-Khan   | marriage
        2         | Hill    | Khan        | marriage
        3         | Hill    | Hill-Moss   | deed poll
    """
    assert estimates("people", truth_persons=persons)[
        "hyphenated_on_marriage.all"
    ].value == value(50)


PUPILS = """
    PupilMatchingRefAnonymous | RECORDID | CensusDate | Forename | Surname   | DateOfBirth | Gender | Postcode
    P1 | 11 | 2009-01-15 | Old      | Old       | 1996-03-01 | F | AB1 1AA
    P1 | 12 | 2012-01-15 | Zoë Ann  | O'Hill    | 1996-03-01 | F | AB1 1AA
    P2 | 21 | 2012-01-15 | Amy      | Khan      | 1996-03-12 | F | AB1 1AA
    P3 | 31 | 2012-01-15 | Omar     | Moss      | 1996-03-04 | M | ZZ99 9ZZ
    P4 | 41 | 2012-01-15 | -        | Reed      | 1997-03-04 | M | AB1 2AA
"""
LEARNERS = """
    ULN | UKPRN | LearnRefNumber | RECORDID | LearnStartDate | GivenNames | FamilyName | DateOfBirth | Sex | Postcode
    1001       | 10 | A | 1 | 2014-09-01 | ZOE     | OHILL | 1996-03-01 | F | AB1 1AA
    1002       | 10 | B | 2 | 2014-09-01 | Khan    | Amy   | 1996-03-21 | F | AB1 1AB
    9999999999 | 10 | C | 3 | 2014-09-01 | Oscar X | Marsh | 1996-04-03 | M | AB1 1AA
    1004       | 10 | D | 4 | 2014-09-01 | Tom     | Reed  | 1996-03-04 | F | CD1 1AA
"""
ENTITIES = """
    source | entity_key | person_id
    npd | P1 | 1
    npd | P2 | 2
    npd | P3 | 3
    npd | P4 | 4
    ilr | 1001 | 1
    ilr | 1002 | 2
    ilr | 10\\u007cC | 3
    ilr | 1004 | 4
""".replace(
    "\\u007c", "\u2016"
)  # the bar parts the columns of a world; see calibration_world
SEXES = "person_id | sex\n1 | Female\n2 | Female\n3 | Male\n4 | Male"


def test_two_bodies_differ_field_by_field(estimates):
    results = estimates(
        "records",
        truth_persons=SEXES,
        truth_entities=ENTITIES,
        npd_census=PUPILS,
        ilr_learners=LEARNERS,
    )

    def share(name):
        return round(results[name].value, 3), results[name].people

    # The last census record counts. 1 agrees in all; 2 has the names exchanged; 3 has
    # another forename and surname; 4 is without a forename in one.
    assert share("forename_differs.npd_ilr.all") == (66.667, 3)
    assert share("surname_differs.npd_ilr.all") == (50.0, 4)
    assert share("surname_differs.npd_ilr.men") == (50.0, 2)
    assert share("names_swapped.npd_ilr.all") == (33.333, 3)
    assert share("both_names_differ.npd_ilr.all") == (66.667, 3)
    assert results["both_names_differ_ratio.npd_ilr.all"].value == value(
        (2 / 3) / (2 / 3) ** 2
    )
    assert share("forename_shares_two_letters.npd_ilr.all") == (
        0.0,
        1,
    )  # OMAR and OSCAR; the exchange is left out
    assert share("surname_shares_two_letters.npd_ilr.all") == (0.0, 1)  # MOSS and MARSH
    assert share("sex_differs.npd_ilr.all") == (25.0, 4)
    assert share("postcode_differs.npd_ilr.all") == (66.667, 3)  # one is no place
    assert share("postcode_same_sector.npd_ilr.all") == (33.333, 3)
    assert share("postcode_unknown.npd") == (25.0, 4)
    assert share("forename_unknown.npd") == (25.0, 4)
    assert share("forename_unknown.where_required") == (25.0, 4)


def test_addresses_are_compared_of_one_day(estimates):
    customers = """
        NINO | Postcode | StartDate:date | EndDate:date
        N1   | CD11AA   | 2012-01-01     | 2014-08-31
        N1   | AB11AA   | 2014-09-01     | -
        N2   | AB11AA   | 2012-01-01     | -
        N3   | -        | 2012-01-01     | -
        N4   | CD11AA   | 2014-09-02     | -
    """
    entities = ENTITIES + "\n".join(f"cis | N{n} | {n}" for n in range(1, 5))
    results = estimates(
        "records",
        truth_persons=SEXES,
        truth_entities=entities,
        ilr_learners=LEARNERS,
        cis_customers=customers,
    )
    # 1 September 2014: 1 had just told DWP, 2 lives elsewhere, DWP has no address of 3
    # and did not know 4 yet.
    that_day = results["postcode_differs_that_day.learners_and_students"]
    assert (that_day.value, that_day.people) == (value(50), 2)


def test_birth_dates_differ_in_parts(estimates):
    results = estimates(
        "records",
        truth_persons=SEXES,
        truth_entities=ENTITIES,
        npd_census=PUPILS,
        ilr_learners=LEARNERS,
    )
    shares_of = {
        name.split(".")[0]: round(e.value, 3)
        for name, e in results.items()
        if ".npd_ilr.all" in name
    }
    assert shares_of["dob_differs"] == 75.0
    # 12 and 21 of March: digits turned; 4 March and 3 April: day and month exchanged;
    # 1996 and 1997: one year.
    assert shares_of["dob_one_part"] == 66.667
    assert shares_of["dob_day_alone"] == 33.333
    assert shares_of["dob_month_alone"] == 0.0
    assert shares_of["dob_year_alone"] == 33.333
    assert shares_of["dob_off_by_one"] == 33.333
    assert shares_of["dob_digits_turned"] == 33.333
    assert shares_of["dob_day_and_month_exchanged"] == 33.333


def test_any_two_records_may_agree(estimates):
    customers = """
        NINO | Forenames  | Surname | DateOfBirth | Sex | Postcode
        N1   | ZOE MAY    | OHILL   | 1996-03-01  | F   | CD11AA
        N1   | ZOE MAY    | OHILL   | 1996-03-01  | F   | AB11AA
        N2   | AMY        | KHAN    | 1996-03-12  | F   | CD11AA
        N3   | OMARI      | MOSS    | 1996-03-04  | M   | ZZ999ZZ
    """
    entities = ENTITIES + "\n".join(f"cis | N{n} | {n}" for n in range(1, 4))
    results = estimates(
        "records", truth_entities=entities, npd_census=PUPILS, cis_customers=customers
    )
    # 4 has no customer record. 1 agrees in one of two; 2 never lived there; 3 agrees in
    # four letters.
    assert (
        results["exact.five_fields"].value,
        results["exact.five_fields"].people,
    ) == (value(100 / 3), 3)
    assert results["exact.four_letters"].value == value(100 / 3)


def test_higher_education_by_19_is_four_years_after_key_stage_4(estimates):
    persons = (
        "person_id | kind | fsm:bool\n1 | schooled | true\n2 | schooled | "
        "true\n3 | private school | false"
    )
    ks4 = "PupilMatchingRefAnonymous | ACADYR\nP1 | 200102\nP2 | 200102\nP3 | 200102"
    students = """
        HUSID | AcademicYear | XLEV601:text
        H1    | 200506       | 4
        H2    | 200607       | 4
        H2    | 200405       | 6
    """
    entities = ENTITIES + "hesa | H1 | 1\nhesa | H2 | 2"
    results = estimates(
        "outcomes",
        truth_persons=persons,
        truth_entities=entities,
        npd_ks4=ks4,
        hesa_students=students,
    )
    assert {
        k: (v.value, v.people) for k, v in results.items() if k.startswith("he")
    } == {"he_by_19.2005_06.free_school_meals": (50.0, 2)}


def test_a_job_is_kept_that_is_held_a_year_on(estimates):
    persons = "person_id | birth_date\n1 | 1990-01-01\n2 | 1980-01-01"
    employment = """
        NINO | EmployerRef | StartDate:date | EndDate:date
        N1   | E1          | 2010-01-01     | 2010-12-31
        N1   | E2          | 2010-09-01     | -
        N2   | E1          | -              | 2010-10-02
    """
    entities = "source | entity_key | person_id\ncis | N1 | 1\ncis | N2 | 2"
    results = estimates(
        "outcomes",
        truth_persons=persons,
        truth_entities=entities,
        hmrc_employment=employment,
    )
    # On 1 October 2010 person 1 has two jobs at 20 and keeps one; E2 is held in 2012
    # (22) and 2014 (24) as well. Person
    # 2's job is dated from its end.
    assert (
        results["same_employer_after_a_year.18_to_24"].value,
        results["same_employer_after_a_year.18_to_24"].people,
    ) == (
        75,
        4,
    )
    assert results["same_employer_after_a_year.25_to_34"].people == 3


def test_a_number_is_given_or_not_by_programme(estimates):
    learners = """
        ULN  | UKPRN | LearnRefNumber | Year   | NINumber
        1001 | 10    | A              | 201415 | AB123456C
        1002 | 10    | B              | 201415 | -
        1004 | 10    | D              | 201415 | -
    """
    aims = """
        ULN  | UKPRN | LearnRefNumber | Year   | FundModel:text
        1001 | 10    | A              | 201415 | 36
        1001 | 10    | A              | 201415 | 35
        1002 | 10    | B              | 201415 | 10
        1004 | 10    | D              | 201415 | 25
    """
    results = estimates(
        "people",
        truth_entities=ENTITIES + "cis | N1 | 1",
        ilr_learners=learners,
        ilr_aims=aims,
        hesa_students="HUSID | NINO:text\nH1 | -",
    )
    assert results["nino_given.apprentices"].value == value(100)
    assert results["nino_given.community_learners"].value == value(0)
    assert results["learners_without_number.all"].value == value(75)
    assert results["learners_without_number.all"].people == 4


GRADUATES = {
    "truth_entities": """
        source | entity_key | person_id
        hesa | H1 | 1
        hesa | H2 | 2
        hesa | H3 | 3
        hesa | H4 | 4
        cis | N1 | 1
        cis | N2 | 2
        cis | N3 | 3
    """,
    "hesa_students": """
        HUSID | AcademicYear | XLEV601:text | XMODE01:text | XDOMGR01:text
        H1 | 201213 | 4 | 1 | E12000001
        H2 | 201213 | 4 | 1 | E12000001
        H2 | 201314 | 2 | 1 | E12000001
        H3 | 201213 | 4 | 1 | -
        H4 | 201213 | 4 | 1 | E12000001
    """,
    "hesa_qualifications": """
        HUSID | AcademicYear | XLEV601:text
        H1 | 201213 | 4
        H2 | 201213 | 4
        H3 | 201213 | 4
        H4 | 201213 | 4
    """,
    "hmrc_employment": """
        NINO | EmployerRef | StartDate:date | EndDate:date
        N1 | E1 | 2014-04-06 | 2015-02-13
        N1 | E2 | 2015-02-01 | 2015-02-28
        N2 | E1 | 2014-04-06 | -
    """,
    "hmrc_earnings": """
        NINO | TaxYear | EmployerRef | Section | Earnings
        N1 | 201415 | E1 | Q | 18000
        N1 | 201415 | E1 | Q | 18000
        N1 | 201415 | E2 | G | 1740
        N2 | 201415 | E1 | P | 30000
        N2 | 201617 | E1 | P | 30000
    """,
    "hmrc_self_assessment": "NINO | TaxYear | EARNINGS_PTR | EARNINGS_SOLE\nN1 | "
    "201415 | 0 | 500",
}


def test_graduates_are_found_paid_and_placed(estimates):
    results = estimates("outcomes", **GRADUATES)
    # 3 lived overseas; of the other three, 4 has no number.
    estimate = results["graduates_without_number.2012_13"]
    assert (estimate.value, estimate.people) == (value(100 / 3), 3)
    # 1 was paid 19,740 over 329 days (6 April to 28 February, a day in two jobs once),
    # so 60 a day and 21,900 a year, and 500 of profit. 2 studied the year before.
    assert results["graduate_median.1.2014_15"].value == value(22_400)
    assert results["graduate_median.1.2014_15"].people == 1
    # Only 2 is seen both one and three years on.
    assert results["section.1.P"].value == value(100)
    assert results["same_section.1_to_3"].value == value(100)
    assert "section.1.Q" not in results


def estimate_of(engine, world, kind, rows):
    population = Population(engine, {"truth_rows": world(rows)})
    return population.measured([Measure(kind, "select * from {rows}")])["a"]


def test_the_error_of_a_share_counts_whole_clusters(engine, world):
    rows = (
        "id | cluster | hits | members\na | 1 | 1 | 1\na | 1 | 1 | 1\na | 2 | 0 | "
        "1\na | 2 | 0 | 1"
    )
    result = estimate_of(engine, world, "clustered share", rows)
    # Two clusters of two, each alike: the deviations from a half are +1 and -1.
    assert (result.value, result.people) == (50, 4)
    assert result.standard_error == value(100 * math.sqrt(2) / 4)


def test_a_share_that_nobody_has_is_not_certain(engine, world):
    result = estimate_of(engine, world, "share", "id | hits | members\na | 0 | 100")
    assert result.value == 0
    assert result.standard_error == value(100 * math.sqrt(2 * 102) / 104 / 10)


def test_the_error_of_a_median_is_half_the_distance_of_its_neighbours(engine, world):
    result = estimate_of(
        engine,
        world,
        "median",
        "id | amount\n" + "\n".join(f"a | {n}" for n in range(1, 101)),
    )
    assert (result.value, result.people) == (50.5, 100)
    assert result.standard_error == value((55 - 45) / 2)

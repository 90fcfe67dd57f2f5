"""A file of definitions is refused whole, with every fault and what is allowed."""

import pytest

from linkage import catalogue
from linkage.errors import ConfigError
from linkage.longitudinal import load_definitions

TEXT = """
[benefits]
out_of_work = ["JSA"]
other = ["DLA"]

[[definition]]
name = "own"
why = "a test"
cohort_type = "ks4"
years_after = [1]
period = "tax"
first_year = 1
cohort = { table = "npd_ks4", year = "ACADYR" }
employment = { months = [10, 11, 12, 1], at_least = 3, self_assessment = false }
out_of_work_benefits = { months = [4], at_least = 1 }
activity = [{ name = "work", all = ["sustained_employment"] }, { name = "rest" }]
"""


def test_the_shipped_definitions_are_valid_and_have_three_cohorts(definitions):
    assert [d.cohort_type for d in definitions.definition] == [
        "graduation",
        "ks4",
        "fe",
    ]
    assert all(d.years_after == (1, 3, 5, 10) for d in definitions.definition)


def test_every_kind_of_benefit_is_in_a_group(definitions):
    frame = catalogue.shipped().frames["benefit_type"]
    assert {*definitions.benefits.out_of_work, *definitions.benefits.other} == set(
        frame
    )


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("at_least = 3", "at_leest = 3", "nearest: at_least"),
        ("at_least = 3", "at_least = 5", "can never be met in 4 months"),
        ("[10, 11, 12, 1]", "[10, 12, 1]", "write calendar months in order"),
        ("[4]", "[3, 4]", "do not lie in one tax year"),
        (
            'all = ["sustained_employment"]',
            'all = ["sustained_work"]',
            "no condition 'sustained_work'; there are",
        ),
        (
            '{ name = "rest" }',
            '{ name = "rest", all = ["matched"] }',
            "the last activity takes all who are left",
        ),
        ('other = ["DLA"]', 'other = ["JSA"]', "out_of_work and other both name it"),
        ('"npd_ks4"', '"npd_ks9"', "the catalogue has no table 'npd_ks9'"),
        ('"ACADYR"', '"YEAR"', "'npd_ks4' has no column 'YEAR'"),
        ("years_after = [1]", "years_after = [0]", "greater than or equal to 1"),
    ],
)
def test_a_fault_says_what_is_allowed(write_toml, old, new, fault):
    assert old in TEXT
    path = write_toml(TEXT.replace(old, new))
    with pytest.raises(ConfigError, match=r"own\.toml") as error:
        load_definitions(path, catalogue.shipped())
    assert fault in str(error.value)


def test_a_file_without_a_definition_is_named(write_toml):
    with pytest.raises(ConfigError, match=r"own\.toml: no \[\[definition\]\]") as error:
        load_definitions(
            write_toml(TEXT.partition("[[definition]]")[0]), catalogue.shipped()
        )
    assert "longitudinal = false" in str(error.value)


def test_study_with_a_least_duration_needs_its_dates(write_toml):
    duration = "lasting = { months = [10], at_least = 1 }"
    study = (
        f'study = [{{ name = "college", table = "ilr_aims", year = "Year", '
        f"{duration} }}]\nactivity"
    )
    with pytest.raises(ConfigError, match="lasting needs the column of the start"):
        load_definitions(
            write_toml(TEXT.replace("activity", study, 1)), catalogue.shipped()
        )


def test_a_missing_file_and_broken_toml_are_named(write_toml, tmp_path):
    with pytest.raises(ConfigError, match="no such file"):
        load_definitions(tmp_path / "none.toml", catalogue.shipped())
    with pytest.raises(ConfigError, match="not TOML"):
        load_definitions(write_toml("[benefits"), catalogue.shipped())

"""Packages are derived from the catalogue: each variable in one of them, with the
variables that its rows need.
"""

from pathlib import Path

import pytest

from linkage.catalogue import Catalogue, load, shipped
from linkage.catalogue.holdings import holdings, names_a_person
from linkage.catalogue.packages import load_packages
from linkage.catalogue.years import Years
from linkage.errors import ConfigError
from tests.requests.world import CATALOGUE


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    (tmp_path / "npd.toml").write_text(CATALOGUE)
    return load(tmp_path)


PACKAGES = """
source = "A rule book"
[[phase]]
name = "early"
title = "Early"
ages = [2, 3]
[[phase]]
name = "secondary"
title = "Secondary"
year_groups = ["7", "8"]
[[row]]
table = "npd.census"
column = "Group"
by = "year_groups"
[[row]]
table = "npd.ks4"
phase = "secondary"
[[package]]
name = "sensitive"
title = "Sensitive"
take = { datasets = ["npd"], sensitivity = ["A", "B"] }
carry = { concepts = ["time", "institution"], sensitivity = ["E"] }
[[package]]
name = "attainment"
title = "Attainment"
take = { tables = ["npd.ks4", "npd.ks2"] }
carry = { concepts = ["time"] }
[[package.prior]]
phase = "secondary"
table = "npd.ks2"
years_before = 5
[[package]]
name = "rest"
title = "The rest"
take = { datasets = ["npd"] }
carry = { concepts = ["time", "institution"], sensitivity = ["E"] }
"""


def pack(
    catalogue: Catalogue, folder: Path, text: str = PACKAGES
) -> dict[str, dict[str, list[tuple[str, list[str]]]]]:
    """Package to phase to its tables and their columns."""
    (folder / "packages").mkdir()
    (folder / "packages" / "npd.toml").write_text(text)
    return {
        name: {
            phase: [
                (part.holding.name, [v.name for v in part.variables]) for part in parts
            ]
            for phase, parts in package.parts.items()
        }
        for name, package in load_packages(catalogue, folder / "packages").items()
    }


def test_each_variable_goes_to_the_first_package_that_takes_it(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    ks2 = ("npd.ks2", ["ACADYR", "Reading"])
    assert pack(catalogue, tmp_path) == {
        "sensitive": {"secondary": [("npd.census", ["Year", "URN", "Need"])]},
        "attainment": {
            "early": [ks2],  # no rule gives its phase, so every phase has it
            "secondary": [("npd.ks4", ["ACADYR", "Grade"]), ks2, ks2],
        },
        "rest": {"secondary": [("npd.census", ["Year", "URN", "Group", "Sex"])]},
    }


def test_prior_attainment_is_of_earlier_years_as_far_as_they_are_held(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    pack(catalogue, tmp_path)
    prior = load_packages(catalogue, tmp_path / "packages")["attainment"].parts[
        "secondary"
    ][-1]
    assert str(prior.years(Years.parse("2012/13-2015/16"))) == "2007/08-2010/11"
    assert (
        str(prior.years(Years.parse("2008/09-2012/13"))) == "2005/06-2007/08"
    )  # held from 2005/06
    assert prior.years(Years.parse("2001/02")) is None


def test_a_phase_is_a_condition_on_rows(catalogue: Catalogue, tmp_path: Path) -> None:
    pack(catalogue, tmp_path)
    condition = (
        load_packages(catalogue, tmp_path / "packages")["rest"]
        .parts["secondary"][0]
        .only
    )
    assert condition is not None
    assert (condition.column, condition.values) == ("Group", ("7", "8"))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'table = "npd.census"\ncolumn',
            'table = "npd.censu"\ncolumn',
            "row: no table 'npd.censu'",
        ),
        ('column = "Group"', 'column = "Grop"', "row npd.census: no variable 'Grop'"),
        (
            'phase = "secondary"\n[[package]]',
            'phase = "second"\n[[package]]',
            "row npd.ks4: no phase 'second'",
        ),
        (
            'concepts = ["time"] }',
            'concepts = ["tome"] }',
            "package attainment: no concept 'tome'",
        ),
        (
            'take = { datasets = ["npd"] }',
            'take = { dataset = ["npd"] }',
            "no such key; nearest: datasets",
        ),
        (
            '["npd.ks4", "npd.ks2"]',
            '["npd.ks4"], concepts = ["time"], sensitivity = ["C"]',
            "attainment takes no variable",
        ),
    ],
)
def test_faults_of_packages_are_named(
    catalogue: Catalogue, tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in PACKAGES
    with pytest.raises(ConfigError, match="the data packages have faults") as error:
        pack(catalogue, tmp_path, PACKAGES.replace(old, new))
    assert message in str(error.value)


def test_the_shipped_packages_divide_the_pupil_database_and_leo_tables() -> None:
    """Five concepts, and each variable that may leave is in exactly one of them, but
    for year and body.
    """
    catalogue = shipped()
    packages = load_packages(catalogue)
    assert [name for name, package in packages.items() if package.phases] == [
        *("cin-cla", "sensitive", "absence-exclusion", "attainment", "demographics")
    ]
    shared_concepts = {"time", "institution"}
    for dataset, names in (
        ("npd", [n for n in packages if packages[n].phases]),
        ("leo", [n for n in packages if not packages[n].phases]),
    ):
        variables_in_packages = [
            (holding.name, variable.name)
            for name in names
            for holding, variable in packages[name].variables()
            if dataset == "leo"
            or variable.concept not in shared_concepts
            or variable.sensitivity not in ("D", "E")
        ]
        assert len(variables_in_packages) == len(set(variables_in_packages))
        variables_allowed = {
            (holding.name, variable.name)
            for holding in holdings(catalogue).values()
            if holding.dataset == dataset
            and not holding.name.startswith(("leo.lookup", "leo.person"))
            for variable in holding.definition.variable
            if not names_a_person(variable)
            and (
                dataset == "leo"
                or variable.concept not in shared_concepts
                or variable.sensitivity not in ("D", "E")
            )
        }
        assert set(variables_in_packages) == variables_allowed


def test_variables_that_are_not_held_are_in_no_package() -> None:
    tables = holdings(shipped())
    for package in load_packages(shipped()).values():
        for holding, variable in package.variables():
            assert variable.name in tables[holding.name].definition.variables

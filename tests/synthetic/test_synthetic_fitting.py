"""Tables of odds reach the figures they are fitted to."""

import csv

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synthetic.education.traits import Traits
from synthetic.fitting.activity import fit_cut
from synthetic.fitting.earnings import fit_medians
from synthetic.fitting.education import _implied
from synthetic.fitting.margins import Design, fit, softmax
from synthetic.fitting.tables import write_table
from synthetic.fitting.targets import ACTIVITIES, Target, activity_targets, earnings_targets

PEOPLE = 4000
SEX = np.arange(PEOPLE) % 2
SCHOOL = (np.arange(PEOPLE) % 10 == 0).astype(int)


@pytest.fixture
def design():
    names = {"sex": ("M", "F"), "school": ("state", "independent"), "qualified": tuple(
        f"{what} {sex}" for what in ("level 2 or less", "level 3", "graduate") for sex in "MF")}  # fmt: skip
    return Design(Traits({"sex": SEX, "school": SCHOOL, "qualified": QUALIFIED * 2 + SEX}, names))


QUALIFIED = np.arange(PEOPLE) // 7 % 3
ALL = (0, 1, 2)


def test_cuts_of_a_deviate_make_the_shares_wanted(design):
    targets = [Target("sex", (s,), ALL, 1, np.zeros(1)) for s in "MF"] + [Target("", (), (2,), 1, np.zeros(1))]
    open_to = np.arange(PEOPLE) % 5 > 0
    already = np.arange(PEOPLE) % 5 == 0
    wanted = np.array([0.30, 0.40, 0.25])
    found = fit_cut(design, targets, QUALIFIED, wanted, open_to & ~already, already, ridge=1e-4)
    from scipy.special import ndtr

    below = np.where(open_to, ndtr(design.matrix @ found[:, 0]), 0) + already
    assert [below[s == SEX].mean() for s in (0, 1)] == pytest.approx([0.30, 0.40], abs=0.002)
    assert below[QUALIFIED == 2].mean() == pytest.approx(0.25, abs=0.002)


def test_odds_of_several_outcomes_make_the_shares_wanted(design):
    members = design.members([Target("sex", (s,), ALL, 1, np.zeros(1)) for s in "MF"], None)
    wanted = np.array([[0.5, 0.3, 0.2], [0.2, 0.3, 0.5]])

    def loss(shares):
        miss = (members @ shares - wanted) * 100
        return float((miss**2).sum()), members.T @ (2 * miss * 100)

    barred = np.zeros((PEOPLE, 3))
    barred[::4, 2] = -np.inf
    found = fit(design, barred, loss, ridge=1e-4)
    assert members @ softmax(design.matrix @ found + barred) == pytest.approx(wanted, abs=0.002)


def test_medians_come_out_as_wanted_by_sex_within_qualification(design):
    spread = np.tile(np.linspace(-1, 2, PEOPLE // 10), 10)
    wanted = {
        ("M", 2): 35_000,
        ("F", 2): 27_000,
        ("M", 0): 20_000,
        ("F", 0): 15_000,
        ("M", 1): 25_000,
        ("F", 1): 18_000,
    }
    targets = [Target("sex", (s,), (q,), 1, np.array([pay])) for (s, q), pay in wanted.items()]
    found = fit_medians(design, targets, 1, QUALIFIED, spread)
    pay = np.exp(design.matrix @ found[:, 0] + spread)
    for (sex, q), median in wanted.items():
        rows = ("MF".index(sex) == SEX) & (q == QUALIFIED)
        assert np.median(pay[rows]) == pytest.approx(median, rel=0.01)


def test_levels_of_state_schools_leave_private_schools_out(design):
    names = {**design.person.names, "meals": ("no", "yes")}
    person = Traits({**design.person.codes, "meals": np.zeros(PEOPLE, int)}, names)
    members = Design(person).members([Target("meals", ("no",), ALL, 1, np.zeros(1))], None)
    assert members @ SCHOOL == pytest.approx([0])
    assert members @ np.ones(PEOPLE) == pytest.approx([1])


def test_the_share_of_one_group_follows_from_what_all_and_both_groups_do():
    one, rest = np.array([[80.0, 60.0], [20.0, 40.0]]), np.array([[40.0, 50.0], [60.0, 50.0]])
    parts = [Target("", (), ALL, 1, values) for values in (0.3 * one + 0.7 * rest, one, rest)]
    assert _implied(*parts) == pytest.approx(0.3)
    assert _implied(parts[0], None, parts[2]) is None


def test_published_rows_are_known_by_trait_and_group(tmp_path):
    rows = [
        ("National", "All", "National Average"),
        ("Grads", "Gender", "Graduates | Female"),
        ("National", "SEN status", "x"),
    ]
    columns = {name: [] for name in ("population", "characteristic", "level", "years_after_ks4", "activity", "value")}
    for row in rows:
        for activity in ACTIVITIES:
            for name, value in zip(columns, (*row, 1, activity, 12.5), strict=True):
                columns[name].append(value)
    pq.write_table(pa.table(columns), tmp_path / "main_activity_by_years_after_ks4.parquet")
    got = activity_targets(tmp_path)
    assert [(t.trait, t.levels, t.qualified) for t in got] == [("", (), ALL), ("sex", ("F",), (2,))]
    assert got[0].values[:, 0].tolist() == [12.5] * 8
    assert np.isnan(got[0].values[:, 1]).all()
    (tmp_path / "average_earnings_by_years_after_ks4.csv").write_text(
        "population,characteristic,level,years_after_ks4,value\nNon-grads,Gender,Male | Achieving level 3 or above,2,9455\n"
    )
    (only,) = earnings_targets(tmp_path)
    assert (only.trait, only.levels, only.qualified, only.values[1]) == ("sex", ("M",), (1,), 9455)


def test_a_table_is_written_with_a_row_a_level(tmp_path, design):
    coefficients = np.zeros((len(design.columns), 2))
    coefficients[0] = [1.23456, -2]
    write_table(tmp_path / "t.csv", design, ("a", "b"), coefficients)
    written = list(csv.reader((tmp_path / "t.csv").open()))
    assert written[:3] == [["trait", "level", "a", "b"], ["everyone", "", "1.235", "-2"], ["sex", "M", "0", "0"]]
    assert len(written) == 1 + len(design.columns)

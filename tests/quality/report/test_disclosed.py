"""Small counts that pages could disclose."""

import copy
from typing import Any

import pytest

from linkage.catalogue import shipped
from quality.dashboard.figures import Figure as Row
from quality.dashboard.figures import change
from quality.disclosure import Cell, Disclosure, load
from quality.intervals import wilson
from quality.measures.drift import by_chance, compared, drift
from quality.report.names import Names
from quality.report.page import Figure, Fold, Section, Table
from quality.report.released import Publication
from quality.report.released import release as released
from quality.report.sections.coverage import completeness_section, source_rows
from quality.report.sections.data import contracts_section
from quality.report.sections.drift import drift_section
from quality.report.sections.error import review_section
from quality.report.sections.implausible import implausible_section

words = Names(shipped()).words


def of(evaluation: dict[str, Any], d: Disclosure, **facts: Any) -> Publication:
    return Publication(evaluation, **facts, names=Names(shipped()), d=d)


@pytest.fixture
def d() -> Disclosure:
    return Disclosure(load("leo_publication"))


def texts(table: Table) -> list[list[str]]:
    return [
        [cell.text if isinstance(cell, Cell) else cell for cell in row]
        for row in table.rows
    ]


def blocks(section: Section | None, block_type: type[Any] = Table) -> list[Any]:
    """The blocks of a section that are of a kind."""
    assert section is not None
    return [block for block in section.blocks if isinstance(block, block_type)]


def contradictions(
    *rules: tuple[str, int, int], people: int, implausible: int
) -> dict[str, Any]:
    """An evaluation of rules (name, people at risk, people who show it)."""
    rule_rows = [
        {
            "rule": name,
            "why": "-",
            "people_at_risk": of,
            "people": n,
            "share": wilson(n, of),
            "confirmed": None,
            "background": wilson(1, of),
        }
        for name, of, n in rules
    ]
    whole = {
        "people": people,
        "implausible": implausible,
        "share": wilson(implausible, people),
    }
    step = {
        "step": "npd-cis",
        "left": "npd",
        "right": "cis",
        "method": "",
        "implausible": {"links": 50, "implausible": 1, "share": wilson(1, 50)},
    }
    return {
        "steps": [step],
        "spine": {"implausible": {**whole, "confirmed": None, "rules": rule_rows}},
    }


def implausible_tables(
    evaluation: dict[str, Any], d: Disclosure
) -> tuple[Figure, Table, Table]:
    section = implausible_section(of(evaluation, d))
    (figure,), (by_step,) = blocks(section, Figure), blocks(section)
    return figure, figure.table, by_step


def test_a_contradiction_of_few_people_is_a_small_count(d: Disclosure) -> None:
    rules = (
        ("one", 50, 1),
        ("nobody", 60, 0),
        ("all but one", 50, 49),
        ("some", 100, 20),
    )
    figure, table, by_step = implausible_tables(
        contradictions(*rules, people=1000, implausible=65), d
    )
    # Of the share of any rule, 65, those shown take 20 at most: 45 are left for the
    # others.
    assert [row[1:6] for row in texts(table)] == [
        ["50", "c", "c", "c", "c"],
        ["60", "0.0", "0.0", "6.0", "c"],
        ["50", "c", "c", "c", "c"],
        ["100", "20.0", "13.3", "28.9", "c"],
    ]
    assert texts(by_step) == [["NPD to CIS", "c", "c", "c"]]
    assert figure.summary.startswith("6.5%")


def test_all_rules_together_do_not_disclose_one_rule(d: Disclosure) -> None:
    rules = (("some", 100, 20), ("few", 100, 3))
    figure, _, _ = implausible_tables(
        contradictions(*rules, people=1000, implausible=23), d
    )
    assert "%" not in figure.summary


def test_a_rare_share_has_as_many_digits_as_disclose_no_count(d: Disclosure) -> None:
    assert (
        d.percent(40, 99_999, rare=True).text == "low"
    )  # a step of 0.01 % stands for fewer than ten
    assert d.percent(40, 100_000, rare=True).text == "0.04"
    assert d.percent(40, 100_000).text == "low"


def test_an_interval_discloses_no_more_than_the_figures_beside_it(
    d: Disclosure,
) -> None:
    """Of 48 of 98 and of 49 of 100 the rounded figures are the same, and so are the
    bounds.
    """
    first, second = (
        (d.percent(n, of), d.rounded(of)) for n, of in ((48, 98), (49, 100))
    )
    assert first == second == (Cell("49.0", 49.0), Cell("100", 100.0))
    assert [cell.text for cell in d.sampled(*first)] == ["39.4", "58.7"]
    assert [cell.mark for cell in d.sampled(d.percent(3, 50), d.rounded(50))] == [
        "suppressed"
    ] * 2


def test_figures_calculated_from_a_hidden_figure_are_hidden(d: Disclosure) -> None:
    """3 of 50 is hidden, 0 of 0 has no share, 20 of 99,999 is low: their intervals have
    the marks for it.
    """
    shares = (
        (d.percent(3, 50), d.rounded(50)),
        (d.percent(0, 0), d.rounded(0)),
        (d.percent(20, 99_999), d.rounded(99_999)),
    )
    assert [[cell.text for cell in d.sampled(*cells)] for cells in shares] == [
        ["c", "c"],
        ["z", "z"],
        ["x", "x"],
    ]
    row = Row(
        ("a to b", "Matched"),
        [d.percent(25, 50), d.percent(3, 50), d.marked("not_applicable")],
    )
    assert [
        change(row, places, 1, d).text for places in ((0, 0), (0, 1), (1, 2), (0, 2))
    ] == ["0.0", "c", "c", "z"]


def review_of(links: int, other_pairs: int) -> dict[str, Any]:
    """A review of 400 links, of which 34 were made by a rule and two of those were
    reviewed.
    """
    share = {"of": 400, "count": 396.0, "value": 0.99, "low": 0.98, "high": 1.0}
    readings = dict.fromkeys(("low", "middle", "high"), share)
    strata = [
        {"accepted": True, "pairs": 400, "reviewed": links},
        {"accepted": False, "pairs": 30, "reviewed": other_pairs},
    ]
    by_pass = [
        {"made_by": "rule 1", "reviewed": links - 2, "precision": share},
        {
            "made_by": "rule 2",
            "reviewed": 2,
            "precision": {"of": 34, "count": 34, "value": 1.0, "low": 0.9, "high": 1.0},
        },
    ]
    return {
        "step": "npd-cis",
        "reviewed": links + other_pairs,
        "uncertain": 0,
        "unseen": [],
        "by_pass": by_pass,
        "strata": strata,
        "precision": readings,
        "recall": readings,
        "f1": readings,
    }


def test_a_review_is_shown_where_enough_pairs_were_reviewed(d: Disclosure) -> None:
    evaluation = {"steps": [{"step": "npd-cis", "left": "npd", "right": "cis"}]}
    section = review_section(of(evaluation, d, reviews=[review_of(20, 9)]))
    (figure, *_), (by_pass, *_) = blocks(section, Figure), blocks(section)
    assert texts(figure.table)[0][2:] == ["30", "99.00", "98.00", "100.00", *["c"] * 6]
    assert [line[1:] for line in texts(by_pass)] == [
        ["Rule 1", "20", "99.00", "98.00", "100.00"],
        ["Rule 2", "c", "c", "c", "c"],
    ]


def release(*groups: tuple[str, int, int]) -> dict[str, Any]:
    """An evaluation of a step with groups of the left side by sex: label, linked,
    eligible.
    """
    rows = [
        {"group": n, "label": n, "linked": linked, "eligible": of, "all": of}
        for n, linked, of in groups
    ]
    rate = {
        "side": "left",
        "characteristic": "sex",
        "title": "Sex",
        "is_partition": True,
        "groups": rows,
    }
    total = {
        "side": "left",
        **{key: sum(row[key] for row in rows) for key in ("linked", "eligible", "all")},
    }
    step = {
        "step": "npd-cis",
        "left": "npd",
        "right": "cis",
        "eligible": False,
        "totals": [total],
        "rates": [rate],
        "reasons": [],
        "weights": [],
        "parameters": None,
        "passes": [],
        "sides": [],
    }
    return {"steps": [step], "sources": [], "spine": None}


def test_a_comparison_of_releases_hides_the_figures_hidden_in_their_reports(
    d: Disclosure,
) -> None:
    """The five of unknown sex without a link are few, and are hidden; men guard them in
    the first, women in the second.
    """
    before = release(("F", 900, 1000), ("M", 850, 1000), ("U", 995, 1000))
    after = release(("F", 850, 1000), ("M", 900, 1000), ("U", 995, 1000))
    hidden_labels = [
        {
            group.label
            for group in released(one, d).steps["npd-cis"].left.characteristics[0][2]
            if group.rate.value is None
        }
        for one in (before, after)
    ]
    assert all(len(labels) == 2 and "U" in labels for labels in hidden_labels)
    tables = blocks(drift_section(of(after, d, drift=drift(before, after))))
    (table,) = [table for table in tables if table.caption.startswith("Link rates")]
    cells = {row[1].removeprefix("Sex: "): row[2:] for row in texts(table)}
    for place, labels in enumerate(hidden_labels):
        assert {
            label for label in ("F", "M", "U") if cells[label][place] == "c"
        } == labels
    assert all(cells[label][2:] == ["c"] * 3 for label in set().union(*hidden_labels))
    assert cells["All: All"] == ["91.5", "91.5", "0.0", "−1.4", "+1.4"]
    # A changed evaluation has no report that shows what it hides; an earlier version
    # stored none.
    evaluation = copy.deepcopy(before)
    evaluation["steps"][0]["totals"][0]["linked"] += 1
    for changes in (drift(evaluation, after), {"parameters": []}):
        assert blocks(drift_section(of(after, d, drift=changes))) == []


def test_profiles_that_hide_no_count_hide_shares_of_few() -> None:
    hesa = Disclosure(load("hesa"))  # no percentage of fewer than 22.5
    assert [
        hesa.accuracy(wilson(n, of)).text
        for n, of in ((3, 7), (1, 2), (11, 22), (12, 24))
    ] == [
        "..",
        "..",
        "..",
        "50.00",
    ]
    assert hesa.percent(3, 7).text == ".."
    assert [cell.text for cell in hesa.interval(wilson(3, 7))] == ["..", ".."]


def test_an_index_that_chance_reaches_has_no_verdict() -> None:
    """Of 108 links in 7 bins chance reaches (1/108 + 1/108) x 12.592, the 95 % quantile
    of chi-square of 6 degrees.
    """
    before = [16, 16, 16, 15, 15, 15, 15]
    after = [26, 8, 24, 10, 15, 15, 10]
    assert by_chance(dict(enumerate(before)), dict(enumerate(after))) == pytest.approx(
        12.5916 / 54, abs=1e-5
    )
    assert by_chance({"a": 100}, {"a": 90}) == 0.0
    result = compared(dict(enumerate(before)), dict(enumerate(after)))
    assert result is not None
    assert 0.1 < result["psi"] < result["chance"]
    for factor, counts, verdict in (
        (1, after, "chance"),
        (10, after, "moved"),
        (1, [2, 2, 4, 10, 10, 20, 60], "large"),
    ):
        samples = (
            {n: factor * count for n, count in enumerate(of)} for of in (before, counts)
        )
        assert (compared(*samples) or {})["verdict"] == verdict


def test_groups_by_two_characteristics_do_not_disclose_groups_by_one(
    d: Disclosure,
) -> None:
    """Women of the north without a link are three: their cell is hidden, and another in
    each line.
    """
    evaluation = release(("F", 157, 180), ("M", 140, 200))
    (step,) = evaluation["steps"]
    cells = {
        ("F", "N"): (97, 100),
        ("F", "S"): (60, 80),
        ("M", "N"): (70, 100),
        ("M", "S"): (70, 100),
    }
    by_region = [
        {
            "group": r,
            "label": r,
            "linked": sum(cells[s, r][0] for s in "FM"),
            "all": of,
            "eligible": of,
        }
        for r, of in (("N", 200), ("S", 180))
    ]
    step["rates"].append(
        {
            **step["rates"][0],
            "characteristic": "region",
            "title": "Region",
            "groups": by_region,
        }
    )
    groups = [
        {"labels": list(key), "matched": linked, "eligible": of}
        for key, (linked, of) in cells.items()
    ]
    step["bias"] = [
        {
            "characteristics": ["sex", "region"],
            "title": "Sex and region",
            "groups": groups,
        }
    ]
    result = released(evaluation, d).steps["npd-cis"].left
    assert [
        group.rate.text
        for _, _, groups_of_one in result.characteristics
        for group in groups_of_one
    ] == [
        "87.2",
        "70.0",
        "83.5",
        "72.2",
    ]
    assert {
        labels: cell.text for (_, labels), cell in result.two_way.items()
    } == dict.fromkeys(cells, "c")
    # On its own each of the other three may be shown, and together they disclose the
    # three.
    assert [d.percent(*cells[key]).text for key in cells] == [
        "c",
        "75.0",
        "70.0",
        "70.0",
    ]


def test_few_people_of_another_source_are_not_disclosed_by_the_difference(
    d: Disclosure,
) -> None:
    """Of 4,753 people 4,750 have records of one source: to the nearest five the
    difference is one to nine.
    """

    def group_of(name: str, everybody: int, linked: int) -> dict[str, Any]:
        return {
            "group": name,
            "label": name,
            "all": everybody,
            "eligible": everybody,
            "linked": linked,
            "in_both": None,
            "found": None,
        }

    def cells_of(*groups: tuple[str, int, int]) -> list[tuple[str, str]]:
        sources = [group_of(*group) for group in groups]
        rates = [
            {
                "side": "left",
                "characteristic": "source",
                "title": "Source",
                "is_partition": False,
                "groups": sources,
            }
        ]
        step = {
            "step": "s",
            "left": "people",
            "right": "cis",
            "eligible": None,
            "reasons": [],
            "bias": [],
            "rates": rates,
            "totals": [{"side": "left", **group_of("", 4753, 4003)}],
        }
        ((_, _, result),) = (
            released({"steps": [step]}, d).steps["s"].left.characteristics
        )
        return [(group.everybody.text, group.linked.text) for group in result]

    assert cells_of(("npd", 4750, 4003), ("wales", 3, 0)) == [
        ("c", "4,005"),
        ("c", "0"),
    ]
    assert cells_of(("npd", 4600, 4000), ("wales", 400, 200)) == [
        ("4,600", "c"),
        ("400", "200"),
    ]


def test_few_people_with_one_value_alone_are_not_disclosed_by_two_shares(
    d: Disclosure,
) -> None:
    """903 of 1,000 have a surname and 900 more than one: three have one. 403 have one
    postcode.
    """
    counts = (("surname", 900), ("postcode", 500), ("dob", 0))
    results = [
        {"identifier": name, "entities": 1000, "present": 903, "several": several}
        for name, several in counts
    ]
    section = completeness_section(
        of({"sources": [{"source": "npd", "completeness": results}]}, d)
    )
    present, several = blocks(section)
    assert {row[0]: row[1] for row in texts(present)} == dict.fromkeys(
        ("Surname", "Date of birth", "Postcode"), "90.3"
    )
    assert {row[0]: row[1] for row in texts(several)} == {
        "Surname": "c",
        "Date of birth": "0.0",
        "Postcode": "50.0",
    }


def test_rows_that_meet_a_rule_are_hidden_where_they_are_few(d: Disclosure) -> None:
    """997 of 1,000 fail: with the number checked they disclose that three do not."""
    row = {
        "rule": "is given",
        "source": "npd",
        "column": "upn",
        "limit": 0.1,
        "severity": "warning",
        "success": False,
    }
    counts = ((1000, 997), (1000, 4), (1000, 40), (1000, 0), (0, 0))
    section = contracts_section(
        of(
            {},
            d,
            contracts=[{**row, "checked": n, "failed": failed} for n, failed in counts],
        )
    )
    table = blocks(section)[-1]
    assert [line[4:7] for line in texts(table)] == [
        ["1,000", "c", "c"],
        ["1,000", "c", "c"],
        ["1,000", "40", "4.0"],
        ["1,000", "0", "0.0"],
        ["0", "0", "z"],
    ]


def test_a_rule_that_found_no_row_is_not_met(d: Disclosure) -> None:
    row = {
        "rule": "is given",
        "source": "npd",
        "column": "upn",
        "limit": 0.1,
        "severity": "critical",
        "failed": 0,
    }
    section = contracts_section(
        of({}, d, contracts=[{**row, "checked": n, "success": True} for n in (1000, 0)])
    )
    (fold,) = blocks(section, Fold)
    assert [line[-1] for line in texts(fold.blocks[0])] == ["met", "no row to check"]


def test_rules_of_a_column_do_not_disclose_the_count_of_one_rule(d: Disclosure) -> None:
    """Of 1,000 rows 300 have no postcode: a rule on 704 rows discloses that four have
    one of a wrong form.

    And a rule on 997 sexes discloses that three have none.
    """
    present, form, frame = "is given", "is a valid value", "is in its code frame"
    counts = (
        ("postcode", present, 1000, 300),
        ("postcode", form, 704, 4),
        ("sex", present, 1000, 3),
        ("sex", form, 997, 0),
        ("sex", frame, 997, 20),
        ("name", form, 1000, 50),
    )
    row = {"source": "npd", "limit": 0.5, "severity": "warning", "success": False}
    result = [
        {**row, "column": column, "rule": rule, "checked": number, "failed": failed}
        for column, rule, number, failed in counts
    ]
    section = contracts_section(of({}, d, contracts=result))
    table = blocks(section)[-1]
    figures = {(line[1], line[2]): line[4:7] for line in texts(table)}
    assert {place: cells[:2] for place, cells in figures.items()} == {
        ("postcode", words(present)): ["1,000", "c"],
        ("postcode", words(form)): ["705", "c"],
        ("sex", words(present)): ["1,000", "c"],
        ("sex", words(form)): ["c", "0"],
        ("sex", words(frame)): ["c", "20"],
        ("name", words(form)): ["1,000", "50"],
    }
    assert [cells[2] for cells in figures.values()] == ["c"] * 5 + ["5.0"]


def test_rows_read_are_hidden_where_few_are_set_aside(d: Disclosure) -> None:
    """The checks of the data look at the 696 rows that were kept: rows read, 700,
    disclosed the four.
    """
    sources = [
        {
            "source": name,
            "rows_read": 700,
            "quarantined": quarantined,
            "entities": 500,
            "completeness": [],
        }
        for name, quarantined in (("npd", 4), ("ilr", 20), ("cis", 0))
    ]
    rows = source_rows(of({"sources": sources}, d))
    assert [[cell.text for cell in cells] for _, *cells in rows] == [
        ["c", "c", "500"],
        ["700", "20", "500"],
        ["700", "0", "500"],
    ]


def test_a_number_that_is_in_two_tables_is_hidden_in_both(d: Disclosure) -> None:
    """395 links by one rule and 5 by the model: the links in all are the matched of
    each side, which are shown.
    """
    total = {"all": 500, "eligible": 500, "linked": 400, "in_both": None, "found": None}
    step = {
        **release(("F", 200, 250), ("M", 200, 250))["steps"][0],
        "totals": [{"side": side, **total} for side in ("left", "right")],
        "decisions": [{"decision": "accepted", "pairs": 400}],
        "passes": [
            {"method": "deterministic", "pass": "nino", "links": 395},
            {"method": "probabilistic", "pass": "rule 1", "links": 5},
        ],
        "bands": [],
        "accuracy": None,
    }
    cells = released({"steps": [step]}, d).steps["npd-cis"]
    assert (cells.links.text == "c") == (cells.left.whole.linked.text == "c")
    assert [cell.text for cell in cells.under("pass").values()] == ["c", "c"]

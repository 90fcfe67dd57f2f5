"""The report: everything has a table, nothing comes from a network, no value of a
person is in it.
"""

import dataclasses
import itertools
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from linkage.catalogue import shipped
from linkage.engine import Engine
from linkage.errors import InputError
from quality.disclosure import Cell, Disclosure, load
from quality.intervals import wilson
from quality.measures.evaluation import Inputs, evaluate
from quality.report import charts
from quality.report.document import csv_of
from quality.report.names import Names
from quality.report.page import Table, Text
from quality.report.released import Group, Publication
from quality.report.render import Inputs as ReportInputs
from quality.report.render import headlines, render, render_run
from quality.report.sections.bias import Difference, GroupCells, drafted_statement
from quality.report.sections.coverage import draw_cells, draws_section
from quality.report.sections.statement import known_error, statement_part, summary
from tests.quality.conftest import CONTRACTS, MANIFEST

CANARIES = ("ZEBEDEE", "QUILLFEATHER", "1987-03-29", "AB123456C", "9876543210")


class Page(HTMLParser):
    """What a page is made of, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture
def report(report_file: Path) -> str:
    return report_file.read_text(encoding="utf-8")


def outside_scripts(text: str) -> str:
    return re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)


def test_the_summary_comes_first_with_its_denominator(report: str) -> None:
    assert "90.0% of 600 eligible people in NPD were linked to CIS." in report
    assert (
        report.index('class="statement"')
        < report.index('class="headlines"')
        < report.index('id="population"')
    )


def test_a_synthetic_run_has_a_banner_and_its_date(
    evaluation: dict[str, Any], tmp_path: Path
) -> None:
    manifest = {
        "run": "demo",
        "finished": "2026-01-02T10:00:00+00:00",
        "versions": {"leo-linkage": "1.0"},
    }
    for synthetic in (True, False):
        inputs = ReportInputs(evaluation, manifest=manifest | {"synthetic": synthetic})
        text = render(inputs, tmp_path / "index.html").read_text(encoding="utf-8")
        assert ("Synthetic data" in text) is synthetic
        assert (
            "demo, 2026-01-02, leo-linkage 1.0"
            if synthetic
            else "2 January 2026, 10:00 UTC"
        ) in text


def test_five_figures_for_a_terminal(evaluation: dict[str, Any]) -> None:
    assert [line[:2] for line in headlines(evaluation)] == [
        ("People", "600"),
        ("Linked", "90.0%"),
        ("Precision", "98.15%"),
        ("Recall", "88.33%"),
        ("In review", "30"),
    ]


def test_a_symbol_is_explained_where_it_is_shown(evaluation: dict[str, Any]) -> None:
    (step,) = evaluation["steps"]
    step["decisions"] = [
        {**row, "pairs": 4} if row["decision"] == "review" else row
        for row in step["decisions"]
    ]
    step["accuracy"]["true_pairs_by_outcome"] = []
    step["accuracy"] |= {"correct": 0, "false": 0, "assessed": 0, "true_pairs": 0}
    label, figure, note = headlines(evaluation)[-1]
    assert (label, figure) == ("In review", "[c]")
    assert "[c] suppressed to protect confidentiality" in note


def test_a_report_on_one_file_has_people_and_cluster_sizes(
    evaluation: dict[str, Any], tmp_path: Path
) -> None:
    (step,) = evaluation["steps"]
    sizes = [{"records": 1, "people": 480}, {"records": 2, "people": 60}]
    clusters = {"records": 600, "people": 540, "sizes": sizes}
    evaluation |= {
        "steps": [{**step, "left": "a.csv", "right": "a.csv"}],
        "spine": None,
        "clusters": clusters,
    }
    assert headlines(evaluation)[0][:2] == ("People", "540")
    text = render(ReportInputs(evaluation), tmp_path / "index.html").read_text(
        encoding="utf-8"
    )
    assert "600 records of a.csv are 540 people." in text
    table = text.split("People by number of records</caption>")[1].split("</table>")[0]
    assert re.findall(r">([\d,]+)</td>", table) == ["480", "60", "540"]


def test_nothing_is_fetched(report: str) -> None:
    page = Page(outside_scripts(report))
    links = [
        attrs[name]
        for _, attrs in page.tags
        for name in ("src", "href", "xlink:href", "action")
        if name in attrs
    ]
    assert links
    assert all(link.startswith(("#", "data:text/csv;")) for link in links)
    assert "url(" not in outside_scripts(report)
    assert "@import" not in report
    policy = next(
        attrs["content"] for attrs in page.all("meta") if attrs.get("http-equiv")
    )
    assert "default-src 'none'" in policy


def test_no_value_of_a_person(report: str) -> None:
    assert not [canary for canary in CANARIES if canary in report]


def test_every_chart_has_words_and_a_table(report: str) -> None:
    figures = re.findall(r"<figure.*?</figure>", report, flags=re.DOTALL)
    assert len(figures) >= 8
    for figure in figures:
        assert "<table>" in figure
        has_chart = figure.count("<svg") == 1
        assert (
            re.search(r'role="img" aria-label="[^"]{20,}"', figure)
            if has_chart
            else "too few" in figure
        )


def test_every_chart_has_its_numbers_as_csv(report: str) -> None:
    """As they are shown: rounded, and small ones as their symbol."""
    links = [
        attrs for attrs in Page(outside_scripts(report)).all("a") if "download" in attrs
    ]
    assert len(links) == len(re.findall("<figure", report))
    result = {
        attrs["download"]: unquote(attrs["href"].partition(",")[2]) for attrs in links
    }
    lines = result["links-by-pass.csv"].splitlines()
    assert lines[0] == 'Step,Pass,Method,Links,"Share of the step\'s links, %"'
    assert lines[1] == "NPD to CIS,All five,Deterministic,400,74.1"


def test_a_label_is_never_a_formula_in_csv() -> None:
    table = Table(
        "t",
        ["Group", "People"],
        [["=1+1", Cell("1,200", 1200.0)], ["A, B", Cell("c", None, "suppressed")]],
    )
    assert csv_of(table).splitlines() == ["Group,People", "'=1+1,1200", '"A, B",c']
    run_table = Table("t", ["Setting", "@SUM(1+1)"], [["\rx", Cell("−5", -5.0)]])
    assert csv_of(run_table).split("\r\n")[:2] == ["Setting,'@SUM(1+1)", '"\'\rx",-5']


def test_headings_are_in_order_and_names_unique(report: str) -> None:
    page = Page(outside_scripts(report))
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    names = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(names) == len(set(names))
    targets = [
        attrs["href"][1:] for attrs in page.all("a") if attrs["href"].startswith("#")
    ]
    assert set(targets) <= {*names}


def test_tables_name_their_rows_and_columns(report: str) -> None:
    tables = re.findall(r"<table>.*?</table>", outside_scripts(report), flags=re.DOTALL)
    assert tables
    for table in tables:
        assert "<caption>" in table
        assert table.count('scope="row"') == table.split("<tbody>")[1].count("<tr>")
        assert all('scope="' in head for head in re.findall(r"<th\b[^>]*>", table))


def test_small_counts_are_suppressed(
    engine: Engine, crowd: Inputs, tmp_path: Path
) -> None:
    """Four quarantined rows of 700 may neither be shown nor follow from rows read."""
    sources = ({"source": "npd", "rows_read": 700, "records": 696, "quarantined": 4},)
    evaluation = evaluate(engine, dataclasses.replace(crowd, sources=sources))
    text = render(ReportInputs(evaluation), tmp_path / "index.html").read_text(
        encoding="utf-8"
    )
    quarantined = re.search(r"NPD</th><td[^>]*>.*?</td><td[^>]*>(.*?)</td>", text)
    assert quarantined is not None
    assert ">[c]</abbr>" in quarantined.group(1)


def test_a_run_of_one_step_has_no_section_without_data(
    engine: Engine, crowd: Inputs, tmp_path: Path
) -> None:
    (step,) = crowd.steps
    one_step = Inputs(
        (dataclasses.replace(step, left="left.csv", right="right.csv", model=None),)
    )
    text = render(
        ReportInputs(evaluate(engine, one_step)), tmp_path / "index.html"
    ).read_text(encoding="utf-8")
    sections = re.findall(r'<section aria-labelledby="([\w-]+)"', text)
    assert not {
        "accuracy",
        "errors",
        "completeness",
        "contracts",
        "implausible",
        "drift",
        "bias",
    } & set(sections)
    assert {"records", "rates", "passes", "estimated", "methods"} <= set(sections)
    assert "90.0% of 600 records in left.csv were linked to right.csv." in text


def test_names_from_users_cannot_become_markup(
    engine: Engine, crowd: Inputs, tmp_path: Path
) -> None:
    (step,) = crowd.steps
    one_step = Inputs(
        (
            dataclasses.replace(
                step, left="</script><script>alert(1)</script>", model=None
            ),
        )
    )
    inputs = ReportInputs(evaluate(engine, one_step), title="<img src=x>")
    text = render(inputs, tmp_path / "index.html").read_text(encoding="utf-8")
    assert "<script>alert" not in text
    assert "<img" not in outside_scripts(text)


def test_from_the_folder_of_a_run(evaluation: dict[str, Any], tmp_run: Path) -> None:
    (tmp_run / "quality").mkdir(parents=True)
    (tmp_run / "quality" / "evaluation.json").write_text(
        json.dumps(evaluation), encoding="utf-8"
    )
    (tmp_run / "quality" / "contracts.json").write_text(
        json.dumps(CONTRACTS), encoding="utf-8"
    )
    (tmp_run / "manifest.json").write_text(json.dumps(MANIFEST), encoding="utf-8")
    out = render_run(tmp_run)
    text = out.read_text(encoding="utf-8")
    assert out == tmp_run / "report" / "index.html"
    assert "Linkage quality report: small" in text
    assert "Rules that fail" in text
    assert len(text) < 3_000_000
    assert [path.name for path in out.parent.iterdir()] == ["index.html"]


def test_a_run_that_was_not_evaluated_says_what_to_do(tmp_run: Path) -> None:
    with pytest.raises(InputError, match="finish the run first"):
        render_run(tmp_run)


def test_a_run_stopped_by_a_gate_has_its_log_as_remedy(tmp_run: Path) -> None:
    """The same command would stop at the same gate."""
    tmp_run.mkdir(parents=True)
    (tmp_run / "manifest.json").write_text(
        '{"status": "gate failed"}', encoding="utf-8"
    )
    with pytest.raises(
        InputError,
        match=r"a gate stopped the run before it was evaluated; .*log\.jsonl",
    ):
        render_run(tmp_run)


def test_a_broken_file_is_named(tmp_run: Path) -> None:
    (tmp_run / "quality").mkdir(parents=True)
    (tmp_run / "quality" / "evaluation.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match=r"evaluation\.json: not JSON at line 1"):
        render_run(tmp_run)


def test_without_a_step_there_is_nothing_to_report(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no link step"):
        render(ReportInputs({"steps": []}), tmp_path / "index.html")
    assert not (tmp_path / "index.html").exists()


def of(evaluation: dict[str, Any], **facts: Any) -> Publication:
    return Publication(
        evaluation, **facts, names=Names(shipped()), d=Disclosure(load())
    )


def statement_of(evaluation: dict[str, Any], **facts: Any) -> dict[str, list[Any]]:
    """Blocks of the quality statement by section."""
    part = statement_part(of(evaluation, **facts))
    return {section.name: list(section.blocks) for section in part.sections}


def words(blocks: list[Any]) -> str:
    return " ".join(block.text for block in blocks if isinstance(block, Text))


def test_a_run_that_fails_a_gate_says_so_first(evaluation: dict[str, Any]) -> None:
    text = summary(of(evaluation, failed_gates=("max_rate_fall",)))
    assert re.match(r"Do not publish or use this run: .*\(max_rate_fall\)", text)


def test_the_statement_has_population_error_groups_advice_and_limitations(
    evaluation: dict[str, Any],
) -> None:
    sections = statement_of(evaluation)
    assert list(sections) == [
        "population",
        "linkage",
        "groups",
        "advice",
        "limitations",
    ]
    assert "600 of 600 people in NPD were eligible" in words(sections["population"])
    (table,) = [block for block in sections["linkage"] if isinstance(block, Table)]
    cells = [value if isinstance(value, str) else value.text for value in table.rows[0]]
    assert (cells[:4], cells[5], cells[-1]) == (
        ["NPD to CIS", "540", "30", "98.15"],
        "88.33",
        "truth",
    )


def test_advice_follows_from_the_figures(evaluation: dict[str, Any]) -> None:
    """The interval of 98.15 per cent begins below 99; without bias nobody has to
    weight.
    """
    assert "repeat the main result" in words(statement_of(evaluation)["advice"])
    step = evaluation["steps"][0]
    step["accuracy"], step["bias"] = None, []
    step["estimated_error"]["precision"] = wilson(539_900, 540_000)
    advice = words(statement_of(evaluation)["advice"])
    assert "repeat the main result" not in advice
    assert "Weight the linked" not in advice


def test_under_represented_groups_are_named(
    evaluation: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    groups = evaluation["steps"][0]["bias"][0]["groups"]
    for group in groups:
        group["in_both"] = max(group["in_both"], 100)
    lower = Difference([Cell("−0.30", -0.3)] * 3, True, True)
    higher = Difference([Cell("0.20", 0.2)] * 3, True, True)
    monkeypatch.setattr(
        GroupCells,
        "difference",
        lambda _, __, group, ___: lower if group is groups[0] else higher,
    )
    sections = statement_of(evaluation)
    (table,) = [block for block in sections["groups"] if isinstance(block, Table)]
    assert [row[1] for row in table.rows] == [groups[0]["labels"][0]]
    assert "Weight the linked" in words(sections["advice"])


def test_error_is_that_of_the_best_source(evaluation: dict[str, Any]) -> None:
    """Truth, else a review of ten links at least, else match probabilities."""
    step = evaluation["steps"][0]
    share = {"of": 400, "count": 396.0, "value": 0.99, "low": 0.98, "high": 1.0}
    strata = [
        {"accepted": True, "pairs": 400, "reviewed": 9},
        {"accepted": False, "pairs": 30, "reviewed": 20},
    ]
    readings = dict.fromkeys(("low", "middle", "high"), share)
    review = {
        "step": "npd-cis",
        "precision": readings,
        "recall": readings,
        "strata": strata,
    }
    assert known_error(step, [review])[0] == "truth"  # type: ignore[index]
    step["accuracy"] = None
    for number, texts in ((9, ["c"] * 4), (10, ["99.00", "98.00 to 100.00"] * 2)):
        strata[0]["reviewed"] = number
        (table,) = [
            b
            for b in statement_of(evaluation, reviews=[review])["linkage"]
            if isinstance(b, Table)
        ]
        assert [cell.text for cell in table.rows[0][3:7]] == texts  # type: ignore[union-attr]
    assert known_error(step)[0] == "estimate"  # type: ignore[index]
    assert known_error({**step, "estimated_error": None}) is None


def test_bias_discloses_no_rate_that_is_hidden(
    uneven_estimates: dict[str, Any],
) -> None:
    (step,) = uneven_estimates["steps"]
    row = next(row for row in step["bias"] if row["characteristics"] == ["region"])
    for group in row["groups"]:
        group_cells = GroupCells(of(uneven_estimates).released(step))
        cells = group_cells.difference(row, group, "matched_unmatched").cells
        if group_cells.rate(row, group).mark == "suppressed":
            assert all(cell.mark == "suppressed" for cell in cells)
    assert "London (−" in " ".join(drafted_statement(of(uneven_estimates), step))


def test_link_draws_of_a_group_are_hidden_with_its_rate(
    evaluation: dict[str, Any],
) -> None:
    """Draws of 540, 500 and 460 links; in the second evaluation three links of 600."""
    d = Disclosure(load())
    tables = [
        block
        for block in draws_section(of(evaluation)).blocks
        if isinstance(block, Table)
    ]
    cells = [cell if isinstance(cell, str) else cell.text for cell in tables[0].rows[0]]
    assert cells == ["NPD to CIS", "3", "540", "500", "40.0", "460", "540", "85.2"]
    cells_of_few = draw_cells(
        {
            "mean": 3,
            "low": 2,
            "high": 4,
            "deviation": 1.0,
            "linked": 3,
            "eligible": 600,
        },
        hidden_group(d),
        d,
    )
    assert [cell.mark for cell in cells_of_few] == ["suppressed"] * 4


def hidden_group(d: Disclosure) -> Group:
    mark, count = d.marked("suppressed"), d.count(600)
    return Group("F", count, count, mark, mark, mark, mark, mark, mark)


def test_a_long_label_is_split_and_a_hidden_number_has_no_bar() -> None:
    values = [
        {
            "label": "Highest qualification of either parent at 16",
            "value": None,
            "shown": "c",
        },
        {"label": "Other", "value": 12.0, "shown": "12"},
    ]
    svg = charts.figure(
        "a", "A", "B.", charts.bars(values, x="People"), Table("t", ["a"], [["b"]])
    ).svg
    assert svg.startswith('<svg aria-hidden="true"')
    assert ">c</text>" in svg
    assert "role=" not in svg

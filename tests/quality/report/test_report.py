"""The report: everything has a table, nothing comes from a network, no value of a person is in it."""

import base64
import dataclasses
import gzip
import itertools
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from linkage.engine import Engine
from linkage.errors import InputError
from quality.disclosure import Cell
from quality.measures.evaluation import Inputs, evaluate
from quality.report import Inputs as ReportInputs
from quality.report import drawing, headlines, released, render, render_run
from quality.report.charts import probabilities
from quality.report.document import csv_of
from quality.report.page import Table

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


def test_first_comes_what_was_linked_and_how_well(report: str) -> None:
    page = outside_scripts(report)
    assert "90.0% of the 600 people in NPD who could be in CIS were linked to it. 98.15% of the links are right" in page
    assert page.index('class="statement"') < page.index('class="headlines"') < page.index('id="flow"')


def test_five_figures_for_a_terminal(counted: dict[str, Any]) -> None:
    assert [line[:2] for line in headlines(counted)] == [
        ("People", "600"),
        ("Matched", "90.0%"),
        ("Precision", "98.15%"),
        ("Recall", "88.33%"),
        ("For review", "30"),
    ]


def test_a_symbol_in_place_of_a_figure_says_on_the_terminal_what_it_stands_for(counted: dict[str, Any]) -> None:
    (step,) = counted["steps"]
    step["decisions"] = [{**row, "pairs": 4} if row["decision"] == "review" else row for row in step["decisions"]]
    label, figure, note = headlines(counted)[-1]
    assert (label, figure) == ("For review", "c")
    assert note.startswith("pairs too close to call. “c” stands for")


def test_five_figures_ask_of_no_other_side_what_is_to_be_hidden(
    counted: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the many small groups of a demo's ten sides that takes a third of the time of a run that has all it needs."""
    asked: list[str] = []
    of_side = released._side
    monkeypatch.setattr(released, "_side", lambda step, name, d: asked.append(name) or of_side(step, name, d))
    assert headlines(counted)
    assert asked == ["left"]


def test_nothing_is_fetched(report: str) -> None:
    page = Page(outside_scripts(report))
    links = [attrs[name] for _, attrs in page.tags for name in ("src", "href", "xlink:href", "action") if name in attrs]
    assert links
    assert all(link.startswith(("#", "data:text/csv;")) for link in links)
    assert "url(" not in outside_scripts(report)
    assert "@import" not in report
    policy = next(attrs["content"] for attrs in page.all("meta") if attrs.get("http-equiv"))
    assert "default-src 'none'" in policy


def test_no_value_of_a_person(report: str) -> None:
    assert not [canary for canary in CANARIES if canary in report]


def test_every_chart_has_words_and_a_table(report: str) -> None:
    figures = re.findall(r"<figure.*?</figure>", report, flags=re.DOTALL)
    assert len(figures) >= 8
    for figure in figures:
        assert "<table>" in figure
        assert re.search(r'role="img" aria-label="[^"]{20,}"', figure)
        assert figure.count("<svg") == 2  # one for a page, one for a telephone


def test_every_chart_has_its_numbers_as_csv(report: str) -> None:
    """As they are shown: rounded, and small ones as their symbol."""
    links = [attrs for attrs in Page(outside_scripts(report)).all("a") if "download" in attrs]
    assert len(links) == len(re.findall("<figure", report))
    found = {attrs["download"]: unquote(attrs["href"].partition(",")[2]) for attrs in links}
    lines = found["links-by-pass.csv"].splitlines()
    assert lines[0] == 'Step,Pass,Method,Links,"Share of the step\'s links, %"'
    assert lines[1] == "NPD to CIS,All five,Deterministic,400,74.1"


def test_a_label_is_no_formula() -> None:
    table = Table("t", ["Group", "People"], [["=1+1", Cell("1,200", 1200.0)], ["A, B", Cell("c", None, "suppressed")]])
    assert csv_of(table).splitlines() == ["Group,People", "'=1+1,1200", '"A, B",c']
    of_runs = Table("t", ["Setting", "@SUM(1+1)"], [["\rx", Cell("−5", -5.0)]])
    assert csv_of(of_runs).split("\r\n")[:2] == ["Setting,'@SUM(1+1)", '"\'\rx",-5']


def test_every_interactive_chart_is_drawn_too(report: str) -> None:
    found = re.search(r'<script type="text/plain" id="charts">(.*?)</script>', report, flags=re.DOTALL)
    assert found is not None
    specs = json.loads(gzip.decompress(base64.b64decode(found.group(1))))
    assert set(specs) == set(re.findall(r'data-chart="([^"]+)"', report))


def test_numbers_of_an_axis_are_drawn_as_they_are() -> None:
    """Places are cut to a tenth of a pixel, and never what is written at them."""
    levels = [
        {"label": kind, "group": "Sex", "kind": kind, "value": value, "shown": str(value)}
        for kind, value in (("m, among matches", 0.996), ("u, among non-matches", 0.0004))
    ]
    drawn = drawing.figure("m-and-u", "m and u", "", lambda width: probabilities(levels, width), Table("", [], []))
    said = re.findall(r">([^<>]+)</text>", drawn.wide)
    assert {"0.001", "0.01", "0.1", "1"} <= set(said)
    assert not re.search(r'="[^">]*\d\.\d\d', drawn.wide)


def test_headings_are_in_order_and_names_unique(report: str) -> None:
    page = Page(outside_scripts(report))
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    names = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(names) == len(set(names))
    targets = [attrs["href"][1:] for attrs in page.all("a") if attrs["href"].startswith("#")]
    assert set(targets) <= {*names}


def test_tables_name_their_rows_and_columns(report: str) -> None:
    tables = re.findall(r"<table>.*?</table>", outside_scripts(report), flags=re.DOTALL)
    assert tables
    for table in tables:
        assert "<caption>" in table
        assert table.count('scope="row"') == table.split("<tbody>")[1].count("<tr>")
        assert all('scope="' in head for head in re.findall(r"<th\b[^>]*>", table))


def test_small_counts_are_suppressed(engine: Engine, crowd: Inputs, tmp_path: Path) -> None:
    """Four rows set aside of 700 may neither be shown nor be had from rows read."""
    few = ({"source": "npd", "rows_read": 700, "records": 696, "quarantined": 4},)
    evaluation = evaluate(engine, dataclasses.replace(crowd, sources=few))
    text = render(ReportInputs(evaluation), tmp_path / "index.html").read_text(encoding="utf-8")
    aside = re.search(r"NPD, rows set aside</th><td[^>]*>(.*?)</td>", text)
    assert aside is not None
    assert aside.group(1) == '<abbr title="suppressed">c</abbr>'


def test_a_run_of_one_step_leaves_out_what_it_has_not(engine: Engine, crowd: Inputs, tmp_path: Path) -> None:
    (step,) = crowd.steps
    alone = Inputs((dataclasses.replace(step, left="left.csv", right="right.csv", model=None),))
    text = render(ReportInputs(evaluate(engine, alone)), tmp_path / "index.html").read_text(encoding="utf-8")
    page = outside_scripts(text)
    for absent in (
        "Linkage error",
        "Completeness",
        "Checks of the data",
        "Spine",
        "by characteristic",
        "m and u probabilities",
    ):
        assert absent not in page.replace("<dt>Spine</dt>", "")  # the glossary has the word
    assert "90.0% of the 600 people in left.csv were linked to right.csv. This run has no truth" in page
    assert "Links by pass" in page


def test_names_from_users_cannot_become_markup(engine: Engine, crowd: Inputs, tmp_path: Path) -> None:
    (step,) = crowd.steps
    alone = Inputs((dataclasses.replace(step, left="</script><script>alert(1)</script>", model=None),))
    inputs = ReportInputs(evaluate(engine, alone), title="<img src=x>")
    text = render(inputs, tmp_path / "index.html").read_text(encoding="utf-8")
    assert "<script>alert" not in text
    assert "<img" not in outside_scripts(text)


def test_from_the_folder_of_a_run(
    counted: dict[str, Any], contracts: list[dict[str, Any]], manifest: dict[str, Any], tmp_run: Path
) -> None:
    (tmp_run / "quality").mkdir(parents=True)
    (tmp_run / "quality" / "evaluation.json").write_text(json.dumps(counted), encoding="utf-8")
    (tmp_run / "quality" / "contracts.json").write_text(json.dumps(contracts), encoding="utf-8")
    (tmp_run / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    out = render_run(tmp_run)
    text = out.read_text(encoding="utf-8")
    assert out == tmp_run / "report" / "index.html"
    assert "Linkage quality report: small" in text
    assert "Rules that are not met" in text
    assert len(text) < 3_000_000
    assert [path.name for path in out.parent.iterdir()] == ["index.html"]


def test_a_run_that_was_not_evaluated_says_what_to_do(tmp_run: Path) -> None:
    with pytest.raises(InputError, match="finish the run first"):
        render_run(tmp_run)


def test_a_run_that_a_gate_stopped_is_not_told_to_be_run_again(tmp_run: Path) -> None:
    """The same command would stop at the same gate."""
    tmp_run.mkdir(parents=True)
    (tmp_run / "manifest.json").write_text('{"status": "gate failed"}', encoding="utf-8")
    with pytest.raises(InputError, match=r"a gate stopped the run before it was evaluated: .*log\.jsonl"):
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

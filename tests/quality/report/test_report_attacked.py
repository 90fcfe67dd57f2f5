"""An attack on finished reports of random populations: it reads the page and its CSV, and recovers no suppressed count."""

import copy
import csv
import io
import json
import random
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from linkage.pipeline.manifest import FORMAT
from quality.intervals import wilson
from quality.measures.accuracy import error_counts
from quality.measures.bias import _by_truth, _rates
from quality.report.render import Inputs, render, render_run
from quality.report.waterfall import kind_of

_MOST = 400  # people of a group, up to which intervals are inverted


def population(counted: dict[str, Any], seed: int) -> tuple[dict[str, Any], dict[str, dict[str, int]]]:
    """An evaluation with five groups, some with few people, few unlinked or few false links; and the groups' counts."""
    draw = random.Random(seed)
    groups: dict[str, dict[str, int]] = {}
    for place in range(5):
        linked = draw.choice([draw.randint(0, 12), draw.randint(10, 40), draw.randint(40, 300)])
        wrong = draw.choice([0, draw.randint(0, min(linked, 9)), linked // 8])
        missed = draw.choice([0, draw.randint(0, 9), draw.randint(10, 40)])
        eligible = linked + missed + draw.choice([0, draw.randint(0, 9), draw.randint(10, 50)])
        groups[f"G{place}"] = {"all": eligible, "eligible": eligible, "linked": linked, "found": linked - wrong, "wrong": wrong,
                               "correct": linked - wrong, "in_both": linked - wrong + missed, "links": linked}  # fmt: skip
    whole = {key: sum(row[key] for row in groups.values()) for key in groups["G0"]}
    expected = {key: {"expected_correct": 0.9 * row["links"], "expected_missed": 1.0, "correct_variance": 0.1}
                for key, row in groups.items()}  # fmt: skip
    evaluation = copy.deepcopy(counted)
    (step,) = evaluation["steps"]
    rows = [{"group": key, "label": key, **row} for key, row in groups.items()]
    title = {"characteristic": "sex", "title": "Sex", "is_partition": True}
    links, true = whole["linked"], whole["in_both"]
    left = {name: [] for name in ("passes", "bands", "weights", "calibration")}
    left |= dict.fromkeys(("blocking", "data_errors", "link_draws"))
    accuracy = {**step["accuracy"], **error_counts(whole["correct"], whole["wrong"], true), "assessed": links}
    accuracy["true_pairs_by_outcome"] = [{"outcome": "accepted", "pairs": whole["correct"]},
                                         {"outcome": "not compared", "pairs": true - whole["correct"]}]  # fmt: skip
    bias = [{"labels": [key], "matched_unmatched": None, **_rates(row | expected[key]), **_by_truth(row, whole)}
            for key, row in groups.items()]  # fmt: skip
    step |= left | {
        "totals": [{"side": side, **whole} for side in ("left", "right")],
        "rates": [{"side": "left", **title, "groups": rows}],
        "reasons": [],
        "sides": [],
        "decisions": [{"decision": "accepted", "pairs": links}],
        "accuracy": accuracy,
        "bias": [{"characteristics": ["sex"], "title": "Sex", "groups": bias}],
    }
    return evaluation, groups


def tables_of(page: str) -> list[list[list[str]]]:
    """The tables of a page, and those of its CSV downloads."""
    texts = re.findall(r'href="data:text/csv;charset=utf-8,([^"]*)"', page)
    tables = [list(csv.reader(io.StringIO(unquote(text.replace("&#39;", "'"))))) for text in texts]
    for table in re.findall(r"<table.*?</table>", page, re.DOTALL):
        rows = re.findall(r"<tr.*?</tr>", table, re.DOTALL)
        cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
        tables.append([[re.sub(r"<[^>]*>", "", cell).strip() for cell in row] for row in cells])
    return [table for table in tables if table and table[0]]


@cache
def _inverted() -> dict[tuple[str, str, str], list[tuple[int, int]]]:
    """Counts by the text of their share and interval."""
    counts: dict[tuple[str, str, str], list[tuple[int, int]]] = {}
    for of in range(10, _MOST):
        for part in range(of + 1):
            share = wilson(part, of)
            text = tuple(f"{100 * (share[bound] or 0.0):.2f}" for bound in ("value", "low", "high"))
            counts.setdefault(text, []).append((part, of))  # type: ignore[arg-type]
    return counts


def recovered(page: str, groups: dict[str, dict[str, int]]) -> set[tuple[str, str]]:
    """Suppressed counts that an interval or an estimate of another table discloses: group and what it discloses."""
    tables = tables_of(page)
    rates = next((table for table in tables if table[0][:4] == ["Characteristic", "Group", "All", "Eligible"]), None)
    hidden = {row[1] for row in rates[1:] if "c" in (row[3], row[4], row[5])} if rates else set(groups)
    told = set()
    for table in tables:
        starts = [n for n, head in enumerate(table[0]) if head.endswith("%")]
        for row in table[1:]:
            for start in starts:
                if len(row) < 2 or not (group := groups.get(row[1])):
                    continue
                text = tuple(row[start : start + 3])
                counts = _inverted().get(text, [])  # type: ignore[arg-type]
                small = {group[key] for key in ("wrong", "found", "linked")} | {group["in_both"] - group["found"]}
                if row[1] in hidden and text[0] not in ("c", "z", "x"):
                    told.add((row[1], table[0][start]))  # a table shows what the link rates hide
                if len(counts) == 1 and any(
                    0 < n < 10 and n in small for n in (counts[0][0], counts[0][1] - counts[0][0])
                ):
                    told.add((row[1], table[0][start]))
    return told


@pytest.mark.parametrize("seeds", [range(20), pytest.param(range(20, 220), marks=pytest.mark.slow)], ids=["20", "200"])
def test_no_suppressed_count_is_recovered_from_a_finished_page(
    counted: dict[str, Any], seeds: range, tmp_path: Path
) -> None:
    disclosed = {}
    for seed in seeds:
        evaluation, groups = population(counted, seed)
        page = render(Inputs(evaluation), tmp_path / "index.html").read_text(encoding="utf-8")
        disclosed |= {(seed, *one): groups[one[0]] for one in recovered(page, groups)}
    assert not disclosed


def test_a_folder_of_own_files_has_exact_counts_until_it_is_published(counted: dict[str, Any], tmp_path: Path) -> None:
    evaluation, groups = population(counted, 1)
    (tmp_path / "quality").mkdir()
    (tmp_path / "quality" / "evaluation.json").write_text(json.dumps(evaluation), encoding="utf-8")
    manifest = {"format": FORMAT, "run": "a.csv to b.csv", "recognised": {}}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    exact, published = (
        render_run(tmp_path, (), name).read_text(encoding="utf-8") for name in (None, "leo_publication")
    )
    rates = next(table for table in tables_of(exact) if table[0][:3] == ["Characteristic", "Group", "All"])
    assert [row[2:5] for row in rates[1:]] == [
        [str(row[key]) for key in ("all", "eligible", "linked")] for row in groups.values()
    ]
    assert "not to be published" in exact
    assert "not to be published" not in published


def test_a_weight_of_zero_is_no_sum() -> None:
    assert [kind_of(weight) for weight in (0.0, 1.0, -1.0)] == ["for", "for", "against"]
    assert kind_of(0.0, is_sum=True) == "sum"

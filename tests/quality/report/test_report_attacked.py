"""An attack on finished pages of random populations: it reads tables and CSV, and
recovers no suppressed count.
"""

import copy
import csv
import io
import json
import math
import random
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from linkage.pipeline.manifest import FORMAT
from quality import disclosure
from quality.dashboard import Run, write_site
from quality.dashboard.reading import RunsBelow
from quality.disclosure import Disclosure, ProtectionLevel, Sum, disclosed, exact_bounds
from quality.intervals import wilson
from quality.measures.accuracy import error_counts
from quality.measures.bias import _by_truth, _rates
from quality.measures.drift import drift
from quality.report.linked_tables import CORRECT, FALSE, MISSED, StepCounts
from quality.report.render import Inputs, render, render_run
from quality.report.waterfall import kind_of

_LARGEST = 400  # people of a group, up to which intervals are inverted


def population(
    evaluation: dict[str, Any], seed: int
) -> tuple[dict[str, Any], dict[str, dict[str, int]]]:
    """An evaluation with five groups, some with few people, few unlinked or few false
    links; and the groups' counts.
    """
    draw = random.Random(seed)
    groups: dict[str, dict[str, int]] = {}
    for place in range(5):
        linked = draw.choice(
            [draw.randint(0, 12), draw.randint(10, 40), draw.randint(40, 300)]
        )
        wrong = draw.choice([0, draw.randint(0, min(linked, 9)), linked // 8])
        missing = draw.choice([0, draw.randint(0, 9), draw.randint(10, 40)])
        eligible = (
            linked
            + missing
            + draw.choice([0, draw.randint(0, 9), draw.randint(10, 50)])
        )
        groups[f"G{place}"] = {
            "all": eligible,
            "eligible": eligible,
            "linked": linked,
            "found": linked - wrong,
            "wrong": wrong,
            "correct": linked - wrong,
            "in_both": linked - wrong + missing,
            "links": linked,
        }
    whole = {key: sum(row[key] for row in groups.values()) for key in groups["G0"]}
    expected = {
        key: {
            "expected_correct": 0.9 * row["links"],
            "expected_missed": 1.0,
            "correct_variance": 0.1,
        }
        for key, row in groups.items()
    }
    result = copy.deepcopy(evaluation)
    (step,) = result["steps"]
    rows = [{"group": key, "label": key, **row} for key, row in groups.items()]
    title = {"characteristic": "sex", "title": "Sex", "is_partition": True}
    links, true = whole["linked"], whole["in_both"]
    empty_parts = {name: [] for name in ("passes", "bands", "weights", "calibration")}
    empty_parts |= dict.fromkeys(("blocking", "data_errors", "link_draws"))
    accuracy = {
        **step["accuracy"],
        **error_counts(whole["correct"], whole["wrong"], true),
        "assessed": links,
    }
    accuracy["true_pairs_by_outcome"] = [
        {"outcome": "accepted", "pairs": whole["correct"]},
        {"outcome": "not compared", "pairs": true - whole["correct"]},
    ]
    bias = [
        {
            "labels": [key],
            "matched_unmatched": None,
            **_rates(row | expected[key]),
            **_by_truth(row, whole),
        }
        for key, row in groups.items()
    ]
    step |= empty_parts | {
        "totals": [{"side": side, **whole} for side in ("left", "right")],
        "rates": [{"side": "left", **title, "groups": rows}],
        "reasons": [],
        "sides": [],
        "decisions": [{"decision": "accepted", "pairs": links}],
        "accuracy": accuracy,
        "bias": [{"characteristics": ["sex"], "title": "Sex", "groups": bias}],
    }
    return result, groups


def linked_population(evaluation: dict[str, Any], seed: int) -> dict[str, Any]:
    """A population with rows, identifiers, a spine, agreement levels, match weights and
    link draws, many of them few.
    """
    result, groups = population(evaluation, seed)
    (step,), draw = result["steps"], random.Random(seed)
    people, links, eligible = (
        sum(row[key] for row in groups.values())
        for key in ("all", "linked", "eligible")
    )
    number = draw.randint(1, 9)

    def part_of(of: int) -> int:
        """All of a count, all but few, few, none or any."""
        return min(
            of, max(0, draw.choice([of - number, number, 0, of, draw.randint(0, of)]))
        )

    sources = []
    for name in ("npd", "cis"):
        present, quarantined = part_of(people), part_of(60)
        identifiers = [
            {
                "identifier": "surname",
                "entities": people,
                "present": present,
                "several": part_of(present),
            }
        ]
        sources.append(
            {
                "source": name,
                "rows_read": people + 50 + quarantined,
                "records": people + 50,
                "quarantined": quarantined,
                "entities": people,
                "completeness": identifiers,
            }
        )
    parts = [part_of(links)]
    parts += [part_of(links - parts[0])]
    parts += [links - sum(parts)]
    draw_figures = {
        "mean": links,
        "low": max(0, links - number),
        "high": links,
        "deviation": 1.5,
    }
    of_groups = [
        {
            "group": key,
            "label": key,
            **{name: row[name] for name in ("eligible", "linked")},
            "deviation": 0.7,
            **dict.fromkeys(("mean", "low", "high"), row["linked"]),
        }
        for key, row in groups.items()
    ]
    step |= {
        "levels": [
            {"comparison": "surname", "level": level, "links": n}
            for level, n in enumerate(parts)
        ],
        "weights": [
            {"decision": "accepted", "bin": 5 * n, "pairs": part}
            for n, part in enumerate(parts)
        ],
        "link_draws": {
            "draws": 20,
            "links": draw_figures,
            "pairs": links + number,
            "in_all": links,
            "linked": {**draw_figures, "eligible": eligible, "linked": links},
            "characteristics": [
                {"characteristic": "sex", "title": "Sex", "groups": of_groups}
            ],
        },
    }
    on_spine = [
        {"source": name, "people": part_of(people), "entities": people}
        for name in ("npd", "cis")
    ]
    spine = {
        "people": people,
        "entities": 2 * people,
        "by_source": on_spine,
        "removed_links": [],
        "accuracy": None,
    }
    return {**result, "sources": sources, "spine": spine, "tables": {}}


def tables_of(page: str) -> list[list[list[str]]]:
    """The tables of a page, and those of its CSV downloads."""
    texts = re.findall(r'href="data:text/csv;charset=utf-8,([^"]*)"', page)
    tables = [
        list(csv.reader(io.StringIO(unquote(text.replace("&#39;", "'")))))
        for text in texts
    ]
    for table in re.findall(r"<table.*?</table>", page, re.DOTALL):
        rows = re.findall(r"<tr.*?</tr>", table, re.DOTALL)
        cells = [
            re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows
        ]
        tables.append(
            [
                [re.sub(r"<[^>]*>|[\[\]]", "", cell).strip() for cell in row]
                for row in cells
            ]
        )
    return [table for table in tables if table and table[0]]


def by_caption(page: str) -> dict[str, list[list[str]]]:
    """The tables of a page by caption, without their heads."""
    tables: dict[str, list[list[str]]] = {}
    for caption, text in re.findall(
        r"<caption>(.*?)</caption>(.*?)</table>", page, re.DOTALL
    ):
        cells = [
            re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
            for row in re.findall(r"<tr.*?</tr>", text, re.DOTALL)
        ]
        tables[caption] = [
            [re.sub(r"<[^>]*>|[\[\]]", "", cell).strip() for cell in row]
            for row in cells[1:]
        ]
    return tables


_LINKS = ("step", "decision", "accepted")
_SPLIT = ("all", "eligible", "linked")
_TRUTH = (("true", "all"), ("judged", "assessed"), CORRECT, FALSE)
_SHARES = {
    "People with a value, %": "present",
    "People with more than one value over time, %": "several",
}
_ROWS = ("read", "quarantined", "people")


def facts(page: str, run: int = 1) -> Iterator[tuple[tuple[str, ...], str]]:
    """Keys of counts with their texts on a page. On a page of two runs: of the first,
    0, or the second, 1.
    """
    tables = {
        name: rows
        for name, rows in by_caption(page).items()
        if run or name in ("Published counts", "Counts")
    }
    for source, *texts in tables.get("Records by source", []):
        yield from (
            (("source", source.lower(), item), text)
            for item, text in zip(_ROWS, texts, strict=True)
        )
    for name, text in tables.get("Links and people", []):
        yield (_LINKS if name.endswith(": links") else ("spine", "people"), text)
    for name, *texts in tables.get("Published counts", []):
        first, *_, last = name.lower().replace(",", "").split()
        key: tuple[str, ...] = ("source", first, last)
        if last == "spine":
            key = (
                ("spine", "people")
                if name == "People on the spine"
                else ("spine", "of", name.split()[2].lower())
            )
        elif last in ("links", "eligible"):
            key = (
                _LINKS
                if last == "links"
                else ("step", *_side(name), "total", "", "eligible")
            )
        yield key, texts[run]
    for _, item, *texts in tables.get("Counts", []):
        yield (
            ("spine", "people")
            if item == "People"
            else _LINKS
            if item == "Links"
            else ("step", "decision", "review"),
            texts[run],
        )
    for caption, rows in tables.items():
        for row in rows:
            for item, text in zip(_SPLIT, row[2:5], strict=False):
                if caption.endswith("link rate by group"):
                    yield ("step", "left", "sex", row[1], item), text
                if caption == "Link rates by step and side":
                    yield ("step", *_side(row[1]), "total", "", item), text
            if caption.endswith("pairs by match weight"):
                yield ("step", "bin", row[0].lower(), row[1].split()[0]), row[2]
            if caption == "Accuracy against truth by step":
                yield from (
                    (("step", *key), text)
                    for key, text in zip(_TRUTH, row[1:5], strict=True)
                )
                yield ("step", "at most", *FALSE), row[5]
                yield ("step", "at most", *MISSED), row[8]
            if item := _SHARES.get(caption):
                yield from (
                    (("share", source, item, row[0].lower()), text)
                    for source, text in zip(("npd", "cis"), row[1:], strict=True)
                )


def _side(name: str) -> tuple[str]:
    return ("left",) if "NPD" in name.split(": ")[-1] else ("right",)


def exposed_counts(
    evaluation: dict[str, Any], pages: Iterable[tuple[tuple[str, ...], str]]
) -> dict[tuple[str, ...], int]:
    """Counts below ten that an attacker calculates from all pages, or knows to be below
    ten.
    """
    (step,), people = evaluation["steps"], evaluation["spine"]["people"]
    of_step, counts, sums = StepCounts(step), {("spine", "people"): people}, []

    def add_part(whole: tuple[str, ...], key: tuple[str, ...], count: int) -> None:
        counts.update({key: count, ("rest", *whole, *key): counts[whole] - count})
        sums.append(Sum(whole, (key, ("rest", *whole, *key))))

    for source, spine in zip(
        evaluation["sources"], evaluation["spine"]["by_source"], strict=True
    ):
        of = ("source", source["source"])
        counts |= {
            (*of, "read"): source["rows_read"],
            (*of, "records"): source["records"],
            (*of, "people"): source["entities"],
        }
        add_part((*of, "read"), (*of, "quarantined"), source["quarantined"])
        sums.append(Sum((*of, "read"), ((*of, "quarantined"), (*of, "records"))))
        for row in source["completeness"]:
            add_part(
                (*of, "people"), (*of, "present", row["identifier"]), row["present"]
            )
            add_part(
                (*of, "present", row["identifier"]),
                (*of, "several", row["identifier"]),
                row["several"],
            )
        for whole in (("spine", "people"), (*of, "people")):
            add_part(whole, ("spine", "of", source["source"]), spine["people"])
    unpublished = {key for key in counts if key[0] == "rest"} | {
        ("step", *key) for key in of_step.unpublished
    }
    counts |= {("step", *key): count for key, count in of_step.counts.items()}
    sums += [
        Sum(("step", *sum_of.total), tuple(("step", *key) for key in sum_of.parts))
        for sum_of in of_step.sums
    ]
    sums += [
        Sum(("source", step[side], "people"), (("step", side, "total", "", "all"),))
        for side in ("left", "right")
    ]
    shown_keys = set()
    for key, text in pages:
        number = re.fullmatch(r"(at least )?([\d,.]+)", text)
        if (
            key[0] == "share" and number
        ):  # to a tenth of a per cent: of fewer than a thousand people the count
            shown_keys.add(("source", key[1], key[2], key[3]))
        elif number and number[1]:
            part, base = (
                key[2:],
                ("judged", "assessed") if key[2:] == FALSE else ("true", "all"),
            )
            upper_bound = math.floor(
                (1 - float(number[2]) / 100) * counts["step", *base] + 1e-9
            )
            counts |= {
                key: upper_bound,
                ("slack", *key): upper_bound - counts["step", *part],
            }
            sums.append(Sum(key, (("step", *part), ("slack", *key))))
            shown_keys.add(key)
        elif number and key[1] != "at most":
            assert counts[key] == int(text.replace(",", "")), key
            shown_keys.add(key)
    hidden_keys = set(counts) - shown_keys
    small = {
        key: ProtectionLevel(lower=10)
        for key, n in counts.items()
        if 0 < n < 10 and key[0] != "slack"
    }
    assert not {key: counts[key] for key in set(small) & shown_keys}
    keys = disclosed(
        exact_bounds(counts, sums, unpublished=unpublished & hidden_keys),
        hidden_keys,
        small,
    )
    return {key: counts[key] for key in keys}


@cache
def _counts_by_interval() -> dict[tuple[str, str, str], list[tuple[int, int]]]:
    """Counts by the text of their share and interval."""
    counts: dict[tuple[str, str, str], list[tuple[int, int]]] = {}
    for of in range(10, _LARGEST):
        for part in range(of + 1):
            share = wilson(part, of)
            text = tuple(
                f"{100 * (share[bound] or 0.0):.2f}"
                for bound in ("value", "low", "high")
            )
            counts.setdefault(text, []).append((part, of))  # type: ignore[arg-type]
    return counts


def recovered_counts(
    page: str, groups: dict[str, dict[str, int]]
) -> set[tuple[str, str]]:
    """Suppressed counts that an interval or an estimate of another table discloses:
    group and what it discloses.
    """
    tables = tables_of(page)
    rates = next(
        (
            table
            for table in tables
            if table[0][:4] == ["Characteristic", "Group", "All", "Eligible"]
        ),
        None,
    )
    hidden_groups = (
        {row[1] for row in rates[1:] if "c" in (row[3], row[4], row[5])}
        if rates
        else set(groups)
    )
    disclosures = set()
    for table in tables:
        starts = [n for n, head in enumerate(table[0]) if head.endswith("%")]
        for row in table[1:]:
            for start in starts:
                if len(row) < 2 or not (group := groups.get(row[1])):
                    continue
                text = tuple(row[start : start + 3])
                counts = _counts_by_interval().get(text, [])  # type: ignore[arg-type]
                small = {group[key] for key in ("wrong", "found", "linked")} | {
                    group["in_both"] - group["found"]
                }
                if row[1] in hidden_groups and text[0] not in ("c", "z", "x"):
                    disclosures.add(
                        (row[1], table[0][start])
                    )  # a table shows what the link rates hide
                if len(counts) == 1 and any(
                    0 < n < 10 and n in small
                    for n in (counts[0][0], counts[0][1] - counts[0][0])
                ):
                    disclosures.add((row[1], table[0][start]))
    return disclosures


@pytest.mark.parametrize(
    "seeds",
    [range(20), pytest.param(range(20, 220), marks=pytest.mark.slow)],
    ids=["20", "200"],
)
def test_no_suppressed_count_is_recovered_from_a_finished_page(
    evaluation: dict[str, Any], seeds: range, tmp_path: Path
) -> None:
    disclosed_counts = {}
    for seed in seeds:
        example, groups = population(evaluation, seed)
        page = render(Inputs(example), tmp_path / "index.html").read_text(
            encoding="utf-8"
        )
        disclosed_counts |= {
            (seed, *place): groups[place[0]] for place in recovered_counts(page, groups)
        }
    assert not disclosed_counts


@pytest.mark.parametrize(
    "seeds",
    [range(10), pytest.param(range(10, 210), marks=pytest.mark.slow)],
    ids=["10", "200"],
)
def test_linked_tables_of_report_dashboard_and_comparison_recover_no_small_count(
    evaluation: dict[str, Any],
    seeds: range,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two runs, their reports, the second's changes since the first, and a dashboard of
    both; without rounding.
    """
    profile = disclosure.load().model_copy(update={"round_to": 1})
    monkeypatch.setattr(disclosure, "load", lambda _: profile)
    for seed in seeds:
        runs = [linked_population(evaluation, 2 * seed + n) for n in (0, 1)]
        reports = [
            render(Inputs(runs[0]), tmp_path / "0.html"),
            render(Inputs(runs[1], drift=drift(*runs)), tmp_path / "1.html"),
        ]
        manifest = {"status": "done", "configuration": {}}
        write_site(
            RunsBelow(
                [Run(str(n), tmp_path, manifest, one) for n, one in enumerate(runs)], []
            ),
            tmp_path / "site",
        )
        pages = [
            page.read_text(encoding="utf-8")
            for page in (tmp_path / "site").glob("*.html")
        ]
        first, second = (page.read_text(encoding="utf-8") for page in reports)
        for n, example in enumerate(runs):
            statements = [
                *facts((first, second)[n], 1),
                *(one for page in pages for one in facts(page, n)),
            ]
            assert not exposed_counts(
                example, [*statements, *(facts(second, 0) if n == 0 else ())]
            ), seed


def test_figures_of_hidden_counts_do_not_depend_on_their_division(
    evaluation: dict[str, Any], tmp_path: Path
) -> None:
    """Four and five links at two levels, or five and four: stability index, differences
    and draws are the same.
    """
    texts = set()
    for first, second in ((4, 5), (5, 4)):
        example = linked_population(evaluation, 5)
        (step,) = example["steps"]
        links = sum(row["pairs"] for row in step["decisions"])
        levels = [first, second, 50, links - 50 - first - second]
        step["levels"] = [
            {"comparison": "surname", "level": n, "links": count}
            for n, count in enumerate(levels)
        ]
        changes = drift(linked_population(evaluation, 5), example)
        texts.add(
            render(Inputs(example, drift=changes), tmp_path / "index.html").read_text(
                encoding="utf-8"
            )
        )
    assert len(texts) == 1


def test_a_bound_of_precision_is_the_same_for_every_number_below_the_threshold() -> (
    None
):
    d, texts = Disclosure(disclosure.load()), set()
    for false in range(1, 10):
        counts = {("false",): false, ("correct",): 12_000 - false, ("all",): 12_000}
        sums = [Sum(("all",), (("correct",), ("false",)))]
        cells, bounds = d.release(
            counts, sums, unpublished=(), bases={("false",): ("all",)}
        )
        texts.add((cells["false",].text, bounds["false",].text))
    assert texts == {("c", "at least 99.9")}


def test_a_report_on_own_files_has_exact_counts_until_published(
    evaluation: dict[str, Any], tmp_path: Path
) -> None:
    example, groups = population(evaluation, 1)
    (tmp_path / "quality").mkdir()
    (tmp_path / "quality" / "evaluation.json").write_text(
        json.dumps(example), encoding="utf-8"
    )
    manifest = {
        "format": FORMAT,
        "run": "a.csv to b.csv",
        "configuration": {"source": {"left": {"file": "a.csv"}}},
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    exact_page, published_page = (
        render_run(tmp_path, (), name).read_text(encoding="utf-8")
        for name in (None, "leo_publication")
    )
    rates = next(
        table
        for table in tables_of(exact_page)
        if table[0][:3] == ["Characteristic", "Group", "All"]
    )
    assert [row[2:5] for row in rates[1:]] == [
        [str(row[key]) for key in ("all", "eligible", "linked")]
        for row in groups.values()
    ]
    assert "not to be published" in exact_page
    assert "not to be published" not in published_page


def test_a_weight_of_zero_counts_in_favour() -> None:
    assert [kind_of(weight) for weight in (0.0, 1.0, -1.0)] == ["for", "for", "against"]
    assert kind_of(0.0, is_sum=True) == "sum"

"""The page of an explanation: the sums that it draws, what it says in words, and no barrier in a browser."""

import copy
from pathlib import Path
from typing import Any

import pytest
from quality.explain.page.bars import Bar, bars, likelihood, signed
from quality.explain.page.others import without
from quality.explain.page.pair import headlines, limits_on_total, setting
from quality.explain.page.waterfall import draw

from linkage.catalogue import shipped
from linkage.cli.explained import show
from quality.explain.page import render_explanation, statement, title
from quality.report.names import Names
from tests.quality.browsing import RULES, barriers, opened


def compared(name: str, level: str, bits: float, adjustment: float | None = None) -> dict[str, Any]:
    return {
        "comparison": name,
        "level": level,
        "known": level != "not known",
        "m": 0.5,
        "u": 0.25,
        "bits": bits,
        "adjusted": adjustment is not None,
        "adjustment": adjustment or 0.0,
    }


def changed(comparison: str, level: str, bits: float, by: float, would_be: str, crosses: bool) -> dict[str, Any]:
    return {
        "comparison": comparison,
        "level": level,
        "bits": bits,
        "changed_by": by,
        "match_weight": 2.0 + by,
        "total": 5.0 + by,
        "would_be": would_be,
        "crosses": crosses,
    }


def unit(number: int, *entities: tuple[int, str]) -> dict[str, Any]:
    return {"unit_id": number, "entities": [{"entity_id": e, "source": s} for e, s in entities]}


PAIR: dict[str, Any] = {
    "run": "small",
    "kind": "pair",
    "step": {"name": "npd-ilr", "left": "npd", "right": "ilr", "cardinality": "one-to-one"},
    "units": {"left": unit(3, (3, "npd")), "right": unit(9, (9, "ilr"), (12, "ilr"))},
    "outcome": {
        "decision": "review",
        "reason": "below threshold",
        "in_words": ["It weighs +2.00.", "A link needs +4.25."],
    },
    "made_by": "rule 1",
    "probability": 0.9,
    "weight": {
        "prior": -10.0,
        "comparisons": [
            compared("forename", "equal", 6.0, 2.5),
            compared("surname", "differs", -4.5),
            compared("dob", "equal", 8.0),
            compared("postcode", "not known", 0.0),
        ],
        "match_weight": 2.0,
        "gain": 3.0,
        "total": 5.0,
        "probability": 0.96969,
    },
    "thresholds": {
        "accept": 4.25,
        "review": 0.0,
        "margin": 3.0,
        "floor": -3.0,
        "accept_total": 7.25,
        "review_total": 3.0,
    },
    "rivals": [{"side": "left", "unit_id": 8, "match_weight": 1.0, "lead": 1.0, "decision": "rejected"}],
    "reach": {
        "passes": [
            {
                "pass": "uln-dob",
                "why": "w",
                "equal": [
                    {"condition": "uln", "says": "not known on the left"},
                    {"condition": "dob", "says": "agrees"},
                ],
                "one_of": [{"condition": "surname", "says": "differs"}],
                "holds": False,
                "came_to": "does not hold",
            }
        ],
        "rules": [{"rule": 1, "conditions": [{"condition": "dob", "says": "agrees"}], "holds": True}],
    },
    "changes": {
        "levels": [
            changed("surname", "equal", 9.0, 13.5, "accepted", True),
            changed("surname", "not known", 0.0, 4.5, "accepted", True),
            changed("postcode", "differs", -1.0, -1.0, "review", False),
        ],
        "settings": [
            {"setting": "accept_probability", "now": 0.95, "needed": "at most", "value": 0.8586, "then": "accepted"}
        ],
    },
}
RECORD: dict[str, Any] = {
    "run": "small",
    "kind": "record",
    "entity_id": 3,
    "steps": [
        {
            "step": PAIR["step"],
            "side": "left",
            "unit": PAIR["units"]["left"],
            "unlinked": "in review",
            "met": 1,
            "rules_not_followed": [2],
            "candidates": [
                {
                    "unit": PAIR["units"]["right"],
                    "match_weight": 2.0,
                    "probability": 0.97,
                    "runner_up_weight": None,
                    "made_by": "rule 1",
                    **PAIR["outcome"],
                }
            ],
            "best": PAIR,
        }
    ],
}
PERSON: dict[str, Any] = {
    "run": "small",
    "kind": "person",
    "person_id": 3,
    "entities": [
        {"entity_id": 3, "source": "npd", "band": "first seen here"},
        {"entity_id": 9, "source": "ilr", "band": "strong"},
        {"entity_id": 12, "source": "ilr", "band": "strong"},
    ],
    "links": [
        {"step": "npd-ilr", "left": [3], "right": [9], "made_by": "uln-dob", "match_weight": 30.0, "probability": 1 - 1e-9,
         "margin": None, "splits": [[3, 12], [9]]},
        {"step": "npd-ilr", "left": [3], "right": [12], "made_by": "rule 1", "match_weight": 6.0, "probability": 0.98,
         "margin": 4.0, "splits": [[3, 9], [12]]},
    ],
    "weakest": 1,
    "parted": [{"step": "npd-ilr", "entities": [3, 14], "match_weight": 5.5, "rule": "two birth dates"}],
    "conflicts": [{"what": "no dob in common", "entities": [3, 12]}],
}  # fmt: skip


def test_each_bar_starts_where_the_one_before_it_ended() -> None:
    drawn = bars(PAIR["weight"], Names(shipped()))
    assert [(bar.name, bar.note, bar.start, bar.end, bar.number) for bar in drawn] == [
        ("Two records at random", "before any comparison", 0.0, -10.0, "−10.00"),
        ("Forename", "equal", -10.0, -4.0, "+6.00"),
        ("Forename, how common", "a rare value", -4.0, -1.5, "+2.50"),
        ("Surname", "differs", -1.5, -6.0, "−4.50"),
        ("Date of birth", "equal", -6.0, 2.0, "+8.00"),
        ("Postcode", "not known", 2.0, 2.0, "0.00"),
        ("Match weight", "", 0.0, 2.0, "2.00"),
        ("One partner at most", "most units of the step have one", 2.0, 5.0, "+3.00"),
        ("Total", "", 0.0, 5.0, "5.00"),
    ]


def test_without_a_gain_the_match_weight_is_the_total() -> None:
    drawn = bars({**PAIR["weight"], "gain": 0.0, "total": 2.0}, Names(shipped()))
    assert [bar.name for bar in drawn if bar.is_sum] == ["Match weight"]


@pytest.mark.parametrize("narrow", [False, True])
def test_what_speaks_against_is_of_another_shape(narrow: bool) -> None:
    svg = draw(bars(PAIR["weight"], Names(shipped())), [("A link needs", 7.25)], narrow=narrow)
    assert svg.count('class="for"') == 4
    assert svg.count('class="against"') == 2
    assert svg.count('class="sum"') == 3  # two sums, and a comparison of which nothing is known
    assert "A link needs 7.25" in svg
    assert 'width="0' not in svg


def test_a_narrow_drawing_says_how_common_a_value_is_within_its_width() -> None:
    """It has room for some forty letters."""
    given = compared("surname_given_postcode", "surname: equal", 0.0, -12.4)
    pair = {"prior": -14.0, "comparisons": [given], "match_weight": -26.4, "gain": 0.0, "total": -26.4}
    drawn = draw(bars(pair, Names(shipped())), [], narrow=True)
    assert ">Surname given postcode: a common value</text>" in drawn


def test_a_pair_without_a_rival_is_not_said_to_lack_a_lead() -> None:
    lead = headlines({**PAIR, "rivals": []})[-1]
    assert (lead.label, lead.text) == ("Lead", "no rival")


def test_a_long_name_is_squeezed_into_its_room_and_a_very_long_one_cut() -> None:
    """Date of birth given surname postc… left out what it was about."""
    name = "Date of birth given surname postcode"
    drawn = draw([Bar(name, "dob: equal", 0.0, -7.4), Bar(name * 2, "", 0.0, 1.0)], [])
    assert f'textLength="246" lengthAdjust="spacingAndGlyphs">{name}</text>' in drawn
    assert "…</text>" in drawn
    assert name * 2 not in drawn


@pytest.mark.parametrize(
    ("probability", "shown"),
    [(0.5, "0.50"), (0.9273, "0.93"), (0.99995, "0.999950"), (0.0004, "0.0004"), (1.0, "over 0.999999999999")],
)
def test_a_probability_shows_as_many_nines_as_it_has(probability: float, shown: str) -> None:
    assert likelihood(probability) == shown


def test_a_changed_setting_is_rounded_so_that_it_has_its_effect() -> None:
    change = PAIR["changes"]["settings"][0]
    assert setting(change) == "accept_probability at most 0.85 (now 0.95)"  # 0.86 would be too much
    assert setting({**change, "needed": "above"}) == "accept_probability above 0.86 (now 0.95)"
    far = {**change, "needed": "above", "value": 0.999999955}
    assert setting(far) == "accept_probability above 0.999999955 (now 0.95)"
    margin = {"setting": "margin", "now": 3.0, "needed": "at most", "value": 1.239, "then": "accepted"}
    assert setting(margin) == "margin at most 1.23 (now 3)"


def test_a_weight_has_its_sign() -> None:
    assert [signed(x) for x in (1.5, -0.004, -2.0)] == ["+1.50", "0.00", "−2.00"]


def test_what_a_person_loses_without_a_link() -> None:
    assert without({"splits": [[3, 12], [9]]}) == "9 would part"
    assert without({"splits": []}) == "still one person"


def test_a_page_says_first_what_it_comes_to() -> None:
    assert title(PAIR) == "Why a pair is for review"
    assert title({**PAIR, "outcome": {**PAIR["outcome"], "decision": "accepted"}}) == "Why a pair was linked"
    assert title({**PAIR, "outcome": {**PAIR["outcome"], "decision": "not kept"}}) == "Why a pair was not linked"
    assert statement(PAIR) == (
        "Step npd-ilr, left unit 3 and right unit 9: for review. It weighs +2.00. A link needs +4.25."
    )
    assert statement(RECORD) == "Entity 3. npd-ilr: Not linked: in review."
    assert "1 thing contradicts it" in statement(PERSON)


def test_the_title_says_of_whom_a_page_is(tmp_path: Path) -> None:
    pages = [render_explanation(found, tmp_path / "page.html").read_text() for found in (PAIR, RECORD, PERSON)]
    assert [page.partition("<title>")[2].partition("</title>")[0] for page in pages] == [
        "Why a pair is for review: 3 and 9", "What a record met: 3",
        f"What holds a person together: {PERSON['person_id']}",
    ]  # fmt: skip


def test_what_a_link_needs_is_named_for_its_scale(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pair weighs 2 by itself and 5 in total: the line across the bars is of the total, and says so."""
    monkeypatch.setenv("COLUMNS", "200")
    show(PAIR)
    shown = capsys.readouterr().out
    assert "| a link needs in total 7.25" in shown
    assert "a link needs a match weight of 4.25 (in total 7.25); review from 0.00 (in total 3.00)" in shown
    free = copy.deepcopy(PAIR)
    free["weight"] |= {"gain": 0.0, "total": 2.0}
    free["thresholds"] |= {"accept_total": 4.25, "review_total": 0.0}
    assert limits_on_total(free) == [("A link needs", 4.25), ("Review from", 0.0)]


def test_a_run_that_wrote_no_passes_down_is_shown_all_the_same(tmp_path: Path) -> None:
    old = copy.deepcopy(PAIR)
    old["reach"]["passes"] = None
    old["rivals"], old["changes"]["settings"] = [], []
    page = render_explanation(old, tmp_path / "page.html").read_text()
    assert "did not write its passes down" in page
    assert "Neither unit has another pair" in page
    assert "No threshold of the step" in page


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("explanations")
    return {
        found["kind"]: render_explanation(found, folder / f"{found['kind']}.html") for found in (PAIR, RECORD, PERSON)
    }


@pytest.mark.browser
@pytest.mark.parametrize("kind", ["pair", "record", "person"])
@pytest.mark.parametrize("width", [1280, 320])
def test_no_barrier_and_no_request(browser: Any, pages: dict[str, Path], kind: str, width: int) -> None:
    page, requests, faults = opened(browser, pages[kind], viewport={"width": width, "height": 900})
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    assert barriers(page, type="tag", values=RULES) == []
    assert requests == [pages[kind].as_uri()]
    assert faults == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.context.close()


@pytest.mark.browser
@pytest.mark.parametrize("how", [{"color_scheme": "dark"}, {"forced_colors": "active"}], ids=["dark", "forced-colours"])
def test_enough_contrast_in_other_colours(browser: Any, pages: dict[str, Path], how: dict[str, Any]) -> None:
    page, _, _ = opened(browser, pages["pair"], **how)
    assert barriers(page, type="rule", values=["color-contrast"]) == []
    page.context.close()

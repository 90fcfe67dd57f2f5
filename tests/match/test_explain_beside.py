"""What decided of a pair beside its weight is told: twins, second records, limits, optimal assignment, the spine."""

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from linkage.catalogue import shipped
from linkage.engine import Engine, connect
from linkage.match import link_step
from linkage.match.resolution.resolve import Thresholds
from linkage.model import from_dict
from quality.explain.opening import OpenStep, further_of, written_passes
from quality.explain.page.bars import bars
from quality.explain.page.others import linked_in_words
from quality.explain.pair import explain_pair, weight_as_dict
from quality.explain.record import explain_record
from quality.explain.sides import FileSide
from quality.explain.weighing import Part, Weighed
from quality.report.names import Names
from tests.conftest import parse
from tests.match.exact_model import exact_model, units
from tests.match.test_match_step import PASS, STEP

HEAD = "unit_id | forename | surname | dob:text   | sex | postcode | nino"
JO = "JO | JONES | 1993-01-02 | F | P4"  # 17 with herself
ANNA = "ANNA | JONES | 1993-01-02 | F | P4"  # 8 with Jo
MOVED = "JO | JONES | 1993-01-02 | F | P9"  # 9 with Jo


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with connect("duckdb", threads=1) as opened:
        yield opened


def opened(engine: Engine, left: list[str], right: list[str], **step: Any) -> OpenStep:
    """A step that was linked, as `leo explain` opens it."""
    tables = {
        side: engine.from_arrow(
            parse("\n".join([HEAD, *(f"{number} | {line}" for number, line in enumerate(lines, start))]))
        )
        for side, lines, start in (("left", left, 1), ("right", right, 11))
    }
    config, model = STEP.model_copy(update=step), exact_model()
    sides = [units(engine, side, table) for side, table in tables.items()]
    found = link_step(engine, config, sides[0], sides[1], rules=[PASS], model=model)
    return OpenStep(
        step=config,
        model=model,
        passes=written_passes(found.summary["passes"]),
        thresholds=Thresholds(**found.summary["thresholds"]),
        links=found.links,
        unlinked=found.unlinked,
        sides={side: FileSide(engine, side, table) for side, table in tables.items()},
        further=further_of(found.summary),
    )


def told(engine: Engine, step: OpenStep, left: int, right: int) -> tuple[str, str | None, str, list[Any]]:
    """Decision, reason, all sentences, and the settings that would change it, without their present values."""
    found = explain_pair(engine, step, left, right)
    settings = [(row["setting"], row["needed"], row["value"], row["then"]) for row in found["changes"]["settings"]]
    outcome = found["outcome"]
    return outcome["decision"], outcome["reason"], " ".join(outcome["in_words"]), settings


def test_twins_are_named_with_the_rule_and_the_setting_that_would_trust_the_model(engine: Engine) -> None:
    step = opened(engine, [f"{JO} | -"], [f"{ANNA} | -"])
    decision, reason, words, settings = told(engine, step, 1, 11)
    assert (decision, reason) == ("rejected", "twin")
    assert "The rule 'twin' says that they are two people: Of pairs of one surname" in words
    assert settings == [("twins", "set to", "model", "accepted")]


def test_a_second_record_says_whose_it_is_and_what_the_two_weigh(engine: Engine) -> None:
    step = opened(engine, [f"{JO} | -"], [f"{JO} | -", f"{MOVED} | -"], duplicates="join")
    decision, reason, words, settings = told(engine, step, 1, 12)
    assert (decision, reason, settings) == ("accepted", "another record of the same person", [])
    likely = (
        "what it shares with the left unit or with right unit 11, which the left unit is linked to, makes it 100.0%"
    )
    assert f"Second records join right unit 12: {likely} likely another record of the same person" in words


def test_one_that_does_not_join_says_what_it_lacks(engine: Engine) -> None:
    left = opened(engine, [f"{JO} | -"], [f"{JO} | -", f"{MOVED} | -"])
    assert told(engine, left, 1, 12)[:2] == ("rejected", "a better partner")
    assert "second record" not in told(engine, left, 1, 12)[2]
    stranger = "JO | JONES | 1993-01-02 | M | P9"  # 5 + 6 + 8 - 4 - 1 - 10 = 4 with Jo
    joining = opened(engine, [f"{JO} | -"], [f"{JO} | -", f"{stranger} | -"], duplicates="join")
    decision, _, words, _ = told(engine, joining, 1, 12)
    assert decision == "rejected"
    assert "does not join as a second record: it would have to weigh" in words
    others = [f"P{n} | Q{n} | 1960-01-{n:02} | M | P{n} | -" for n in range(11, 29)]  # any of them may be hers
    fits = opened(engine, [f"{JO} | -"], [f"{JO} | -", f"{MOVED} | -", *others], duplicates="join", accept_weight=9)
    decision, _, words, _ = told(engine, fits, 1, 12)
    assert decision == "rejected"
    assert "The right unit does not join as a second record: what it shares" in words
    assert "where 99.8% is asked for" in words


def test_who_holds_enough_is_told_with_the_number_that_would_do(engine: Engine) -> None:
    right = [f"{JO} | -", f"{JO} | -", f"{MOVED} | -"]
    step = opened(engine, [f"{JO} | -"], right, cardinality="one-to-many", most_right=2)
    decision, reason, words, settings = told(engine, step, 1, 13)
    assert (decision, reason) == ("rejected", "the person holds enough records")
    assert "The left unit holds 2 of the right already that weigh more (most_right = 2)." in words
    assert settings == [("most_right", "at least", 3, "accepted")]


def test_the_heaviest_set_of_pairs_is_told_where_it_decided(engine: Engine) -> None:
    """Greedy takes 1 with 11 (17), and leaves 2 alone; together 1 with 12 and 2 with 11 weigh more."""
    links = parse("""
        left_id | right_id | method        | pass   | match_weight:float | match_probability:float | runner_up_weight:float | decision | reason
        1       | 11       | probabilistic | rule 1 | 12.0               | 0.1                     | -                      | rejected | a better partner
        1       | 12       | probabilistic | rule 1 | 11.5               | 0.9                     | 5.1                    | accepted | -
        2       | 11       | probabilistic | rule 1 | 11.9               | 0.9                     | 5.5                    | accepted | -
    """)
    given = opened(engine, [f"{JO} | -", f"{MOVED} | -"], [f"{JO} | -", f"{MOVED} | -"], assignment="optimal")
    step = replace(given, links=engine.from_arrow(links))
    _, reason, words, settings = told(engine, step, 1, 11)
    assert (reason, settings) == ("a better partner", [])
    assert "The pairs that take its units, of +11.50 and +11.90, are part of the best set of pairs" in words
    _, _, words, _ = told(engine, step, 1, 12)
    assert "The best set of pairs of all who contend would weigh" in words


def test_a_link_that_the_spine_did_not_follow_says_so(engine: Engine) -> None:
    cuts = pa.table({"left_id": [1], "right_id": [11], "rule": ["two birth dates"]})
    step = replace(opened(engine, [f"{JO} | -"], [f"{JO} | -"]), cuts=engine.from_arrow(cuts))
    found = explain_pair(engine, step, 1, 11)["outcome"]
    assert (found["decision"], found["parted"]) == ("accepted", "two birth dates")
    assert "one person of both would have two birth dates: A birth date does not change" in found["in_words"][-1]
    (met,) = explain_record(engine, [step], 1, side="left")["steps"]
    assert met["candidates"][0]["parted"] == "two birth dates"
    assert "parted" not in explain_pair(engine, replace(step, cuts=None), 1, 11)["outcome"]


def test_a_record_that_people_linked_elsewhere_was_linked_by_no_pass(engine: Engine) -> None:
    step = opened(engine, [f"{JO} | N1"], [f"{JO} | N1", f"{MOVED} | -"])
    decided = engine.sql(
        "select * replace ('override' as method, 'override' as pass) from {t} where right_id = 11", t=step.links
    )
    _, reason, words, _ = told(engine, replace(step, links=decided), 1, 12)
    assert reason == "people linked one of them elsewhere"
    assert "The left unit was linked to another unit by people before the model was asked." in words


def test_a_record_with_more_links_than_are_shown_is_said_to_have_all(engine: Engine) -> None:
    """Ten candidates are shown, and that was the number of links."""
    step = opened(engine, [f"{JO} | -"], [f"{JO} | -"] * 12, cardinality="one-to-many")
    found = explain_record(engine, [step], 1, side="left")
    (met,) = found["steps"]
    assert (len(met["candidates"]), met["joined"]) == (10, 12)
    assert linked_in_words(met) == "Linked to 12."


def test_bars_of_a_history_add_up_to_the_match_weight() -> None:
    """A name of another time counts by its rarest value, and the bar of that was left out."""
    levels = [
        {"sql_condition": '"surname_l" IS NULL OR "surname_r" IS NULL', "is_null_level": True},
        {"sql_condition": '"surname_l" = "surname_r"', "m_probability": 0.5, "u_probability": 0.25},
        {
            "sql_condition": 'list_has_any("surname_all_l", "surname_all_r")',
            "m_probability": 0.25,
            "u_probability": 0.125,
        },
        {"sql_condition": "ELSE", "m_probability": 0.25, "u_probability": 0.625},
    ]
    history = {
        "output_column_name": "surname",
        "comparison_description": "surname by the rarest value that both ever held",
        "comparison_levels": levels,
    }
    back = {
        "output_column_name": "surname_given_postcode",
        "comparison_description": "surname given postcode",
        "comparison_levels": [
            levels[0],
            {**levels[1], "tf_adjustment_column": "surname", "tf_adjustment_weight": -1.0},
            levels[3],
        ],
    }
    model = from_dict({"comparisons": [history, back], "probability_two_random_records_match": 0.5})
    parts = (
        Part(model.comparisons[0], model.comparisons[0].levels[2], 3.0),
        Part(model.comparisons[1], model.comparisons[1].levels[1], -3.0),
    )
    pair = Weighed(1, 11, parts, sum(part.weight for part in parts))
    step: Any = SimpleNamespace(model=model, thresholds=Thresholds(8.0, 0.0, 3.0))
    drawn = bars(weight_as_dict(step, pair), Names(shipped()))
    assert drawn[-1].is_sum
    assert drawn[-2].end == pytest.approx(drawn[-1].end)
    assert [bar.note for bar in drawn if "how common" in bar.name] == ["a rare value", "taken back"]

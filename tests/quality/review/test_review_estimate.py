"""Clerical review: strata, allocation, the draw, reviewers' answers and the estimates
for all pairs.
"""

import datetime
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.engine import Engine, Table
from linkage.engine import rows as engine_rows
from linkage.errors import InputError
from quality.measures.estimated_error import (
    MISSED_WITHIN,
    UNREACHED_WITHIN,
    Unseen,
)
from quality.measures.review_estimates import all_readings
from quality.review.estimate import Answers, estimate
from quality.review.labels import COLUMNS, Origin, labels_of_csv, settled
from quality.review.sample import Sample
from quality.review.strata import Stratum, allot, draw, stratify

BANDS = (0, 10)  # match weight
NOON = datetime.datetime(2026, 3, 1, 12)
OF = Origin(step="s", links="f", run="r", model="m")


def stratum(
    name: str, pairs: int, expected: float | None, *, accepted: bool = True
) -> Stratum:
    return Stratum(name, accepted, "rule 1", None, None, pairs, expected)


def ids(engine: Engine, pairs: Table) -> tuple[Table, Table]:
    """Names of both sides, which are the ids."""
    left, right = (
        engine.sql(
            f"select distinct {side}_id as unit_id, cast({side}_id as varchar) as name "
            f"from {{t}}",
            t=pairs,
        )
        for side in ("left", "right")
    )
    return left, right


@pytest.fixture
def links(engine: Engine) -> Table:
    """100 links of a pass from 10 upwards, 30 of a rule below; 3 of another rule in
    either band; 40 rejected below 0.
    """
    return engine.sql(
        """
        with numbers as (select unnest(generate_series(1, 176)) as n)
        select n as left_id, n + 1000 as right_id,
               case when n <= 100 then 'deterministic' else 'probabilistic'
                   end as method,
               case when n <= 100 then 'strict' when n <= 130 then 'rule 1'
                   when n <= 136 then 'rule 2' else 'rule 1' end
                   as pass,
               cast(case when n <= 100 then 20 when n <= 130 then 5
                   when n <= 133 then 20 when n <= 136 then 5
                         else -5 end as double) as match_weight,
               case when n <= 100 then 1e0 when n <= 136 then 9e-1 else 1e-1
                   end as match_probability,
               case when n <= 136 then 'accepted' else 'rejected' end as decision
        from numbers
        """,
        store=True,
    )


def test_strata_are_passes_by_bands_and_small_ones_are_merged(
    engine: Engine, links: Table
) -> None:
    _, strata = stratify(engine, links, BANDS)
    assert [
        (s.name, s.accepted, s.made_by, s.low, s.high, s.pairs) for s in strata
    ] == [
        ("links|strict|2", True, "strict", 10, None, 100),
        ("links|others|all", True, "others", None, None, 6),
        ("links|rule 1|1", True, "rule 1", 0, 10, 30),
        ("other pairs|rule 1|0", False, "rule 1", None, 0, 40),
    ]
    assert [round(s.expected_errors, 6) for s in strata] == [0.0, 0.1, 0.1, 0.1]


def test_pairs_without_a_weight_are_in_no_band(engine: Engine, links: Table) -> None:
    """A step without a model weighs nothing: its links are not under the lowest
    band.
    """
    pairs = engine.sql(
        "select * replace (cast(null as double) as match_weight) from {t} where "
        "left_id <= 100",
        t=links,
    )
    _, (whole,) = stratify(engine, pairs, BANDS)
    assert (whole.name, whole.low, whole.high, whole.pairs) == (
        "links|strict|-1",
        None,
        None,
        100,
    )


def test_pairs_with_earlier_decisions_are_strata_of_their_own(
    engine: Engine, links: Table
) -> None:
    """Of the 100 strict links 2 were reviewed before, and one of the rejected: strata
    of their own, however small.
    """
    earlier_pairs = engine.from_arrow(
        pa.table({"left_id": [1, 2, 140], "right_id": [1001, 1002, 1140]})
    )
    _, strata = stratify(engine, links, BANDS, earlier_pairs)
    assert [
        (s.name, s.pairs, s.followed)
        for s in strata
        if s.pairs < 3 or s.made_by == "strict"
    ] == [
        ("links reviewed before|strict|2", 2, True),
        ("links|strict|2", 98, False),
        ("other pairs reviewed before|rule 1|0", 1, True),
    ]
    numbers = allot(strata, 20)
    assert numbers["links reviewed before|strict|2"] == 2
    assert sum(numbers.values()) == 20 + 3


def sample(*rows: tuple[int, str, bool]) -> Sample:
    """Pair, stratum, whether an answer was carried to it; in the order of the
    sample.
    """
    pairs = {(pair, pair + 10): stratum for pair, stratum, _ in rows}
    return Sample(
        pairs,
        frozenset((pair, pair + 10) for pair, _, is_carried in rows if is_carried),
        [],
        OF,
    )


def test_carried_answers_represent_no_open_pair() -> None:
    """Of a, which has carried answers, the pairs before the first open one count; of b,
    which has none, all.
    """
    pairs = sample(
        (1, "a", True),
        (2, "b", False),
        (3, "a", False),
        (4, "a", True),
        (5, "b", False),
    )
    answers = settled(
        labels((1, "match", "ann", 0), (4, "match", "ann", 0), (5, "match", "ann", 0))
    )
    assert [pair for (pair, _), _, _ in pairs.representative_answers(answers)] == [1, 5]


def test_answers_are_counted_by_stratum_of_the_pairs_that_were_drawn() -> None:
    pairs = sample((1, "a", False), (2, "a", False), (3, "b", False))
    answers = labels(
        (1, "match", "ann", 0),
        (2, "uncertain", "ann", 0),
        (3, "no match", "ann", 0),
        (9, "match", "ann", 0),
    )
    assert pairs.answers_by_stratum(settled(answers)) == {
        "a": Answers(matches=1, uncertain=1),
        "b": Answers(non_matches=1),
    }


SURE, DOUBTFUL = stratum("sure", 15_000, 1.0), stratum("doubtful", 500, 0.9)


def other(name: str, pairs: int, expected: float = 0.5) -> Stratum:
    return stratum(name, pairs, expected, accepted=False)


@pytest.mark.parametrize(
    ("strata", "size", "fewest", "sizes"),
    [
        # Spreads: root of .01 x .99 (the floor) and of .5 x .5, so 10,000 sure pairs
        # and 1,000 even ones count as 2 to 1.
        (
            [stratum("sure", 10_000, 1.0), stratum("even", 1_000, 0.5)],
            300,
            0,
            [200, 100],
        ),
        # A stratum gives all it has, and at least two.
        (
            [
                stratum("big", 100_000, 0.9),
                stratum("small", 3, 0.5),
                stratum("one", 1, 0.5),
            ],
            50,
            0,
            [47, 2, 1],
        ),
        ([stratum("all of it", 20, 0.5)], 100, 0, [20]),
        # Other pairs have a tenth, shared by Neyman allocation, and the links the rest:
        # 15,000 of .0995 to 500 of .3.
        (
            [SURE, DOUBTFUL, other("near", 45), other("far", 20)],
            400,
            0,
            [327, 33, 28, 12],
        ),
        ([SURE, other("near", 26), other("far", 1)], 400, 0, [373, 26, 1]),
        # Of a small sample so many that a report shows them, or half.
        ([SURE, other("near", 65)], 60, 10, [50, 10]),
        ([SURE, other("near", 65)], 12, 10, [6, 6]),
        # Links have theirs where other pairs are many.
        ([stratum("links", 50, 1.0), other("others", 90_000)], 400, 0, [40, 360]),
        ([stratum("sure", 1_000, 1.0), other("others", 1_000, 0.0)], 100, 0, [50, 50]),
    ],
)
def test_a_sample_is_allotted_to_strata(
    strata: list[Stratum], size: int, fewest: int, sizes: list[int]
) -> None:
    numbers = allot(strata, size, fewest=fewest)
    assert [numbers[s.name] for s in strata] == sizes


@given(
    st.lists(st.tuples(st.integers(1, 5000), st.floats(0, 1)), min_size=1, max_size=12),
    st.integers(1, 2000),
)
def test_an_allocation_is_never_more_than_its_stratum(
    parts: list[tuple[int, float]], size: int
) -> None:
    strata = [
        stratum(str(place), pairs, probability)
        for place, (pairs, probability) in enumerate(parts)
    ]
    numbers = allot(strata, size)
    lower_bound, upper_bound = (
        sum(min(2, s.pairs) for s in strata),
        sum(s.pairs for s in strata),
    )
    assert sum(numbers.values()) == min(max(size, lower_bound), upper_bound)
    assert all(min(2, s.pairs) <= numbers[s.name] <= s.pairs for s in strata)


def test_a_draw_is_the_same_for_its_seed(
    engine: Engine, links: Table, rows: Any
) -> None:
    pairs, _ = stratify(engine, links, BANDS)
    numbers = {"links|strict|2": 10, "links|rule 1|1": 30, "other pairs|rule 1|0": 1}
    first, repeat, other = (
        draw(engine, pairs, numbers, ids(engine, pairs), seed=seed)
        for seed in (1, 1, 2)
    )
    assert rows(first) == rows(repeat) != rows(other)
    counts = engine.sql(
        "select stratum, count(*) as n from {t} group by stratum", t=first
    )
    assert {row["stratum"]: row["n"] for row in engine_rows(engine, counts)} == numbers
    places = sorted(row["place"] for row in engine_rows(engine, first))
    assert places == list(range(1, 42))


@pytest.mark.both_engines
def test_both_engines_draw_the_same_pairs(
    engine: Engine, world: Any, rows: Any
) -> None:
    pairs = world("""
        stratum | left_id | right_id
        a       | 1       | 11
        a       | 2       | 12
        a       | 3       | 13
        b       | 4       | 14
    """)
    assert rows(
        draw(engine, pairs, {"a": 1, "b": 1}, ids(engine, pairs), seed=7)
    ) == rows(
        world("""
        place | stratum | left_id | right_id
        1     | a       | 1       | 11
        2     | b       | 4       | 14
    """)
    )


def labels(
    *answers: tuple[int, str, str, int], carried: str | None = None
) -> list[dict[str, Any]]:
    """Pair, answer, reviewer, minute. "judge" adjudicates."""
    return [
        {
            **dict.fromkeys(COLUMNS.names),
            "left_id": pair,
            "right_id": pair + 10,
            "answer": answer,
            "reviewer": reviewer,
            "role": "adjudicator" if reviewer == "judge" else "reviewer",
            "answered_at": NOON + datetime.timedelta(minutes=minute),
            "carried": carried,
        }
        for pair, answer, reviewer, minute in answers
    ]


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        ([("match", "ann", 0), ("no match", "ann", 5)], "no match"),
        ([("match", "ann", 0), ("match", "bob", 1)], "match"),
        ([("match", "ann", 0), ("no match", "bob", 1)], "uncertain"),
        ([("match", "ann", 0), ("withdrawn", "ann", 1)], None),
        (
            [("match", "ann", 0), ("no match", "bob", 1), ("no match", "judge", 2)],
            "no match",
        ),
        (
            [("uncertain", "ann", 0), ("match", "judge", 1), ("withdrawn", "judge", 2)],
            "uncertain",
        ),
    ],
)
def test_one_answer_of_a_pair_is_settled(
    answers: list[tuple[str, str, int]], outcome: str | None
) -> None:
    assert (
        settled(labels(*((1, *answer) for answer in answers))).get((1, 11)) == outcome
    )


def test_an_answer_about_changed_records_does_not_count() -> None:
    answers = labels((1, "match", "ann", 0), carried="changed") + labels(
        (1, "no match", "bob", 1)
    )
    answers += labels((2, "match", "ann", 0), carried="unchanged")
    assert settled(answers) == {(1, 11): "no match", (2, 12): "match"}


PAIRS = {(str(n), str(n + 10)): (n, n + 10) for n in (1, 2, 3)}


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_form_is_read_back(tmp_path: Path, separator: str) -> None:
    """Also as a spreadsheet of a country with decimal commas saves it."""
    path = tmp_path / "sample.csv"
    text = (
        "left_id,right_id,answer,reviewer\n1,11, Match "
        ",ann\n2,12,,ann\n3,13,uncertain,\n"
    )
    path.write_text(text.replace(",", separator))
    rows = labels_of_csv(path, OF, NOON, PAIRS).to_pylist()
    assert [
        (row["left_id"], row["answer"], row["reviewer"], row["role"]) for row in rows
    ] == [
        (1, "match", "ann", "reviewer"),
        (3, "uncertain", "unnamed", "reviewer"),
    ]
    assert {(row["step"], row["links"], row["run"], row["model"]) for row in rows} == {
        ("s", "f", "r", "m")
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("left_id,right_id,answer\n1,11,match\n", "no column reviewer"),
        (
            "left_id,right_id,answer,reviewer\n1,11,match,ann\n2,12,perhaps,ann\n",
            "line 3: unknown answer",
        ),
        (
            "left_id,right_id,answer,reviewer\nAB123456C,11,match,ann\n",
            "line 2: this pair is not in the sample",
        ),
        (
            "left_id,right_id,answer,reviewer\n1,11,no match,\n1,11,match,\n",
            "line 3: the same reviewer gives another answer than in line 2",
        ),
    ],
)
def test_a_fault_in_a_form_is_named_without_its_value(
    tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "sample.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as fault:
        labels_of_csv(path, OF, NOON, PAIRS)
    assert "AB123456C" not in str(fault.value)
    assert "perhaps" not in str(fault.value)


def test_two_reviewers_may_differ_and_one_may_repeat_an_answer(tmp_path: Path) -> None:
    path = tmp_path / "sample.csv"
    path.write_text(
        "left_id,right_id,answer,reviewer\n1,11,match,ann\n1,11,no "
        "match,bob\n1,11,match,ann\n"
    )
    assert [
        row["answer"] for row in labels_of_csv(path, OF, NOON, PAIRS).to_pylist()
    ] == ["match", "no match", "match"]


STRATA = [
    stratum("links", 1000, 0.99),
    stratum("doubtful links", 100, 0.8),
    stratum("other pairs", 50, 0.2, accepted=False),
]


def test_a_review_of_all_pairs_has_no_sampling_error() -> None:
    """990 and 80 links are right, and 10 matches were not linked."""
    result = estimate(
        STRATA,
        {
            "links": Answers(990, 10),
            "doubtful links": Answers(80, 20),
            "other pairs": Answers(10, 40),
        },
    )
    precision, recall = result["precision"]["middle"], result["recall"]["middle"]
    assert (
        precision["low"]
        == precision["value"]
        == precision["high"]
        == pytest.approx(1070 / 1100)
    )
    assert (
        recall["low"] == recall["value"] == recall["high"] == pytest.approx(1070 / 1080)
    )


def test_strata_weigh_by_their_pairs_not_by_their_samples() -> None:
    result = estimate(
        STRATA,
        {
            "links": Answers(100, 0),
            "doubtful links": Answers(40, 10),
            "other pairs": Answers(5, 20),
        },
    )
    assert result["precision"]["middle"]["value"] == pytest.approx((1000 + 80) / 1100)
    assert result["recall"]["middle"]["value"] == pytest.approx(1080 / (1080 + 10))
    assert (
        result["precision"]["middle"]["low"]
        < 1080 / 1100
        < result["precision"]["middle"]["high"]
    )


def test_uncertain_answers_widen_the_interval() -> None:
    result = estimate(
        STRATA,
        {
            "links": Answers(96, 0, 4),
            "doubtful links": Answers(50),
            "other pairs": Answers(0, 20, 5),
        },
    )
    assert [
        result["precision"][reading]["value"] for reading in ("low", "middle", "high")
    ] == pytest.approx([1060 / 1100, 1080 / 1100, 1.0])
    recall = [
        result["recall"][reading]["value"] for reading in ("low", "middle", "high")
    ]
    assert recall == pytest.approx([1060 / 1070, 1080 / 1085, 1.0])
    certain = estimate(
        STRATA,
        {
            "links": Answers(96, 4),
            "doubtful links": Answers(50),
            "other pairs": Answers(2, 20),
        },
    )
    assert (
        certain["f1"]["low"] == certain["f1"]["middle"] == certain["f1"]["high"]
    )  # of the same answers


@pytest.mark.parametrize(
    ("unseen", "number_missing", "factor"),
    [
        (Unseen(0.8), 275, UNREACHED_WITHIN),
        (Unseen(dropped=110), 110, MISSED_WITHIN),
    ],
    ids=["no rule", "below the floor"],
)
def test_recall_counts_unscored_matches_known_within_a_factor(
    unseen: Unseen, number_missing: float, factor: float
) -> None:
    """Every scored pair is reviewed and 1,100 match: the interval is that of the
    unscored matches only.
    """
    answers = {
        "links": Answers(1000),
        "doubtful links": Answers(100),
        "other pairs": Answers(0, 50),
    }
    recall = estimate(STRATA, answers, unseen=unseen)["recall"]["middle"]
    assert recall["value"] == pytest.approx(1100 / (1100 + number_missing))
    most, least = number_missing * factor, number_missing / factor
    assert recall["low"] == pytest.approx(1100 / (1100 + most), abs=0.01)
    assert recall["high"] == pytest.approx(1100 / (1100 + least), abs=0.01)


def test_a_first_answer_against_a_link_is_no_error() -> None:
    result = estimate(STRATA, {"links": Answers(0, 1)})
    assert result["precision"]["middle"]["value"] == 0.0


def test_recall_is_unknown_where_only_links_were_reviewed() -> None:
    """It was nearly certain: no unlinked pair had been reviewed, so no match was
    missed.
    """
    links = {"links": Answers(90, 10), "doubtful links": Answers(10)}
    for reading in ("low", "middle", "high"):
        assert estimate(STRATA, links)["recall"][reading]["value"] is None
        assert estimate(STRATA, links)["f1"][reading]["value"] is None
    assert estimate(STRATA, links)["precision"]["middle"]["value"] == pytest.approx(
        1000 / 1100
    )
    assert (
        estimate(STRATA, {**links, "other pairs": Answers(0, 1)})["recall"]["middle"][
            "value"
        ]
        == 1.0
    )
    assert (
        estimate(STRATA[:2], links)["recall"]["middle"]["value"] == 1.0
    )  # the step kept no other pair


def test_a_stratum_without_answers_is_named() -> None:
    result = estimate(STRATA, {"links": Answers(100, 0)})
    assert result["unseen"] == ["doubtful links", "other pairs"]
    assert (result["links"], result["reviewed"]) == (1100, 100)


def test_a_sample_without_errors_does_not_prove_their_absence(rows: Any) -> None:
    """Of 300 of 10,000 links none is false: with 95 % confidence at most about one in a
    hundred is (rule of three).
    """
    result = estimate([stratum("links", 10_000, 0.99)], {"links": Answers(300, 0)})[
        "precision"
    ]["middle"]
    assert (result["value"], result["high"]) == (1.0, 1.0)
    assert 0.980 < result["low"] < 0.991


def test_intervals_hold_the_truth_at_their_confidence() -> None:
    """150 reviews of three strata whose false links are known; benchmarks/review.py
    does it at length.
    """
    strata = [
        stratum(str(n), pairs, probability)
        for n, (pairs, probability) in enumerate(
            [(6000, 0.999), (2000, 0.99), (900, 0.95)]
        )
    ]
    false, rng = {"0": 6, "1": 20, "2": 45}, np.random.default_rng(3)
    numbers = allot(strata, 300)
    coverage = 0
    for number in range(150):
        answers = {}
        for s in strata:
            wrong = int(
                rng.hypergeometric(
                    false[s.name], s.pairs - false[s.name], numbers[s.name]
                )
            )
            answers[s.name] = Answers(numbers[s.name] - wrong, wrong)
        precision = estimate(strata, answers, seed=number)["precision"]["middle"]
        coverage += precision["low"] <= 1 - 71 / 8900 <= precision["high"]
    assert 0.9 <= coverage / 150 <= 0.995


def test_few_unseen_pairs_are_drawn_one_by_one() -> None:
    """Of 34 pairs that were not linked 31 are matches, and 8 are looked at: every
    sample that may come, by how often it does.
    """
    other_pairs = stratum("other pairs|rule 1|1", 34, 0.9, accepted=False)
    links = stratum("links|rule 1|9", 1_000, 1.0)
    coverage = 0.0
    for matches in range(5, 9):
        probability = (
            math.comb(31, matches) * math.comb(3, 8 - matches) / math.comb(34, 8)
        )
        answers = {
            other_pairs.name: Answers(matches, 8 - matches),
            links.name: Answers(1_000),
        }
        recall = estimate([links, other_pairs], answers)["recall"]["middle"]
        coverage += probability * (recall["low"] <= 1_000 / 1_031 <= recall["high"])
    assert (
        coverage > 0.93
    )  # a share alone, which the unseen pairs follow to the last, covers it 87 times of 100


def test_recall_is_narrower_with_more_answers() -> None:
    """Of 65 other pairs 30 are matches, found in the same share among six and among
    forty.
    """
    strata = [SURE, other("near", 65)]
    widths = []
    for matches, reviewed_pairs in ((3, 6), (20, 40)):
        estimates = estimate(
            strata,
            {
                "sure": Answers(360, 0),
                "near": Answers(matches, reviewed_pairs - matches),
            },
        )
        widths.append(
            estimates["recall"]["middle"]["high"] - estimates["recall"]["middle"]["low"]
        )
    assert all(first > second for first, second in pairwise(widths))


def test_a_reviewed_share_is_the_middle_reading_with_the_ends_of_all() -> None:
    readings = {
        "low": {"of": 10, "value": 0.5, "low": 0.25, "high": 0.75},
        "middle": {"of": 10, "value": 0.75, "low": 0.5, "high": 0.875},
        "high": {"of": 10, "value": 1.0, "low": 0.625, "high": 1.0},
    }
    assert all_readings(readings) == {"of": 10, "value": 0.75, "low": 0.25, "high": 1.0}


def test_the_precision_of_a_pass_is_open_by_its_uncertain_answers() -> None:
    strata = [Stratum(name, True, name, None, None, 100, 0.9) for name in ("a", "b")]
    certain, uncertain = Answers(40, 2), Answers(40, 0, 2)

    def by_pass(**answers: Answers) -> list[dict[str, float]]:
        return [row["precision"] for row in estimate(strata, answers)["by_pass"]]

    lower, upper = (
        by_pass(a=certain, b=Answers(42)),
        by_pass(a=Answers(42), b=Answers(42)),
    )
    result = by_pass(a=uncertain, b=Answers(42))
    assert (result[0]["low"], result[0]["value"], result[0]["high"]) == (
        lower[0]["low"],
        41 / 42,
        upper[0]["high"],
    )
    assert result[1] == lower[1]

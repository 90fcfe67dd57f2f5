"""A sample has of pairs that were not linked as many as a report shows anything of, however many links there are."""

from itertools import pairwise

from quality.measures.review_estimates import all_readings
from quality.review.estimate import Answers, estimate
from quality.review.strata import Stratum, allot


def stratum(name: str, pairs: int, expected: float, *, accepted: bool = True) -> Stratum:
    return Stratum(name, accepted, "rule 1", None, None, pairs, expected)


SURE = stratum("sure", 15_000, 1.0)
DOUBTFUL = stratum("doubtful", 500, 0.9)


def test_other_pairs_have_a_tenth_shared_as_neyman_has_it() -> None:
    """Spreads of the others are alike, so that 40 are shared as 45 to 20; the links share what is left."""
    others = [stratum("near", 45, 0.5, accepted=False), stratum("far", 20, 0.5, accepted=False)]
    found = allot([SURE, DOUBTFUL, *others], 400)
    assert (found["near"], found["far"]) == (28, 12)
    assert found["sure"] + found["doubtful"] == 360
    assert found["sure"] > 3 * found["doubtful"]  # 15,000 of the floor's spread .0995 beside 500 of .3


def test_few_other_pairs_are_all_looked_at() -> None:
    others = [stratum("near", 26, 0.5, accepted=False), stratum("far", 1, 0.5, accepted=False)]
    found = allot([SURE, *others], 400)
    assert found == {"sure": 373, "near": 26, "far": 1}


def test_of_a_small_sample_so_many_that_a_report_shows_them_or_half() -> None:
    near = stratum("near", 65, 0.5, accepted=False)
    assert allot([SURE, near], 60, fewest=10) == {"sure": 50, "near": 10}
    assert allot([SURE, near], 12, fewest=10) == {"sure": 6, "near": 6}


def test_links_have_theirs_where_other_pairs_are_many() -> None:
    assert allot([stratum("links", 50, 1.0), stratum("let go", 90_000, 0.5, accepted=False)], 400) == {
        "links": 40,
        "let go": 360,
    }


def test_where_neyman_gives_more_it_is_as_it_was() -> None:
    strata = [stratum("sure", 1_000, 1.0), stratum("let go", 1_000, 0.0, accepted=False)]
    assert allot(strata, 100) == {"sure": 50, "let go": 50}


def test_recall_is_narrower_for_it() -> None:
    """Of 65 other pairs 30 are matches, found in the same share among six and among forty."""
    strata = [SURE, stratum("near", 65, 0.5, accepted=False)]
    widths = []
    for matches, looked in ((3, 6), (20, 40)):
        said = estimate(strata, {"sure": Answers(360, 0), "near": Answers(matches, looked - matches)})
        widths.append(said["recall"]["middle"]["high"] - said["recall"]["middle"]["low"])
    assert all(wide > narrow for wide, narrow in pairwise(widths))


def test_a_reviewed_share_is_the_middle_reading_with_the_ends_of_all() -> None:
    readings = {
        "low": {"of": 10, "value": 0.5, "low": 0.25, "high": 0.75},
        "middle": {"of": 10, "value": 0.75, "low": 0.5, "high": 0.875},
        "high": {"of": 10, "value": 1.0, "low": 0.625, "high": 1.0},
    }
    assert all_readings(readings) == {"of": 10, "value": 0.75, "low": 0.25, "high": 1.0}


def test_a_pass_is_known_as_far_as_uncertain_answers_leave_it_open() -> None:
    strata = [Stratum(name, True, name, None, None, 100, 0.9) for name in ("a", "b")]
    sure, unsure = Answers(40, 2), Answers(40, 0, 2)

    def by_pass(**answers: Answers) -> list[dict[str, float]]:
        return [row["precision"] for row in estimate(strata, answers)["by_pass"]]

    least, most = by_pass(a=sure, b=Answers(42)), by_pass(a=Answers(42), b=Answers(42))
    known = by_pass(a=unsure, b=Answers(42))
    assert (known[0]["low"], known[0]["value"], known[0]["high"]) == (least[0]["low"], 41 / 42, most[0]["high"])
    assert known[1] == least[1]

"""The order of pairs for reviewers, and their agreement."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.review.estimate import agreement
from quality.review.queue import Queue

PAIRS = [(1, 11), (2, 12), (3, 13), (4, 14)]


def labels_of(*labels: tuple[int, str, str]) -> list[dict[str, Any]]:
    """Pair, answer, who gave it. "judge" adjudicates."""
    return [
        {
            "left_id": pair,
            "right_id": pair + 10,
            "answer": answer,
            "reviewer": name,
            "role": "adjudicator" if name == "judge" else "reviewer",
        }
        for pair, answer, name in labels
    ]


def test_two_review_the_first_pairs_and_one_reviews_the_rest() -> None:
    queue = Queue(
        PAIRS,
        labels_of((1, "match", "ann"), (2, "match", "ann"), (3, "match", "ann")),
        doubled=0.5,
    )
    assert (queue.next_for("ann", "reviewer"), queue.next_for("bob", "reviewer")) == (
        4,
        1,
    )
    assert not queue.may_answer(3, "bob", "reviewer")
    assert queue.may_answer(2, "bob", "reviewer")


def test_a_name_in_other_capitals_is_the_same_reviewer() -> None:
    queue = Queue(PAIRS, labels_of((1, "match", "Ann")), doubled=0.5)
    assert (queue.known_as("ann"), queue.known_as("Anna")) == ("Ann", "Anna")


def test_nothing_waits_where_all_have_their_answers() -> None:
    everything = [
        (pair, "match", name) for pair in (1, 2) for name in ("ann", "bob")
    ] + [(3, "match", "ann")]
    queue = Queue(PAIRS, labels_of(*everything, (4, "no match", "bob")), doubled=0.5)
    assert (
        queue.next_for("ann", "reviewer")
        is queue.next_for("bob", "reviewer")
        is queue.next_for("cyd", "reviewer")
        is None
    )
    assert queue.next_for("judge", "adjudicator") is None


def test_an_adjudicator_settles_pairs_in_dispute_or_doubt() -> None:
    labels = labels_of(
        (1, "match", "ann"),
        (1, "no match", "bob"),
        (2, "match", "ann"),
        (3, "uncertain", "bob"),
    )
    queue = Queue(PAIRS, labels, doubled=0.5)
    assert queue.next_for("judge", "adjudicator") == 1
    assert (
        queue.next_for("ann", "adjudicator") == 3
    )  # not the one that she has a view of
    assert queue.answers_of_reviewers(1) == ["match", "no match"]
    assert not queue.may_answer(2, "judge", "adjudicator")
    after = Queue(PAIRS, [*labels, *labels_of((1, "match", "judge"))], doubled=0.5)
    assert after.next_for("judge", "adjudicator") == 3
    assert (after.progress("judge")["open"], after.progress("judge")["settled"]) == (
        1,
        1,
    )
    assert not after.may_answer(1, "cyd", "reviewer")


def test_a_withdrawn_answer_waits_again() -> None:
    labels = labels_of((1, "match", "ann"), (2, "match", "ann"))
    assert Queue(PAIRS, labels, doubled=0.0).last("ann") == 2
    queue = Queue(PAIRS, [*labels, *labels_of((2, "withdrawn", "ann"))], doubled=0.0)
    assert (
        queue.last("ann"),
        queue.next_for("ann", "reviewer"),
        queue.answer(2, "ann"),
    ) == (1, 2, None)
    assert queue.progress("ann")["mine"] == 1


def test_a_pair_open_with_one_reviewer_comes_last_for_others() -> None:
    queue = Queue(PAIRS, labels_of((1, "match", "ann")), doubled=0.0)
    assert queue.next_for("ann", "reviewer", {"ann": 2}) == 2
    assert queue.next_for("bob", "reviewer", {"ann": 2}) == 3
    assert (
        queue.next_for("bob", "reviewer", {"ann": 1, "cyd": 3}) == 2
    )  # ann has answered hers
    assert (
        queue.next_for("bob", "reviewer", {"ann": 2, "cyd": 3, "dan": 4}) == 2
    )  # its reviewer may have gone home
    new_queue = Queue(PAIRS, [], doubled=1.0)
    assert new_queue.next_for("bob", "reviewer", {"ann": 1}) == 1
    assert new_queue.next_for("cyd", "reviewer", {"ann": 1, "bob": 1}) == 2


def test_two_adjudicators_get_different_pairs() -> None:
    queue = Queue(
        PAIRS, labels_of((1, "uncertain", "ann"), (2, "uncertain", "ann")), doubled=0.0
    )
    assert (
        queue.next_for("judy", "adjudicator", {}),
        queue.next_for("jack", "adjudicator", {"judy": 1}),
    ) == (1, 2)
    assert queue.next_for("jack", "adjudicator", {"judy": 1, "jo": 2}) == 1


def test_labels_of_other_pairs_are_left_out() -> None:
    queue = Queue(PAIRS, labels_of((9, "match", "ann")), doubled=0.0)
    assert queue.progress("ann")["answered"] == 0


answers = st.lists(
    st.tuples(
        st.integers(1, 4),
        st.sampled_from(["match", "no match", "uncertain", "withdrawn"]),
        st.sampled_from("ab"),
    )
)


@given(answers, st.sampled_from([0.0, 0.5, 1.0]))
def test_every_pair_is_done_or_waits_for_somebody(
    given_labels: list[tuple[int, str, str]], doubled: float
) -> None:
    """Whatever answers were given and withdrawn, the queue ends with every pair
    done.
    """
    labels = labels_of(*given_labels)
    for name in ("a", "b"):
        while (
            place := Queue(PAIRS, labels, doubled).next_for(name, "reviewer")
        ) is not None:
            assert Queue(PAIRS, labels, doubled).may_answer(place, name, "reviewer")
            labels += labels_of((place, "match", name))
    progress = Queue(PAIRS, labels, doubled).progress("a")
    assert progress["done"] == progress["drawn"] == 4


def test_kappa_of_a_textbook_table() -> None:
    """20 both yes, 15 both no, 5 and 10 apart: agreed 0.7, by chance 0.55 squared and
    0.45 squared.
    """
    cells = [
        ("match", "match", 20),
        ("no match", "no match", 15),
        ("match", "no match", 5),
        ("no match", "match", 10),
    ]
    pair, labels = 0, []
    for first, second, count in cells:
        for _ in range(count):
            pair += 1
            labels += labels_of((pair, first, "ann"), (pair, second, "bob"))
    result = agreement(
        [*labels, *labels_of((1, "no match", "judge"), (999, "match", "ann"))]
    )
    assert (result["pairs"], result["agreed"], result["kappa"]) == (
        50,
        35,
        pytest.approx(0.195 / 0.495),
    )
    # Wilson's bounds of 35 of 50 are 0.5625 and 0.8090.
    bounds = ((0.5625 - 0.505) / 0.495, (0.8090 - 0.505) / 0.495)
    assert (result["low"], result["high"]) == pytest.approx(bounds, abs=1e-3)


def test_three_of_three_agreed_is_not_certain() -> None:
    """Chance agrees in 5 of 9; of 3 of 3 Wilson's bounds are 0.4385 and 1."""
    answers = [(1, "match"), (2, "match"), (3, "no match")]
    result = agreement(
        [
            row
            for pair, answer in answers
            for name in ("ann", "bob")
            for row in labels_of((pair, answer, name))
        ]
    )
    assert (result["pairs"], result["agreed"], result["kappa"], result["high"]) == (
        3,
        3,
        pytest.approx(1),
        pytest.approx(1),
    )
    assert result["low"] == pytest.approx((0.43850 - 5 / 9) / (4 / 9), abs=1e-4)


def test_two_reviewers_with_one_answer_only_count_with_others() -> None:
    """Ann and bob agree on pairs 1 to 4, all matches; ann and cat on 5 and 7, and not
    on 6.
    """
    labels = [
        row
        for pair in (1, 2, 3, 4)
        for name in ("ann", "bob")
        for row in labels_of((pair, "match", name))
    ]
    labels += labels_of(
        (5, "match", "ann"),
        (5, "match", "cat"),
        (6, "no match", "ann"),
        (6, "match", "cat"),
    )
    labels += labels_of((7, "no match", "ann"), (7, "no match", "cat"))
    result = agreement(labels)
    chance = (11 / 14) ** 2 + (3 / 14) ** 2  # eleven of fourteen answers are matches
    assert (result["pairs"], result["agreed"]) == (7, 6)
    assert result["kappa"] == pytest.approx((6 / 7 - chance) / (1 - chance))


def test_no_kappa_where_chance_explains_all() -> None:
    assert (
        agreement(labels_of((1, "match", "ann"), (1, "match", "bob")))["kappa"] is None
    )
    assert agreement([]) == {
        "pairs": 0,
        "agreed": 0,
        "kappa": None,
        "low": None,
        "high": None,
    }

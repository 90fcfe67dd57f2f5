"""Work, study and earners of one place together: what the three tell of those who are in neither."""

from tests.quality.test_outcomes_hiding import FOUR, OTHERS, attacked_in_study


def of_tally(tally: dict[tuple[str, str], tuple[int, int, int, int]]) -> list[tuple[str, str, str]]:
    """Institution and sex to people paid, in work and study, in study alone and in neither."""
    return [(*one, s) for one, counts in tally.items() for s, n in zip(FOUR, counts, strict=True) for _ in range(n)]


def test_where_nobody_in_work_is_unpaid_earners_do_not_tell_who_is_in_neither() -> None:
    """All in work are paid and none of them studies: what work and study leave of C's 7 is in neither."""
    b, c = {("B", "F"): (7, 0, 0, 3), ("B", "M"): (2, 0, 3, 1)}, {("C", "F"): (2, 0, 1, 0), ("C", "M"): (2, 0, 0, 2)}
    rest = {(OTHERS, "F"): (1, 0, 2, 0), (OTHERS, "M"): (3, 0, 3, 0)}
    assert attacked_in_study(of_tally(b | c | rest)) == set()


def test_earners_in_all_and_work_by_category_do_not_tell_of_the_unpaid() -> None:
    """C has 4 earners and 3 women in work: one man at least is paid, and two at most of seven are in neither."""
    c = {("C", "F"): (2, 1, 2, 2), ("C", "M"): (2, 2, 2, 1)}
    others = {(i, sex): (10, 10, 10, 10) for i in ("A", OTHERS) for sex in "FM"}
    assert attacked_in_study(of_tally(c | others)) == set()


def test_earners_hidden_here_and_study_there_tell_of_nobody_in_study_alone() -> None:
    """More of B in study alone were more earners of C, whose work and study are told, and more in study alone there."""
    tally = {"A": (6, 0, 1, 3), "B": (2, 1, 1, 0), "C": (2, 3, 2, 3), OTHERS: (3, 2, 1, 0)}
    assert attacked_in_study(of_tally({(i, "F"): counts for i, counts in tally.items()})) == set()

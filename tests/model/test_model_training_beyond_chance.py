"""Two agreements that go together among strangers are no evidence of a match."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.model.training.counts.patterns import Floats, Layout
from linkage.model.training.counts.rules import Agreement
from linkage.model.training.em.evidence import Block, Evidence, as_counted
from linkage.model.training.estimates.estimation import estimated
from linkage.model.training.strangers.beyond_chance import beyond_chance
from tests.model.test_model_training_em import _model, _once, _patterns

LAYOUT = Layout(_model("a", "b"))
ALL = _patterns({"==": 1, "=≠": 1, "≠=": 1, "≠≠": 1, "=?": 1}, 2)


def _bits(strangers: dict[str, int], u: tuple[float, float]) -> Floats:
    table = _patterns(strangers, 2)
    shares = np.array([[u[0], 1 - u[0], u[1], 1 - u[1]]])
    bits, _ = beyond_chance(LAYOUT, ALL, [table], [table.counts[None, :].astype(float)], shares)
    return bits[0]


def test_agreements_that_go_together_are_told_by_hand() -> None:
    """Of 1,000 strangers 100 share a, 500 b, and 99 both, where chance would have 50; ten pairs count as by chance."""
    found = _bits({"==": 99, "=≠": 1, "≠=": 401, "≠≠": 499}, (0.1, 0.5))
    both = 109 / 60 * 0.1 * 0.5
    cells = [both / 0.05, (0.1 - both) / 0.05, (0.5 - both) / 0.45, (0.4 + both) / 0.45]
    assert found == pytest.approx([*np.log2(cells), 0.0]), "what is not known says nothing"


def test_fields_that_are_independent_say_nothing() -> None:
    assert _bits({"==": 50, "=≠": 50, "≠=": 450, "≠≠": 450}, (0.1, 0.5)) == pytest.approx(np.zeros(5))


def test_few_strangers_say_little() -> None:
    few, many = (_bits({"==": 2 * n, "≠≠": 98 * n}, (0.02, 0.02))[0] for n in (1, 100))
    assert 0 < few < 0.5 < 3.5 < many


def test_where_there_are_no_strangers_nothing_is_told() -> None:
    assert _bits({}, (0.1, 0.5)) == pytest.approx(np.zeros(5))


def test_a_field_of_one_value_goes_with_nothing() -> None:
    assert _bits({"==": 500, "≠=": 500}, (0.5, 1.0)) == pytest.approx(np.zeros(5), abs=1e-5)


@given(st.lists(st.integers(0, 10**6), min_size=4, max_size=4), st.floats(1e-9, 0.999), st.floats(1e-9, 0.999))
def test_shares_of_strangers_stay_shares(counts: list[int], one: float, other: float) -> None:
    found = _bits(dict(zip(("==", "=≠", "≠=", "≠≠"), counts, strict=True)), (one, other))
    chance = np.array([one * other, one * (1 - other), (1 - one) * other, (1 - one) * (1 - other)])
    shares = chance * np.exp2(found[:4])
    assert np.isfinite(found).all()
    assert shares.sum() == pytest.approx(1)
    assert ((shares > 0) & (shares < 1)).all()


def test_what_strangers_share_together_is_taken_off_the_odds() -> None:
    """By the fields alone pairs that agree on both match with 81 : 1; strangers do so 81 times as often as by chance."""
    beyond = np.log2([[81.0, 1.0, 1.0]])
    found = _once({"==": 82, "=≠": 2, "≠≠": 82}, beyond=beyond)
    assert found.prior[0] == pytest.approx((41 + 1 + 1) / 166)


def test_strangers_of_one_forename_and_so_of_one_sex_are_no_matches() -> None:
    """Of one birthday 131 pairs match, and 900 strangers share a forename: 891 of them are of one sex."""
    layout, nobody = Layout(_model("forename", "sex", "surname", "postcode")), _patterns({}, 4)
    others = {"==≠≠": 890, "=≠≠≠": 9, "≠==≠": 100, "≠=≠≠": 98_800, "≠≠=≠": 100, "≠≠≠≠": 98_200, "≠=≠=": 20, "≠≠≠=": 20}
    birthday = _patterns({"====": 20, "===≠": 112, **others}, 4)
    within = _patterns({"====": 0, "===≠": 1, **others}, 4)
    # The same share of each field, and no two go together.
    alone = replace(within, counts=np.array([0, 1, 453, 446, 100, 99_237, 100, 97_763, 20, 20]))
    rule, found = Agreement(("dob",), 198_231, 1.0, (0, 0)), []
    for strangers in (alone, within):
        block = Block(rule, 1.0, birthday, (strangers, nobody))
        evidence = Evidence(layout, (10_000, 20_000), (), (), strangers, (block,))
        found.append(float(estimated(evidence, as_counted(evidence)).runs[0].matches[0]))
    assert found[0] > 500
    assert found[1] == pytest.approx(131, abs=1)


def test_matches_that_are_many_are_found_by_fields_alone() -> None:
    """Of one birthday 2,300 pairs match: what 400 strangers share beyond chance is not taken off."""
    layout, nobody = Layout(_model("forename", "sex", "surname", "postcode")), _patterns({}, 4)
    others = {"==≠≠": 890, "=≠≠≠": 9, "≠==≠": 100, "≠=≠≠": 98_800, "≠≠=≠": 100, "≠≠≠≠": 98_200, "≠=≠=": 20, "≠≠≠=": 20}
    rule, rare = Agreement(("dob",), 200_000, 1.0, (0, 0)), []
    for matches in (130, 2_300):
        birthday = _patterns({"====": matches // 2, "===≠": matches // 2, **others}, 4)
        strangers = _patterns({"====": 0, "===≠": 1, **others}, 4)
        evidence = Evidence(
            layout, (10_000, 20_000), (), (), strangers, (Block(rule, 1.0, birthday, (strangers, nobody)),)
        )
        (run,) = estimated(evidence, as_counted(evidence)).runs
        rare.append((run.rare, round(float(run.matches[0]), -1)))
    assert rare == [(True, 130), (False, 2_300)]


def test_a_tenth_too_many_are_too_many_where_strangers_are_trusted() -> None:
    """Models that say themselves what goes together (trusting: no) keep to fields alone until half would be strangers."""
    layout, nobody = Layout(_model("forename", "sex", "surname", "postcode")), _patterns({}, 4)
    others = {"==≠≠": 890, "=≠≠≠": 9, "≠==≠": 100, "≠=≠≠": 98_800, "≠≠=≠": 100, "≠≠≠≠": 98_200, "≠=≠=": 20, "≠≠≠=": 20}
    rule, strangers = Agreement(("dob",), 200_000, 1.0, (99_000, 99_000)), _patterns(others, 4)
    block = Block(rule, 1.0, _patterns({"====": 1_150, "===≠": 1_150, **others}, 4), (strangers, nobody))
    rare = []
    for trusting in (False, True):
        evidence = Evidence(layout, (10_000, 20_000), (), (), strangers, (block,), trusting=trusting)
        rare.append(estimated(evidence, as_counted(evidence)).runs[0].rare)
    assert rare == [False, True]

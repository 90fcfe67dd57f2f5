"""What reviewers settled becomes decisions that the next run of the village follows."""

import csv
import stat
from typing import Any

import pytest

from linkage.errors import InputError
from linkage.match.overrides import load
from quality.review.labels import labels_of
from quality.review.results import write_overrides
from quality.review.sample import draw_sample, sample_of
from tests.quality.clients import answer

STEP = "npd-cis"


def test_the_next_run_follows_settled_pairs(village: Any, leo: Any) -> None:
    draw_sample(village.root, STEP, 30)
    never, uncertain, link = list(sample_of(village.root, STEP).pairs)[:3]
    answer(
        village.root, STEP, {never: "no match", uncertain: "uncertain", link: "match"}
    )
    code, out, _ = leo("review", "overrides", village.root)
    assert (code, out.splitlines()[0]) == (0, "1 pairs to link, 1 never to link")
    overrides = village.root / "review" / STEP / "overrides.csv"
    assert stat.S_IMODE(overrides.stat().st_mode) == 0o600
    assert sorted(load(overrides).column("decision").to_pylist()) == ["link", "never"]
    (village.folder / "decided.csv").write_bytes(overrides.read_bytes())
    village.change("train = false", 'train = false\noverrides = "decided.csv"')
    village.runner().run()
    draw_sample(village.root, STEP, 1000)
    after = sample_of(village.root, STEP).pairs
    assert never not in after
    assert link in after


def test_a_record_linked_twice_is_left_out(village: Any) -> None:
    draw_sample(village.root, STEP, 30)
    (left, right), (other, another) = list(sample_of(village.root, STEP).pairs)[:2]
    answer(
        village.root,
        STEP,
        {
            (left, right): "match",
            (left, another): "match",
            (other, another): "no match",
        },
    )
    overrides = write_overrides(village.root, STEP)
    assert (overrides.links, overrides.never, overrides.contradictory) == (0, 1, 2)
    with overrides.path.open() as file:
        assert [row["decision"] for row in csv.DictReader(file)] == ["never"]


def test_nothing_is_written_without_answers(village: Any) -> None:
    draw_sample(village.root, STEP, 30)
    with pytest.raises(InputError, match="there are no answers"):
        write_overrides(village.root, STEP)
    answer(
        village.root,
        STEP,
        dict.fromkeys(sample_of(village.root, STEP).pairs, "uncertain"),
    )
    with pytest.raises(InputError, match="there are only uncertain answers"):
        write_overrides(village.root, STEP)


def test_a_form_of_another_run_is_refused_whole(village: Any, leo: Any) -> None:
    """Its numbers are of other records, and answers about those would become decisions
    about these.
    """
    form = draw_sample(village.root, STEP, 30).form
    head, *lines = form.read_text().splitlines()
    left, right = next(iter(sample_of(village.root, STEP).pairs))
    form.write_text(
        "\n".join(
            [
                head,
                f"{left},{right},match,Ann",
                f"{left + 1000},{right},match,Ann",
                *lines,
            ]
        )
    )
    code, _, error_text = leo("review", "add", village.root, form, "--step", STEP)
    assert (code, "line 3: this pair is not in the sample" in error_text) == (1, True)
    assert labels_of(village.root, sample_of(village.root, STEP).origin) == []

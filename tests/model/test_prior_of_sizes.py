"""The prior of a model that links files of another size than those it was
trained on.
"""

import json
from pathlib import Path

import pytest

from linkage.model.model_files import save_with, trained_on, training_file
from tests.match.exact_model import exact_model

PRIOR = exact_model().prior


@pytest.mark.parametrize(
    ("training_sizes", "sizes", "times"),
    [
        ((500, 500), (5_000, 5_000), 0.1),
        (
            (500, 20),
            (5_000, 20),
            0.1,
        ),  # of as many records of the smaller file as many have a partner
        ((500, 20), (500, 400), 1.0),
        ((5_000, 5_000), (500, 500), 10.0),
        ((400, 400), (0, 0), 1.0),
        ((400,), (800,), 0.5),
        (None, (800, 800), 1.0),
    ],
)
def test_the_prior_follows_the_sizes_of_the_files(
    training_sizes: tuple[int, ...] | None, sizes: tuple[int, ...], times: float
) -> None:
    model = exact_model()
    new_model = model.with_prior_of(training_sizes, sizes)
    assert new_model.prior == pytest.approx(times * PRIOR)
    assert new_model.raw["probability_two_random_records_match"] == new_model.prior
    assert new_model.comparisons == model.comparisons
    assert (new_model is model) == (times == 1.0)


def test_the_prior_is_at_most_a_half() -> None:
    assert exact_model().with_prior_of((10**6, 10**6), (2, 2)).prior == 0.5


def test_a_model_file_records_the_file_sizes_of_its_prior(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    save_with(path, exact_model(), 1, trained={"units": [40, 50]})
    assert trained_on(path) == (40, 50)
    save_with(
        path, exact_model(), 2, trained={"units": [40, 50]}, tuned={"records": [60, 70]}
    )
    assert trained_on(path) == (60, 70), "where it was tuned its prior was seen to fit"
    save_with(path, exact_model(), 3, trained={}, labelled={"records": [80]})
    assert trained_on(path) == (80,)
    path.write_text(path.read_text() + " ")
    assert trained_on(path) is None, "changed by hand since"
    training_file(path).unlink()
    assert trained_on(path) is None


def test_a_linked_folder_records_the_file_sizes(tmp_path: Path) -> None:
    exact_model().save(tmp_path / "model.json")
    for counts, expected in (
        ({"left_units": 7, "right_units": 9}, (7, 9)),
        ({"records": 12}, (12,)),
        ({}, None),
    ):
        manifest = {"stages": [{"name": "link-link", "counts": counts}]}
        (tmp_path / "manifest.json").write_text(json.dumps(manifest))
        assert trained_on(tmp_path / "model.json") == expected
    for text in ("{", "[]", "{}"):
        (tmp_path / "manifest.json").write_text(text)
        assert trained_on(tmp_path / "model.json") is None

"""Both trainers side by side on the same files."""

import math

import pytest

from linkage.engine import connect
from linkage.errors import ConfigError
from linkage.model.splink_linker import splink_linker, train_by_splink
from linkage.model.training import train
from tests.model import known_errors


@pytest.mark.slow
def test_splinks_training_and_ours_agree_on_files_of_known_errors() -> None:
    sides = known_errors.two_files()
    with connect("duckdb", threads=1) as engine:
        left, right = (engine.from_arrow(side) for side in sides)
        splink_model, report = train_by_splink(
            engine, known_errors.model(), left, right
        )
        model, _ = train(engine, known_errors.model(), left, right)
        assert list(report.versions) == ["splink"]
        assert report.units == [side.num_rows for side in sides]
        for comparison, splink_comparison in zip(
            model.comparisons, splink_model.comparisons, strict=True
        ):
            for level, splink_level in zip(
                comparison.levels, splink_comparison.levels, strict=True
            ):
                if (level.m or 0) > 0.05:  # shares that hundreds of matches show
                    assert level.m == pytest.approx(splink_level.m, abs=0.03)
                if (level.u or 0) > 0.001:
                    # Splink counts the matches among random pairs as non-matches.
                    assert level.u + model.prior * (level.m or 0) == pytest.approx(
                        splink_level.u, rel=0.2
                    )
        assert abs(math.log2(splink_model.prior / model.prior)) < 1
        linker = splink_linker(engine, splink_model, {"left": left, "right": right})
        assert linker.inference.predict(
            threshold_match_probability=0.9
        ).as_record_list()


def test_an_untrained_model_has_no_linker() -> None:
    with connect("duckdb") as engine, pytest.raises(ConfigError, match="no m and u"):
        splink_linker(engine, known_errors.model(), {})

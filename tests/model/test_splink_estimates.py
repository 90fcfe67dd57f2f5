"""u, m and the share of matches are Splink's own, on the same pairs."""

import dataclasses
from copy import deepcopy
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from splink import Linker, block_on

from linkage.engine import connect
from linkage.model import Model, from_dict
from linkage.model.training import em
from linkage.model.training.estimates import estimate
from linkage.model.training.evidence import Evidence, gather
from linkage.model.training.u import estimate_u
from tests.model import known_errors
from tests.model.splink_results import splink_tables

PEOPLE = 300
"""Few enough that all pairs are looked at, by Splink too."""


@dataclasses.dataclass
class Files:
    """Two files, and our evidence from them."""

    left: pa.Table
    right: pa.Table
    model: Model
    evidence: Evidence


@pytest.fixture(scope="module")
def files() -> Files:
    left, right = (_people(side) for side in known_errors.two_files())
    with connect("duckdb", threads=1) as engine, pytest.MonkeyPatch.context() as patch:
        patch.setattr("linkage.model.training.counts.RANDOM_PAIRS", PEOPLE * PEOPLE)
        evidence = gather(
            engine,
            known_errors.model(),
            engine.from_arrow(left),
            engine.from_arrow(right),
            seed=1,
            one_file=True,
        )
    return Files(left, right, known_errors.model(), evidence)


def _people(side: pa.Table) -> pa.Table:
    """The first people of a file, a tenth of them without a postcode."""
    people = side.filter(pa.compute.less_equal(side["unit_id"], PEOPLE)).sort_by(
        "unit_id"
    )
    mask = pa.array([n % 10 == 0 for n in range(people.num_rows)])
    postcodes = pa.compute.if_else(
        mask, pa.scalar(None, pa.string()), people["postcode"]
    )
    return people.set_column(
        people.column_names.index("postcode"), "postcode", postcodes
    )


def _linker(tables: list[Any], raw: dict[str, Any]) -> Linker:
    return Linker(tables, deepcopy(raw), log_level="ERROR", validate_settings=False)


def test_u_is_splinks_over_all_pairs(files: Files) -> None:
    with splink_tables({"side_left": files.left, "side_right": files.right}) as tables:
        linker = _linker(tables, files.model.raw)
        linker.training.estimate_u_using_random_sampling(
            max_pairs=10 * PEOPLE**2, seed=1, min_count_per_level=None, num_chunks=1
        )
        splink = from_dict(linker.misc.save_model_to_json())
    count, u = (
        0,
        estimate_u(files.evidence),
    )  # of random pairs, with the matches among them, as Splink has it
    for number, (index, position) in enumerate(files.evidence.layout.places):
        if files.evidence.random.shown[
            :, number
        ].any():  # else a pseudo-count here, a constant there
            expected = splink.comparisons[index].levels[position].u
            assert u[number] == pytest.approx(expected, abs=1e-6, rel=1e-6)
            count += 1
    assert count >= 15


@pytest.mark.parametrize("tolerance", [1e-4, 1e-6])
def test_m_and_the_share_of_matches_are_splinks_in_every_block(
    files: Files, tolerance: float
) -> None:
    """EM on one block, without pseudo-counts, starting where Splink's does."""
    assert len(files.evidence.blocks) >= 2
    layout = files.evidence.layout
    for trained in estimate(files.evidence).blocks:
        raw = _with_u(files, estimate_u(files.evidence))
        raw |= {"em_convergence": tolerance, "max_iterations": em.LIMIT}
        raw["probability_two_random_records_match"] = 0.5 / PEOPLE
        with splink_tables(
            {"side_left": files.left, "side_right": files.right}
        ) as tables:
            session = _linker(
                tables, raw
            ).training.estimate_parameters_using_expectation_maximisation(
                block_on(*trained.columns), estimate_without_term_frequencies=True
            )
        history = session._core_model_settings_history
        compared = layout.totals(trained.pairs.patterns.shown.any(axis=0) * 1.0) > 0
        block = em.Block(
            trained.pairs.patterns,
            estimate_u(files.evidence),
            compared,
            history[0].probability_two_random_records_match,
        )
        # Splink counts its iterations after the starting values.
        fit = em.expectation_maximisation(
            layout,
            [block],
            np.zeros(len(compared)),
            limit=len(history) - 1,
            tolerance=0,
        )
        splink = session.core_model_settings
        assert fit.priors[0] == pytest.approx(
            splink.probability_two_random_records_match, abs=1e-6
        )
        expected = [
            level.m_probability
            for c in splink.comparisons
            for level in c._comparison_levels_excluding_null
        ]
        # Splink has a constant of 1e-6 for a level that no pair shows.
        assert fit.m[compared] == pytest.approx(expected, abs=2e-6)
        assert np.ptp(fit.m[compared]) > 0.5, "something was learnt"


def _with_u(files: Files, u: Any) -> dict[str, Any]:
    raw = deepcopy(files.model.raw)
    for number, (index, position) in enumerate(files.evidence.layout.places):
        raw["comparisons"][index]["comparison_levels"][position]["u_probability"] = (
            float(u[number])
        )
    return raw

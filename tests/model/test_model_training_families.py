"""A block on what families share shows EM brothers and sisters; middle names are such in some countries."""

import pytest

from linkage.model.training.counts.rules import PERSONAL, Agreement, _of_families

PAIRS = 10_000_000  # of one file
NAMESAKES = 20_000


def _counted(**beyond: int) -> list[Agreement]:
    """Agreements by which a pair in a thousand has one forename, or the same middle names; more among namesakes."""
    counted = [Agreement(("surname",), 0, 1.0, (NAMESAKES, 0), NAMESAKES, PAIRS)]
    for column, more in beyond.items():
        counted.append(Agreement((column,), 0, 1.0, (PAIRS // 1_000, 0), PAIRS // 1_000, PAIRS))
        counted.append(Agreement((column, "surname"), 0, 1.0, (NAMESAKES // 1_000 + more, 0), 0, PAIRS))
    return counted


@pytest.mark.parametrize(
    ("forename", "middle_names", "of_families"),
    [(0, 0, False), (0, 900, True), (900, 900, False), (0, 20, False), (300, 1_200, True)],
    ids=["strangers", "families", "people twice", "too few to tell", "both"],
)
def test_middle_names_that_brothers_and_sisters_share_are_no_persons(
    forename: int, middle_names: int, of_families: bool
) -> None:
    assert "middle_names" in PERSONAL
    found = _of_families(_counted(forename=forename, middle_names=middle_names))
    assert found == ({"middle_names"} if of_families else set())


def test_files_without_middle_names_have_none_of_families() -> None:
    assert _of_families(_counted(forename=900)) == set()

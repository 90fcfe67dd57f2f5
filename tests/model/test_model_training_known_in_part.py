"""Of birth dates of which the year alone is known no more differ among matches than of the others."""

import json
import random
from pathlib import Path

import numpy as np
import pytest

from linkage.adhoc.link import Request, link_files
from linkage.model import from_dict
from linkage.model.comparisons import comparison
from linkage.model.training.counts.patterns import Layout
from linkage.model.training.em.known_in_part import known_in_part
from tests.adhoc.conftest import write_csv


def _layout(kind: str) -> Layout:
    return Layout(from_dict({"comparisons": [comparison("dob", kind)]}))


def test_the_share_known_in_part_is_strangers_and_what_differs_of_it_is_as_of_whole_dates() -> None:
    layout = _layout("partial date")
    m, u = np.full(len(layout.places), 0.0), np.full(len(layout.places), 0.0)
    m[[0, 1, 3, 4]] = 0.57, 0.1, 0.3, 0.03  # equal, same year and another one where no more is known, one character
    u[[1, 2, 3]] = 0.01, 0.04, 0.15
    most = known_in_part(layout, m, u)
    assert most is not None
    assert most.tolist() == pytest.approx([1, 1, 0.01, 0.01, *[1] * (len(m) - 4)])


def test_whole_dates_bound_nothing() -> None:
    layout = _layout("date")
    assert known_in_part(layout, np.ones(len(layout.places)), np.ones(len(layout.places))) is None


def test_namesakes_whose_years_differ_are_no_matches(tmp_path: Path) -> None:
    """Few names, one date in six known by its year: EM took namesakes with such dates for matches born in other years."""
    draw = random.Random(3)
    given = [f"{a}{b}" for a in ("Fa", "Kha", "Lay", "Omar", "Ya") for b in ("tim", "lid", "sin", "ria")]
    families = [f"Al{a}{b}" for a in ("Har", "Qah", "Gha", "Zah") for b in ("bi", "tani", "mdi", "rani", "zi", "li")]
    sides: dict[str, list[dict[str, str]]] = {"left": [], "right": []}
    for person in range(1_900):
        first, last, phone = draw.choice(given), draw.choice(families), f"05{draw.randrange(10**8):08}"
        born = f"{draw.randrange(1945, 2015)}-{draw.randrange(1, 13):02}-{draw.randrange(2, 29):02}"
        seen = [side for side, end in (("left", 1_600), ("right", 300)) if (person < end) == (side == "left")]
        for side in seen or ["left"]:
            sides[side].append(
                {
                    "id": f"{side}{person}",
                    "first_name": first if draw.random() > 0.3 else f"{first[:-1]}{first[-1]}h",
                    "last_name": last if draw.random() > 0.3 else f"{last}i",
                    "dob": f"{born[:4]}-01-01" if side == "right" and draw.random() < 0.15 else born,
                    "phone": phone if draw.random() < 0.6 else "",
                }
            )
    left, right = (write_csv(tmp_path / f"{side}.csv", rows) for side, rows in sides.items())
    link_files(Request(left, right, tmp_path / "out", links_only=True))
    model = json.loads((tmp_path / "out" / "model.json").read_text(encoding="utf-8"))
    dob = next(c for c in model["comparisons"] if c["output_column_name"] == "dob")
    another = [
        level["m_probability"] for level in dob["comparison_levels"] if "no more known" in level["label_for_charts"]
    ]
    assert len(another) == 3
    assert sum(another[1:]) < 0.005

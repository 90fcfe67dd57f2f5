"""Where nothing shows how many matches differ in a field, no recall is told, and why is said."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from linkage.adhoc.link import Request, link_files
from linkage.adhoc.linked import Linked

SYLLABLES = ["ba", "cor", "den", "fal", "gar", "hol", "mer", "nor", "pel", "ros", "tan", "vel"]


def _linked(folder: Path, records: int, fields: int) -> tuple[Linked, dict[str, Any]]:
    """Payments beside invoices: who pays, how much, and of three fields which depot; one in ten is of another sum."""
    draw = random.Random(11)
    customers = [f"{draw.choice(SYLLABLES)}{draw.choice(SYLLABLES)}{draw.choice(SYLLABLES)} Ltd" for _ in range(150)]
    rows = [
        [draw.choice(customers), f"{draw.randrange(1_500, 400_000) / 100:.2f}", f"D{draw.randrange(100, 160)}"][:fields]
        for _ in range(records)
    ]
    paid = [[who, f"{float(sum_) * 0.98:.2f}" if draw.random() < 0.1 else sum_, *more] for who, sum_, *more in rows]
    for name, head, held in (
        ("invoices", ["customer", "amount", "depot"], rows[: records * 3 // 4]),
        ("payments", ["payer_name", "amount", "depot"], paid[records // 4 :]),
    ):
        lines = [",".join(["id", *head[:fields]]), *(",".join([str(n), *row]) for n, row in enumerate(held))]
        (folder / f"{name}.csv").write_text("\n".join(lines), encoding="utf-8")
    maps = ["left.customer=customer", "right.customer=payer_name"]
    done = link_files(Request(folder / "invoices.csv", folder / "payments.csv", folder / "out", maps=maps))
    evaluation = json.loads((folder / "out" / "quality" / "evaluation.json").read_text(encoding="utf-8"))
    return done, evaluation["steps"][0]["expected"]


@pytest.mark.parametrize(("fields", "unknown"), [(2, "guessed"), (3, None)], ids=["two fields", "three"])
def test_of_two_fields_nobody_knows_how_many_matches_differ_in_one(
    fields: int, unknown: str | None, tmp_path: Path
) -> None:
    """In a block on the one whoever differs in the other may be a stranger: recall was said to be 0.96, and was 0.82."""
    done, expected = _linked(tmp_path, 1_600, fields)
    assert expected.get("recall_unknown") == unknown
    assert (expected["recall"]["value"] is None) == (unknown is not None)
    assert expected["precision"]["value"] > 0.9
    assert any("cannot be told from these files" in note for note in done.notes) == (unknown is not None)
    report = (tmp_path / "out" / "report" / "index.html").read_text(encoding="utf-8")
    assert ("too few fields are compared" in report) == (unknown is not None)


def test_of_files_too_small_to_learn_from_no_recall_is_told(tmp_path: Path) -> None:
    _, expected = _linked(tmp_path, 24, 3)
    assert expected["recall_unknown"] == "unlearnt"
    assert (expected["recall"]["value"], expected["f1"]["value"]) == (None, None)

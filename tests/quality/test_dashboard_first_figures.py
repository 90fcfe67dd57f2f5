"""The figures that stand first on a dashboard: what each is of, and what a symbol among them stands for."""

from quality.dashboard.figures import Matrix, Row
from quality.dashboard.overview import headlines
from quality.disclosure import Cell, Disclosure, load


def test_each_has_its_base_and_a_symbol_is_explained() -> None:
    """A reader saw "c pairs too close to call", and a share of nobody knew whom."""
    d = Disclosure(load())
    step = "People to CIS"
    counts = Matrix(
        "counts",
        "Counts",
        ("Step", "Count"),
        [
            Row(("Spine", "People"), [Cell("3,180", 3180)]),
            Row((step, "Links"), [Cell("3,035", 3035)]),
            Row((step, "Pairs for review"), [d.marked("suppressed")]),
        ],
    )
    shares = Matrix(
        "shares",
        "Shares",
        ("Step", "Share"),
        [
            Row((step, "Matched"), [Cell("96.6", 96.6)]),
            Row((step, "Precision expected"), [Cell("99.99", 99.99)]),
            Row((step, "Recall expected"), [Cell("99.24", 99.24)]),
        ],
    )
    assert [(line.label, line.note) for line in headlines(counts, shares, d)] == [
        ("People", "on the spine"),
        ("Matched", "of those in the calculation, People to CIS"),
        ("Precision", "expected, of the links are right, People to CIS"),
        ("Recall", "expected, of the true pairs are linked, People to CIS"),
        (
            "For review",
            "pairs too close to call, People to CIS. “c” stands for confidential: a small number, or one from which a "
            "small number could be had.",
        ),
    ]

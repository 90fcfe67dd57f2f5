"""The figures that stand first on a dashboard: what each is of, and what a symbol among them stands for."""

from quality.dashboard.overview import headlines
from quality.dashboard.showing import as_trend

from quality.dashboard.figures import Matrix, Row
from quality.disclosure import Cell, Disclosure, load
from quality.report.page import Figure


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


def test_a_trend_says_what_a_run_without_a_point_means() -> None:
    """Pairs for review of three runs were one dot, and nothing said what the other two had."""
    d = Disclosure(load())

    def said(*cells: Cell) -> str:
        counts = Matrix("counts", "Counts", ("Step", "Count"), [Row(("People to CIS", "Pairs for review"), cells)])
        runs = ["first", "second"]
        (block,) = as_trend(counts, runs, name="review", title="Pairs for review", y="Count", wanted=lambda _: True)
        assert isinstance(block, Figure)
        return block.summary

    whole = said(Cell("25", 25), Cell("30", 30))
    assert whole == "People to CIS: Pairs for review: 25 in first, 30 in second. Each strip has its own scale."
    assert said(Cell("25", 25), d.marked("suppressed")) == (
        "People to CIS: Pairs for review: 25 in first. Each strip has its own scale. Where a run has no point its figure "
        "is not shown, or there is none: the table has the symbol for which."
    )

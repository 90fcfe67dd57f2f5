"""Trends: what each run came to, beside those before it."""

from collections.abc import Sequence

from quality.dashboard.figures import BASES, FLAGGED, LARGEST, TOLD_OF, Matrix, Row
from quality.dashboard.overview import best_basis
from quality.dashboard.reading import Run
from quality.dashboard.showing import as_trend
from quality.report.page import Block, Section, Text


def trends_sections(
    runs: Sequence[Run], counts: Matrix, shares: Matrix, bias: Matrix, moved: Matrix, seconds: Matrix
) -> list[Section]:
    """Links, error, review load, bias, drift and time."""
    names = [run.name for run in runs]
    best = _best(shares)

    def error(measure: str) -> list[Block]:
        return as_trend(
            shares,
            names,
            name=measure.lower(),
            title=f"{measure} from run to run",
            y="Per cent",
            wanted=lambda row: (
                row.labels[1].startswith(measure) and row.labels[1].endswith(best.get(row.labels[0], "-"))
            ),
        )

    def of(matrix: Matrix, label: str, name: str, title: str, y: str, beside: str = "") -> list[Block]:
        return as_trend(
            matrix, names, name=name, title=title, y=y, wanted=lambda row: row.labels[-1] in (label, beside)
        )

    index = "Population stability index, beside the run before"
    sections = [
        Section(
            "links",
            "Links",
            [
                *of(counts, "Links", "links-made", "Links from run to run", "Links"),
                *of(shares, "Matched", "matched", "Matched, of those in the calculation", "Per cent"),
            ],
        ),
        Section("error", "Precision and recall", [Text(_BASES), *error("Precision"), *error("Recall")]),
        Section("review", "Review load", of(counts, "Pairs for review", "review-load", "Pairs for review", "Pairs")),
        Section(
            "bias",
            "Bias",
            [
                Text(_BIAS),
                *of(bias, LARGEST, "largest-difference", "Largest standardised difference", "Difference"),
                *of(bias, FLAGGED, "groups-flagged", "Groups flagged, of those told of", "Groups", TOLD_OF),
            ],
        ),
        Section(
            "drift",
            "Drift",
            [
                Text(_DRIFT),
                *as_trend(moved, names, name="stability", title=index, y="Index", wanted=lambda _: True),
            ],
        ),
        Section("seconds", "Time", of(seconds, "All stages", "seconds-of-all", "Seconds of all stages", "Seconds")),
    ]
    return [section for section in sections if any(not isinstance(block, Text) for block in section.blocks)]


_BASES = (
    "Each step is shown by what says most of its error in the newest run: truth, else a clerical review, else the "
    "links' own probabilities. Compare has all of them."
)
_BIAS = (
    "The largest standardised difference of any group, either way; beyond 0.1 a group is flagged. It is of people "
    "found beside those missed where every run that has the step has truth, else of the matched beside the unmatched. "
    "Only groups that are large enough are told of."
)
_DRIFT = (
    "The population stability index says how far the links' match weights have moved since the run before: under 0.1 "
    "they are taken for stable, from 0.25 on for another population. Between few links chance does as much: the page "
    "that compares two runs says where."
)


def _best(shares: Matrix) -> dict[str, str]:
    """What each step's error is told by."""
    steps: dict[str, dict[str, Row]] = {}
    for row in shares.rows:
        steps.setdefault(row.labels[0], {})[row.labels[1]] = row
    return {step: BASES[basis] for step, rows in steps.items() if (basis := best_basis(rows))}

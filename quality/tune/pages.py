"""The pages of the tuning application."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from linkage.match.thresholds import weight_of
from quality.disclosure import Cell
from quality.intervals import per_cent
from quality.measures.definitions import load as load_definitions
from quality.report.names import Names
from quality.report.page import Table
from quality.report.waterfall import (
    BarRow,
    BarTable,
    kind_of,
    scale,
    signed,
    span,
    waterfall,
)
from quality.tune.session import TuneSession
from quality.tune.settings import (
    THRESHOLDS,
    Fault,
    Settings,
    field_of,
    not_monotone,
    sums_off,
    written,
)
from quality.tune.trial import BIN, Bin, Example, Group, Outcome
from quality.web.side_by_side import side_by_side, side_titles

_DECISIONS = {"accepted": "linked", "review": "for review", "rejected": "not linked"}


class TunePages:
    """What pages about a session show."""

    def __init__(self, session: TuneSession, names: Names) -> None:
        self._session, self._names = session, names
        self._titles = {c.name: c.title for c in load_definitions().characteristic}

    def step(
        self,
        settings: Settings,
        outcome: Outcome,
        run: Outcome,
        faults: Sequence[Fault] = (),
        form: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """What the page shows of the step by some settings, next to the run.

        Args:
            outcome, run: by these and by the run's own settings.
            faults: of a form, whose fields are shown as they were `sent`.
        """
        heading = f"Tune {self._link()}"
        lists = (
            ("gained", "Links gained"),
            ("lost", "Links lost"),
            ("to_review", "Sent to review"),
        )
        counts = {
            "gained": outcome.gained,
            "lost": outcome.lost,
            "to_review": outcome.to_review,
        }
        moved_groups = [group for group in outcome.groups if group.gained or group.lost]
        return {
            "title": ("Error: " if faults else "") + heading,
            "heading": heading,
            "faults": faults,
            "fault_of": {fault.field: fault.text for fault in faults},
            "sent": form or {},
            "status": self._status(outcome, run),
            "thresholds": [
                (name, label, written(getattr(settings, name)))
                for name, label in THRESHOLDS.items()
            ],
            "prior": written(settings.prior),
            "headlines": self._headlines(outcome, run),
            "is_partial": outcome.is_partial,
            "histogram": self._histogram(outcome.bins, settings),
            "examples": [
                (f"{caption}: {counts[name]:,}{suffix}", _pairs(pairs))
                for name, caption in lists
                for pairs in ([outcome.examples[name]] if counts[name] else [])
                for suffix in [
                    f", the {len(pairs)} nearest to the threshold"
                    if len(pairs) < counts[name]
                    else ""
                ]
            ],
            "nearest": _pairs(outcome.examples["nearest"]),
            "groups": self._exact_groups(moved_groups),
            "weights": self._weights(outcome, run),
            "comparisons": self._comparisons(
                settings, {fault.field for fault in faults}
            ),
        }

    def pair(self, left: int, right: int, settings: Settings) -> dict[str, Any]:
        """What the page shows of a pair: its match weight by comparison with some
        settings, and the values of its records.
        """
        facts = self._session.weight(left, right, settings)
        before = self._session.weight(left, right, self._session.settings)["weight"][
            "match_weight"
        ]
        weight_text = signed(facts["weight"]["match_weight"])
        left_name, right_name = map(self._names.source, self._session.opened.side_names)
        return {
            "title": f"Pair {left} and {right}",
            "ids": self._session.ids(left, right),
            "statement": f"The match weight is {weight_text} with these settings, and "
            f"{signed(before)} in the run.",
            "waterfall": waterfall(facts, self._names),
            "rows": side_by_side(*self._session.records(left, right)),
            "sides": side_titles(left_name, right_name),
        }

    def level(self, comparison: str, value: int) -> str:
        """What the page calls a level."""
        label = self._names.columns_in(self._session.labels[comparison, value])
        return f"{self._names.column(comparison)}, {label}"

    def _link(self) -> str:
        left, right = map(self._names.source, self._session.opened.side_names)
        return f"{left} with itself" if left == right else f"{left} to {right}"

    def _status(self, outcome: Outcome, run: Outcome) -> str:
        """The result in a sentence, which a screen reader reads first."""
        links, review = outcome.decisions["accepted"], outcome.decisions["review"]
        is_as_run = (outcome.decisions, outcome.gained, outcome.lost) == (
            run.decisions,
            0,
            0,
        )
        change = (
            "as in the run"
            if is_as_run
            else f"{outcome.gained:,} gained and {outcome.lost:,} lost"
        )
        expected = (
            f"Expected precision {_percent(outcome, 'precision')}, recall "
            f"{_percent(outcome, 'recall')}"
        )
        return f"{links:,} links, {change}. {expected}. {review:,} pairs for review."

    def _headlines(self, outcome: Outcome, run: Outcome) -> list[tuple[str, str, str]]:
        def against_run(name: str) -> str:
            change = outcome.decisions[name] - run.decisions[name]
            return (
                f"{'+' if change > 0 else '−'}{abs(change):,} against the run"
                if change
                else "as in the run"
            )

        counts = [
            (label, f"{outcome.decisions[name]:,}", against_run(name))
            for label, name in (("Links", "accepted"), ("Pairs in review", "review"))
        ]
        return counts + [
            (
                f"Expected {measure}",
                _percent(outcome, measure),
                f"{_percent(run, measure)} in the run",
            )
            for measure in ("precision", "recall")
        ]

    def _histogram(
        self, bins: Sequence[Bin], settings: Settings
    ) -> list[dict[str, Any]]:
        """A row for each range of match weights, the highest first, with the thresholds
        between them.
        """
        adjustment = self._session.opened.thresholds.adjustment
        limits = [
            (label, weight_of(getattr(settings, name)) - adjustment)
            for name, label in THRESHOLDS.items()
        ]
        maxima = {
            kind: max(1, *(getattr(one, kind) for one in bins)) for kind in _DECISIONS
        }
        rows = []
        for place, one in reversed(list(enumerate(bins))):
            low = -math.inf if place == 0 else one.low
            high = math.inf if place == len(bins) - 1 else one.low + BIN
            counts = [
                (
                    kind,
                    f"{getattr(one, kind):,}",
                    100 * getattr(one, kind) / maxima[kind],
                )
                for kind in _DECISIONS
            ]
            inside = [
                f"{label}: {signed(limit, plus=False)}"
                for label, limit in limits
                if low <= limit < high
            ]
            if inside or any(getattr(one, kind) for kind in _DECISIONS):
                rows.append(
                    {"range": _range(low, high), "counts": counts, "thresholds": inside}
                )
        return rows

    def _weights(self, outcome: Outcome, run: Outcome) -> BarTable:
        """The match weight of each level, with the run's as a mark."""
        x_scale = scale(
            [
                weight
                for place in self._session.labels
                for weight in (outcome.weights[place], run.weights[place])
            ]
        )
        rows, last = [], ""
        for place, label in self._session.labels.items():
            current, before = outcome.weights[place], run.weights[place]
            heading = self._names.column(place[0]) if place[0] != last else ""
            last = place[0]
            note = (
                f"{signed(before)} in the run"
                if signed(before) != signed(current)
                else ""
            )
            bar = *span(x_scale, 0.0, current), kind_of(current)
            rows.append(
                BarRow(
                    self._names.columns_in(label),
                    note,
                    signed(current),
                    *bar,
                    x_scale(before),
                    heading,
                )
            )
        summary = (
            "log2 of how much more likely a level is for a match than for a non-match: "
            "solid is evidence for a match, "
            "outlined against it. The line across a bar is the run's. Term-frequency "
            "adjustments come on top."
        )
        return BarTable(
            "Match weights", summary, ("Level", "Match weight"), rows, x_scale(0)
        )

    def _comparisons(
        self, settings: Settings, faulty_fields: set[str]
    ) -> list[dict[str, Any]]:
        """Fields of m and u, open where something was changed or is wrong."""
        model, run = self._session.opened.model, self._session.settings
        sums, order, comparisons = (
            sums_off(model, settings),
            not_monotone(model, settings),
            [],
        )
        for number, comparison in enumerate(model.comparisons):
            places = [
                (comparison.name, level.value)
                for level in comparison.levels
                if level.value >= 0
            ]
            levels = [
                {
                    "label": self._names.columns_in(self._session.labels[place]),
                    "pairs": f"{self._session.pairs_at.get(place, 0):,}",
                    "fields": [
                        (kind, field_of(kind, number, place[1]), written(values[place]))
                        for kind, values in (("m", settings.m), ("u", settings.u))
                    ],
                    "warning": "higher weight than a closer agreement "
                    f"({signed(order[place])})"
                    if place in order
                    else "",
                }
                for place in places
            ]
            is_changed = any(
                (settings.m[p], settings.u[p]) != (run.m[p], run.u[p]) for p in places
            )
            fields = {name for level in levels for _, name, _ in level["fields"]}
            comparisons.append(
                {
                    "label": self._names.column(comparison.name),
                    "open": is_changed or bool(fields & faulty_fields),
                    "levels": levels,
                    "sums": sums.get(comparison.name, ""),
                    "warns": comparison.name in sums
                    or any(level["warning"] for level in levels),
                }
            )
        return comparisons

    def _exact_groups(self, groups: Sequence[Group]) -> Table | None:
        rows: list[list[str | Cell]] = [
            [
                self._group(group),
                *(Cell(f"{n:,}", n) for n in (group.links, group.gained, group.lost)),
            ]
            for group in groups
        ]
        note = "Exact counts, for you only: they are not for release."
        heads = ["Subgroup", "Links in the run", "Gained", "Lost"]
        return (
            Table("Links gained and lost by subgroup, exact", heads, rows, note)
            if rows
            else None
        )

    def _group(self, group: Group) -> str:
        return (
            f"{self._titles.get(group.characteristic, group.characteristic)}: "
            f"{group.value}"
        )


def _pairs(examples: Sequence[Example]) -> list[tuple[Example, list[str]]]:
    """Each example with its cells."""
    return [
        (
            one,
            [
                *(_DECISIONS[d] for d in (one.before, one.after)),
                signed(one.weight_before),
                signed(one.weight_after),
            ],
        )
        for one in examples
    ]


def _range(low: float, high: float) -> str:
    """A range of match weights in words; the ends of the first and the last are
    infinite.
    """
    bottom, top = (f"{end:g}".replace("-", "−") for end in (low, high))
    return (
        f"below {top}"
        if low == -math.inf
        else f"{bottom} or more"
        if high == math.inf
        else f"{bottom} to {top}"
    )


def _percent(outcome: Outcome, measure: str) -> str:
    value = outcome.expected[measure]["value"]
    return "not known" if value is None else f"{per_cent(value)}%"

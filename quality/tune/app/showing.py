"""The pages of the tuning application, as HTML."""

from collections.abc import Mapping, Sequence, Set
from typing import Any

from quality.disclosure import Cell, Disclosure, Profile, Sum
from quality.explain.page.bars import likelihood, signed
from quality.explain.page.pair import waterfall
from quality.measures.definitions import Definitions
from quality.measures.intervals import per_cent
from quality.report.names import Names
from quality.report.page import Figure, Table
from quality.review.app.differences import run_concurrently_if_small
from quality.tune.app import drawing
from quality.tune.app.desk import Bin, Compared, Desk, Example, Group, Outcome, Saved, Settings
from quality.tune.app.form import LIMITS, Fault, field_of, written
from quality.web import Pages

_DECISIONS = {"accepted": "linked", "review": "to people", "rejected": "not linked"}
_BY_RULES = (
    "Between the two thresholds pairs are linked that a pass made or a person decided; over both a pair is not, where "
    "one of the two is linked to a higher-scoring record."
)
_BY_KEY = "As the page has it, or SOURCE:KEY: a source and its own key of somebody."
_SHOWN_SUMS = 0.0005  # by which the shares of a comparison may miss one before it is said


class Showing:
    """Pages about a desk.

    Args:
        profile: rules by which counts of subgroups are shown.
        definitions: titles of their characteristics.
    """

    def __init__(self, desk: Desk, names: Names, profile: Profile, definitions: Definitions) -> None:
        self._desk, self._names, self._profile = desk, names, profile
        self._titles = {c.name: c.title for c in definitions.characteristic}
        own = {"explanation.css": "quality.explain.page", "review.css": "quality.review.app"}
        own |= dict.fromkeys(("tune.css", "tune.js"), "quality.tune.app")
        self.pages = Pages("quality.tune.app", "tuning", {"Step": "/"}, own, ["quality.review.app"])

    def step(
        self,
        settings: Settings,
        found: Outcome,
        run: Outcome,
        faults: Sequence[Fault] = (),
        sent: Mapping[str, str] | None = None,
        *,
        number: int,
        is_in_place: bool = True,
    ) -> str:
        """The step by some settings, beside the run.

        Args:
            found, run: what it comes to by these and by the run's own settings.
            faults: of a form, whose fields are shown as they were `sent`.
            number: of the settings, which the page's form tells when it is sent.
            is_in_place: the page takes the place of itself, so that the field in hand keeps the focus.
        """
        heading = f"Tune {self._link()}"
        at_fault = {fault.field for fault in faults}
        return self.pages.render(
            "tune.html.j2",
            title=("Error: " if faults else "") + heading,
            heading=heading,
            faults=faults,
            number=number,
            is_in_place=is_in_place,
            said_of={fault.field: fault.said for fault in faults},
            sent=sent or {},
            status=self._status(found, run),
            limits=self._limits(settings),
            headlines=self._headlines(found, run),
            estimates=found.estimates,
            histogram=self._histogram(settings, found),
            examples=[
                (_caption(said, count, found.examples.get(name, ())), self._pairs(found.examples.get(name, ())))
                for name, said, count in (
                    ("gained", "Links gained", found.gained),
                    ("lost", "Links lost", found.lost),
                    ("to_review", "Now left to people", found.to_review),
                )
            ],
            groups=self._groups(found.groups),
            released=self._released(found.groups, found.gained, found.lost),
            doubtful=self._pairs(found.examples.get("doubtful", ())),
            weights=self._weights(found, run),
            named_by=self._desk.names_units,
            named_hint=_BY_KEY if self._desk.names_units == "number" else "",
            columns=[
                {"name": name, "label": self._names.column(name), "on": name in settings.adjusted}
                for name in self._desk.adjustable
            ],
            prior=written(settings.prior),
            comparisons=[
                self._comparison(at, each, settings, at_fault) for at, each in enumerate(self._desk.comparisons)
            ],
        )

    def pair(self, left: int, right: int, settings: Settings) -> str:
        """A pair's weight in parts by some settings, and what the two records hold."""
        found = self._desk.weight(left, right, settings)
        before = self._desk.weight(left, right, self._desk.settings)["weight"]["match_weight"]
        now = found["weight"]["match_weight"]
        return self.pages.render(
            "tuned_pair.html.j2",
            title=f"Pair {left} and {right}",
            heading=f"Pair {left} and {right}",
            ids=self._desk.ids(left, right),
            statement=f"The pair weighs {signed(now)} bits by these settings, {signed(before)} in the run.",
            waterfall=waterfall(found, self._names),
            rows=run_concurrently_if_small(*self._desk.records(left, right)),
            sides=self._sides(),
        )

    def saved(self, saved: Saved) -> str:
        """Where a model was kept, and how a run uses it."""
        title = f"Saved as version {saved.version}"
        return self.pages.render("saved.html.j2", title=title, path=str(saved.path), use=saved.use)

    def _link(self) -> str:
        left, right = (self._names.source(side) for side in (self._desk.left, self._desk.right))
        return f"{left} with itself" if left == right else f"{left} to {right}"

    def _sides(self) -> tuple[str, str]:
        left, right = (self._names.source(side) for side in (self._desk.left, self._desk.right))
        return ("One record", "The other") if left == right else (left, right)

    def _status(self, found: Outcome, run: Outcome) -> str:
        """What an ear should hear after a change."""
        if (found.decisions, found.gained, found.lost) == (run.decisions, 0, 0):
            linked = f"{found.decisions['accepted']:,} links, as in the run"
        else:
            linked = f"{found.decisions['accepted']:,} links: {found.gained:,} gained and {found.lost:,} lost"
        return (
            f"{linked}. Expected precision {_percent(found, 'precision')}, recall {_percent(found, 'recall')}. "
            f"{found.decisions['review']:,} pairs to people."
        )

    def _limits(self, settings: Settings) -> list[dict[str, str]]:
        gain = self._desk.gain
        hints = {
            name: f"Match weight in bits; a probability of {likelihood(_probability(getattr(settings, name) + gain))}."
            for name in ("accept", "review")
        }
        return [
            {"name": name, "label": label, "value": written(getattr(settings, name)), "hint": hints[name]}
            for name, label in LIMITS.items()
            if name in self._desk.limits
        ]

    def _headlines(self, found: Outcome, run: Outcome) -> list[dict[str, str]]:
        def count(name: str) -> str:
            change = found.decisions[name] - run.decisions[name]
            return f"{'+' if change > 0 else '−'}{abs(change):,} against the run" if change else "as in the run"

        lines = [
            {"label": "Links", "text": f"{found.decisions['accepted']:,}", "note": count("accepted")},
            {"label": "For people to look at", "text": f"{found.decisions['review']:,}", "note": count("review")},
        ]
        for measure in ("precision", "recall"):
            note = f"{_percent(run, measure)} in the run"
            lines.append({"label": f"Expected {measure}", "text": _percent(found, measure), "note": note})
        return lines

    def _histogram(self, settings: Settings, found: Outcome) -> Figure:
        size = found.bins[1].low - found.bins[0].low
        limits = [("to people from", settings.review), ("linked from", settings.accept)]
        rows: list[list[str | Cell]] = [
            [_range(found.bins, at, size), *(Cell(f"{n:,}", n) for n in (one.accepted, one.review, one.rejected))]
            for at, one in enumerate(found.bins)
            if one.accepted or one.review or one.rejected
        ]
        summary = (
            f"Pairs that the run kept, by match weight: {found.decisions['accepted']:,} linked, "
            f"{found.decisions['review']:,} left to people, {found.decisions['rejected']:,} not linked. "
            "Each row has a scale of its own. "
        ) + ("" if self._desk.left == self._desk.right else _BY_RULES)
        return Figure(
            "histogram",
            "How the weights lie",
            summary,
            drawing.histogram(found.bins, limits, size),
            drawing.histogram(found.bins, limits, size, narrow=True),
            Table("Pairs by match weight", ["Match weight", "Linked", "To people", "Not linked"], rows),
        )

    def _weights(self, found: Outcome, run: Outcome) -> Figure:
        levels: list[drawing.Weight] = []
        rows: list[list[str | Cell]] = []
        for comparison in self._desk.comparisons:
            heading = self._names.column(comparison.name)
            for at, grade in enumerate(comparison.grades):
                place = comparison.name, grade.value
                now, before = found.weights[place], run.weights[place]
                label = self._names.columns_in(grade.label)
                levels.append(drawing.Weight(label, now, before, "" if at else heading))
                rows.append([heading, label, Cell(signed(now), now), Cell(signed(before), before)])
        return Figure(
            "weights",
            "What each level weighs",
            "Bits that a level adds to a match weight: solid for a match, hollow against one. The line across a bar "
            "is where the run had it. How common a value is comes on top.",
            drawing.weights(levels),
            drawing.weights(levels, narrow=True),
            Table("What each level weighs, bits", ["Comparison", "Level", "Now", "In the run"], rows),
        )

    def _pairs(self, examples: Sequence[Example]) -> list[dict[str, Any]]:
        return [
            {
                "left": one.left,
                "right": one.right,
                "before": _DECISIONS[one.before],
                "after": _DECISIONS[one.after],
                "weight_before": signed(one.weight_before),
                "weight_after": signed(one.weight_after),
            }
            for one in examples
        ]

    def _groups(self, groups: Sequence[Group]) -> Table | None:
        """Exact counts, for the analyst, who sees single people above."""
        changed = [group for group in groups if group.gained or group.lost]
        rows: list[list[str | Cell]] = [
            [self._title(group), group.value, *(Cell(f"{n:,}", n) for n in (group.links, group.gained, group.lost))]
            for group in changed
        ]
        heads = ["Characteristic", "Value", "Links in the run", "Gained", "Lost"]
        note = "Exact counts, for you alone: they are not for release."
        return Table("Links gained and lost by subgroup, exact", heads, rows, note) if rows else None

    def _title(self, group: Group) -> str:
        return self._titles.get(group.characteristic, group.characteristic)

    def _released(self, groups: Sequence[Group], gained: int, lost: int) -> Table | None:
        """Counts that pass disclosure control; those of a characteristic add up to what was gained and lost."""
        if not groups or not (gained or lost):
            return None
        changed = [group for group in groups if group.gained or group.lost]
        counts: dict[tuple[str, ...], int] = {("gained",): gained, ("lost",): lost}
        sums = []
        for kind in ("gained", "lost"):
            by: dict[str, list[tuple[str, ...]]] = {}
            for group in changed:
                key = (kind, group.characteristic, group.value)
                counts[key] = getattr(group, kind)
                by.setdefault(group.characteristic, []).append(key)
            sums += [Sum((kind,), tuple(keys)) for keys in by.values()]
        shown = Disclosure(self._profile).counts(counts, sums)
        rows: list[list[str | Cell]] = [["All", "", shown["gained",], shown["lost",]]]
        for group in changed:
            at = group.characteristic, group.value
            rows.append([self._title(group), group.value, shown["gained", *at], shown["lost", *at]])
        note = "Counts are rounded, and small ones hidden: this table may be shown to others."
        return Table("Links gained and lost by subgroup", ["Characteristic", "Value", "Gained", "Lost"], rows, note)

    def _comparison(self, at: int, compared: Compared, settings: Settings, at_fault: Set[str]) -> dict[str, Any]:
        """A comparison, open where something of it was changed or is wrong: a fault stands beside its field."""
        places = [(compared.name, grade.value) for grade in compared.grades]
        run = self._desk.settings
        fields = {field_of(kind, at, grade.value) for kind in ("m", "u") for grade in compared.grades}
        is_changed = any(kind[p] != of[p] for p in places for kind, of in ((settings.m, run.m), (settings.u, run.u)))
        return {
            "number": at,
            "label": self._names.column(compared.name),
            "open": is_changed or not fields.isdisjoint(at_fault),
            "grades": [
                {
                    "label": self._names.columns_in(grade.label),
                    "pairs": f"{grade.pairs:,}",
                    "m_name": field_of("m", at, grade.value),
                    "u_name": field_of("u", at, grade.value),
                    "m": written(settings.m[place]),
                    "u": written(settings.u[place]),
                }
                for place, grade in zip(places, compared.grades, strict=True)
            ],
            "sums": _sums(settings, places) if compared.adds_up else "",
        }


def _caption(said: str, count: int, shown: Sequence[Example]) -> str:
    """What a table of pairs is of, and of how many it shows some."""
    some = f", of which the {len(shown)} nearest to the threshold are shown" if len(shown) < count else ""
    return f"{said}: {count:,}{some}"


def _range(bins: Sequence[Bin], at: int, size: float) -> str:
    """The weights of a bin; those at the ends hold what other settings move beyond the run's own weights."""
    low, high = (signed(place, plus=False) for place in (bins[at].low, bins[at].low + size))
    if at == 0:
        return f"under {high}"
    return f"{low} and over" if at == len(bins) - 1 else f"{low} to {high}"


def _sums(settings: Settings, places: Sequence[tuple[str, int]]) -> str:
    """Whether the shares of a comparison add up to one."""
    kinds: Mapping[str, Mapping[tuple[str, int], float]] = {"m": settings.m, "u": settings.u}
    off = {kind: sum(held[place] for place in places) for kind, held in kinds.items()}
    said = [f"{kind} adds up to {total:.4g}" for kind, total in off.items() if abs(total - 1) > _SHOWN_SUMS]
    return f"{' and '.join(said).capitalize()}, not to 1: shares of one whole should." if said else ""


def _probability(bits: float) -> float:
    return float(1 / (1 + 2.0**-bits))


def _percent(found: Outcome, measure: str) -> str:
    value = found.expected[measure]["value"]
    return "not known" if value is None else f"{per_cent(value)}%"

"""The pages of the review application."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quality.intervals import per_cent
from quality.measures.review_estimates import NOT_KNOWN, SCORED_ONLY
from quality.report.names import Names
from quality.report.waterfall import likelihood, signed, waterfall
from quality.review.agreement import agreement
from quality.review.labels import ADJUDICATOR, ANSWERS
from quality.review.queue import Queue
from quality.review.session import ReviewSession
from quality.web import Pages
from quality.web.side_by_side import side_by_side

_DECISIONS = {"accepted": "linked the two", "review": "sent the two to review", "rejected": "did not link the two"}
_MEASURES = {"precision": "Precision", "recall": "Recall", "f1": "F1"}
_READINGS = {"low": "against the linkage", "middle": "half and half", "high": "for the linkage"}


@dataclass(frozen=True)
class Who:
    """The person at the browser: the name they gave, and their role."""

    name: str
    role: str

    @property
    def settles(self) -> bool:
        """Whether they are an adjudicator."""
        return self.role == ADJUDICATOR


class ReviewPages:
    """Pages about a session as it is now.

    Args:
        doubled: share of the pairs that two reviewers answer.
    """

    def __init__(self, session: ReviewSession, names: Names, doubled: float) -> None:
        self._session, self._names, self._doubled = session, names, doubled
        links = {"Review": "/next", "Progress": "/progress", "Name and role": "/"}
        styles = {"bars.css": "quality.report", "records.css": "quality.web", "review.css": "quality.review"}
        self.pages = Pages("quality.review", "clerical review", links, scripts=("review.js",), styles=styles)
        self._views: dict[Who, int] = {}
        self._lock = threading.Lock()  # pages are answered by several threads

    def queue(self) -> Queue:
        """The sample and its answers now."""
        return Queue(self._session.pairs, self._session.labels(), self._doubled)

    def take_next(self, who: Who) -> int | None:
        """The place of the next pair for a person, who then has it on the screen."""
        with self._lock:
            place = self._next(self.queue(), who)
            if place is not None:
                self._view(who, place)
        return place

    def _next(self, queue: Queue, who: Who) -> int | None:
        views = (*self._session.views_of_others(), *self._own_views())
        return queue.next_for(who.name, who.role, {name: place for name, role, place in views if role == who.role})

    def _view(self, who: Who, place: int) -> None:
        self._views[who] = place
        self._session.show_views(self._own_views())

    def _own_views(self) -> list[tuple[str, str, int]]:
        return [(who.name, who.role, place) for who, place in list(self._views.items())]

    def start(self, who: Who | None, fault: str = "") -> str:
        """Name and role; `who` is what the fields show."""
        title = ("Error: " if fault else "") + "Who is reviewing?"
        about = {"step": self._step(), "run": self._session.run, "drawn": len(self._session.pairs)}
        return self.pages.render("start.html.j2", title=title, who=who, fault=fault, **about)

    def question(self, place: int, who: Who, *, has_keys: bool) -> str:
        """Two records side by side, and the question."""
        queue = self.queue()
        self._view(who, place)
        return self.pages.render(
            "question.html.j2",
            title=f"Pair {place} of {len(self._session.pairs)}",
            place=place,
            rows=side_by_side(*self._session.records(place)),
            sides=self._sides(),
            answers=ANSWERS,
            given=queue.answers_of_reviewers(place) if who.settles else [],
            changed=queue.changed(place),
            who=who,
            has_keys=has_keys,
            last=self._last(queue, who),
        )

    def decided(self, place: int, who: Who) -> str:
        """An answered pair, with what the linkage decided and why."""
        queue = self.queue()
        return self.pages.render(
            "decided.html.j2",
            title=f"Pair {place}, answered",
            place=place,
            rows=side_by_side(*self._session.records(place)),
            sides=self._sides(),
            answer=queue.answer(place, who.name),
            carried=queue.carried(place),
            verdict=self._verdict(place),
            waterfall=waterfall(self._session.weight(place), self._names),
        )

    def progress(self, who: Who, estimated: Mapping[str, Any] | None = None) -> str:
        """Progress, agreement, and the estimates if they were asked for."""
        queue = self.queue()
        return self.pages.render(
            "progress.html.j2",
            title="Progress",
            who=who,
            step=self._step(),
            progress=queue.progress(who.name),
            agreement=agreement(queue.standing()),
            has_more=self._next(queue, who) is not None,
            last=self._last(queue, who),
            estimated=estimate_rows(estimated) if estimated else [],
            notes=_notes(estimated) if estimated else [],
        )

    def _step(self) -> str:
        left, right = map(self._names.source, self._session.side_names)
        return f"{left} with itself" if left == right else f"{left} to {right}"

    def _sides(self) -> tuple[str, str]:
        left, right = map(self._names.source, self._session.side_names)
        return ("One record", "The other") if left == right else (left, right)

    def _last(self, queue: Queue, who: Who) -> dict[str, Any] | None:
        """The latest answer, which may be taken back. The verdict is not shown here: it would sway the next answer."""
        place = queue.last(who.name)
        return None if place is None else {"place": place, "answer": queue.answer(place, who.name)}

    def _verdict(self, place: int) -> str:
        verdict = self._session.verdict(place)
        text = f"The linkage {_DECISIONS[verdict.decision]}, by {self._names.words(verdict.made_by)}"
        text += f" ({verdict.reason})" if verdict.reason else ""
        if verdict.match_weight is None:
            return f"{text}; the pair has no match weight."
        text += f"; match weight {signed(verdict.match_weight)}"
        has_probability = verdict.match_probability is not None
        return f"{text}, match probability {likelihood(verdict.match_probability)}." if has_probability else f"{text}."  # type: ignore[arg-type]


def estimate_rows(result: Mapping[str, Any]) -> list[list[str]]:
    """Measure and reading, estimate, interval, and the number of answers behind it: precision rests on links only."""
    strata = result["strata"]
    every = sum(row["looked_at"] for row in strata)
    answers = {"precision": sum(row["looked_at"] for row in strata if row["accepted"]), "recall": every, "f1": every}
    return [
        [
            f"{label}, uncertain {words}",
            *(per_cent(result[measure][reading][part]) for part in ("value", "low", "high")),
            f"{answers[measure]:,}",
        ]
        for measure, label in _MEASURES.items()
        for reading, words in _READINGS.items()
        if result[measure][reading]["value"] is not None
    ]


def _notes(result: Mapping[str, Any]) -> Sequence[str]:
    """What the estimates leave out."""
    missing = [measure for measure in NOT_KNOWN if result[measure]["middle"]["value"] is None]
    notes = [f"{_MEASURES[measure]} is not known: {NOT_KNOWN[measure]}." for measure in missing]
    if "recall" not in missing and result["reach"] is None:
        notes.append(f"{SCORED_ONLY.capitalize()}.")
    if result["unseen"]:
        notes.append(f"Left out: {len(result['unseen'])} strata without a reviewed pair.")
    return notes

"""The pages of clerical review, as HTML."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quality.explain.page import parts_of, statement, title
from quality.explain.page.bars import likelihood, signed
from quality.measures.intervals import per_cent
from quality.report.names import Names
from quality.review import ADJUDICATOR, ANSWERS, KEPT_ONLY, UNKNOWN, Queue, agreement
from quality.review.app.desk import Desk, Verdict
from quality.review.app.differences import run_concurrently_if_small
from quality.web import Pages

_DECISIONS = {"accepted": "linked the two", "review": "left the two for review", "rejected": "did not link the two"}
_MEASURES = {"precision": "Precision", "recall": "Recall", "f1": "F1"}
_READINGS = {"low": "against the linkage", "middle": "half and half", "high": "for the linkage"}


@dataclass(frozen=True)
class Who:
    """Who reviews, by the name that they gave themselves, and in which role."""

    name: str
    role: str

    @property
    def settles(self) -> bool:
        """Whether they decide what reviewers left open."""
        return self.role == ADJUDICATOR


class Showing:
    """Pages about a desk as it is now.

    Args:
        doubled: share of the pairs that two reviewers are to answer.
    """

    def __init__(self, desk: Desk, names: Names, doubled: float) -> None:
        self._desk, self._names, self._doubled = desk, names, doubled
        links = {"Review": "/next", "Progress": "/progress", "Name and role": "/"}
        own = {"explanation.css": "quality.explain.page"} | dict.fromkeys(
            ("review.css", "review.js"), "quality.review.app"
        )
        self.pages = Pages("quality.review.app", "clerical review", links, own)
        self._looking: dict[Who, int] = {}  # the pair that each has before them
        self._lock = threading.Lock()  # pages are answered by several threads

    def known_as(self, name: str) -> str:
        """A reviewer's name as earlier answers have it."""
        return self._queue().known_as(name)

    def _queue(self) -> Queue:
        return Queue(self._desk.pairs, self._desk.labels(), self._doubled)

    def next_for(self, who: Who) -> int | None:
        """The place of the pair that waits for somebody, and that no other has before them while any else waits.

        Others are those of every application at work on the step.
        """
        queue = self._queue()
        looking = {name: place for name, role, place in (*self._desk.others_look(), *self._looks()) if role == who.role}
        return queue.to_settle(who.name, looking) if who.settles else queue.next_for(who.name, looking)

    def take_next(self, who: Who) -> int | None:
        """The same, which they then have before them."""
        with self._lock:
            place = self.next_for(who)
            if place is not None:
                self._look(who, place)
        return place

    def _look(self, who: Who, place: int) -> None:
        self._looking[who] = place
        self._desk.look(self._looks())

    def _looks(self) -> list[tuple[str, str, int]]:
        return [(who.name, who.role, place) for who, place in list(self._looking.items())]

    def has_answered(self, place: int, who: Who) -> bool:
        """Whether an answer of theirs stands."""
        return self._queue().answer(place, who.name) is not None

    def waits_for(self, place: int, who: Who) -> bool:
        """Whether they may answer."""
        return self._queue().may_answer(place, who.name, who.role)

    def was_answered_before(self, place: int) -> bool:
        """Whether an earlier run's reviewers have answered, and their answer holds."""
        return self._queue().carried(place) is not None

    def start(self, who: Who | None, fault: str = "") -> str:
        """Who are you?

        Args:
            who: what the fields hold: who it was so far, or what was sent with a fault.
        """
        about = {"step": self._step(), "run": self._desk.run, "drawn": len(self._desk.pairs)}
        return self.pages.render(
            "start.html.j2", title=("Error: " if fault else "") + "Who is reviewing?", who=who, fault=fault, **about
        )

    def question(self, place: int, who: Who, *, has_keys: bool) -> str:
        """Two records side by side, and the question."""
        queue = self._queue()
        self._look(who, place)
        return self.pages.render(
            "question.html.j2",
            title=f"Pair {place} of {len(self._desk.pairs)}",
            place=place,
            rows=run_concurrently_if_small(*self._desk.records(place)),
            sides=self._sides(),
            answers=ANSWERS,
            said=queue.reviewers_said(place) if who.settles else [],
            changed=queue.changed(place),
            who=who,
            has_keys=has_keys,
            last=self._last(queue, who),
        )

    def decided(self, place: int, who: Who) -> str:
        """A pair that somebody has answered, here or in an earlier run, with what the linkage made of it."""
        queue = self._queue()
        return self.pages.render(
            "decided.html.j2",
            title=f"Pair {place}, answered",
            place=place,
            rows=run_concurrently_if_small(*self._desk.records(place)),
            sides=self._sides(),
            answer=queue.answer(place, who.name),
            carried=queue.carried(place),
            verdict=self._verdict(place),
        )

    def why(self, place: int) -> str:
        """What the linkage made of a pair, part by part."""
        found = self._desk.explanation(place)
        headlines, sections = parts_of(found, self._names)
        return self.pages.render(
            "why.html.j2",
            title=f"{title(found)}: pair {place}",
            place=place,
            statement=statement(found),
            headlines=headlines,
            sections=sections,
        )

    def progress(self, who: Who, estimated: Mapping[str, Any] | None = None) -> str:
        """How far the review is, how far reviewers agree, and what follows where that was asked for."""
        queue = self._queue()
        return self.pages.render(
            "progress.html.j2",
            title="Progress",
            who=who,
            step=self._step(),
            progress=queue.progress(who.name),
            agreement=agreement(queue.standing()),
            has_more=self.next_for(who) is not None,
            last=self._last(queue, who),
            estimated=self._estimated(estimated) if estimated else [],
            notes=_notes(estimated) if estimated else [],
        )

    def _step(self) -> str:
        left, right = self._named()
        return f"{left} with itself" if left == right else f"{left} to {right}"

    def _sides(self) -> tuple[str, str]:
        left, right = self._named()
        return ("One record", "The other") if left == right else (left, right)

    def _named(self) -> tuple[str, str]:
        return self._names.source(self._desk.left), self._names.source(self._desk.right)

    def _last(self, queue: Queue, who: Who) -> dict[str, Any] | None:
        """The latest answer, which may be taken back."""
        place = queue.last(who.name)
        if place is None:
            return None
        return {"place": place, "answer": queue.answer(place, who.name), "verdict": self._verdict(place)}

    def _verdict(self, place: int) -> str:
        """What the linkage made of a pair, in a sentence."""
        verdict: Verdict = self._desk.verdict(place)
        decided = f"The linkage {_DECISIONS[verdict.decision]}, by {self._names.words(verdict.made_by)}"
        decided += f" ({verdict.reason})" if verdict.reason else ""
        if verdict.match_weight is None:
            return f"{decided}; the pair has no match weight."
        sure = f", probability {likelihood(verdict.match_probability)}" if verdict.match_probability is not None else ""
        return f"{decided}; match weight {signed(verdict.match_weight)}{sure}."

    @staticmethod
    def _estimated(said: Mapping[str, Any]) -> list[list[str]]:
        """Each measure and reading with its interval and how many answers it rests on: precision on links' alone."""
        rows, answers = [], rests_on(said["strata"])
        for measure, label in _MEASURES.items():
            for reading, words in _READINGS.items():
                share = said[measure][reading]
                if share["value"] is not None:
                    shown = [per_cent(share[part]) for part in ("value", "low", "high")]
                    rows.append([f"{label}, uncertain {words}", *shown, f"{answers[measure]:,}"])
        return rows


def rests_on(strata: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """How many answers each measure is worked out from."""
    every = sum(row["looked_at"] for row in strata)
    return {"precision": sum(row["looked_at"] for row in strata if row["accepted"]), "recall": every, "f1": every}


def _notes(said: Mapping[str, Any]) -> list[str]:
    """What estimates leave out, a sentence each."""
    known = {measure: said[measure]["middle"]["value"] is not None for measure in UNKNOWN}
    notes = [f"{_MEASURES[m]} is not known: {why}." for m, why in UNKNOWN.items() if not known[m]]
    if known["recall"] and said["reach"] is None:
        notes.append(f"{KEPT_ONLY.capitalize()}.")
    if said["unseen"]:
        notes.append(f"Left out: {len(said['unseen'])} strata of which no pair was looked at.")
    return notes

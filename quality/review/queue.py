"""Whose turn it is with which pair: double review, adjudication, what was done, and what can be taken back."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quality.review.labels import ADJUDICATOR, CHANGED, REVIEWER, UNCHANGED, WITHDRAWN

Pair = tuple[int, int]


@dataclass(frozen=True)
class Progress:
    """How far a review is, in pairs.

    Attributes:
        drawn: in the sample.
        looked_at: answered by somebody.
        done: answered by as many reviewers as they need.
        for_two, by_two: that two reviewers are to answer, and those that two have answered.
        open, settled: that wait for an adjudicator, and those that one has settled.
        mine: answered by the one who asks.
        carried: answered before these links were made; again: so too, but their records have changed since.
    """

    drawn: int
    looked_at: int
    done: int
    for_two: int
    by_two: int
    open: int
    settled: int
    mine: int
    carried: int
    again: int


class Queue:
    """A sample and what was said of it.

    Two reviewers answer the first pairs, so that their agreement shows early: the sample's order mixes its strata, and
    any number of first pairs is a sample too. Pairs that were answered before these links were made wait for nobody
    but an adjudicator.

    Args:
        pairs: left and right id in the order of the sample; a pair's place is 1, 2, ...
        labels: left_id, right_id, reviewer, role, answer in the order in which they were given; those of other pairs
            are left out.
        doubled: share of the pairs that two reviewers are to answer.
    """

    def __init__(self, pairs: Sequence[Pair], labels: Iterable[Mapping[str, Any]], doubled: float) -> None:
        self._place = {pair: place for place, pair in enumerate(pairs, 1)}
        self._said: dict[int, dict[str, Mapping[str, Any]]] = {place: {} for place in self._place.values()}
        self._turns: dict[str, list[int]] = {}
        self._carried: dict[str, dict[int, Mapping[str, Any]]] = {UNCHANGED: {}, CHANGED: {}}
        for label in labels:
            place = self._place.get((label["left_id"], label["right_id"]))
            if place is not None:
                self._take(place, label)
        new = [place for place in self._said if place not in self._carried[UNCHANGED]]
        self._for_two = set(new[: round(doubled * len(new))])

    def _take(self, place: int, label: Mapping[str, Any]) -> None:
        if carried := label.get("carried"):
            self._carried[carried][place] = label
        if carried == CHANGED:
            return
        turns = self._turns.setdefault(label["reviewer"], [])
        if place in turns:
            turns.remove(place)
        self._said[place].pop(label["reviewer"], None)
        if label["answer"] != WITHDRAWN:
            if not carried:  # what was said in another run is not taken back by a key
                turns.append(place)
            self._said[place][label["reviewer"]] = label
        elif not self._said[place]:
            self._carried[UNCHANGED].pop(place, None)

    def known_as(self, name: str) -> str:
        """A reviewer's name as the labels have it: who wrote it in other capitals is the same person."""
        return next((known for known in self._turns if known.casefold() == name.casefold()), name)

    def standing(self) -> list[Mapping[str, Any]]:
        """The last answer of each reviewer about each pair."""
        return [label for answers in self._said.values() for label in answers.values()]

    def carried(self, place: int) -> Mapping[str, Any] | None:
        """A label of a pair that was given before these links were made and holds."""
        return self._carried[UNCHANGED].get(place)

    def changed(self, place: int) -> Mapping[str, Any] | None:
        """A label of a pair that was given before these links were made and no longer holds."""
        return self._carried[CHANGED].get(place)

    def answer(self, place: int, reviewer: str) -> str | None:
        """What a reviewer said of a pair, if it stands."""
        label = self._said[place].get(reviewer)
        return None if label is None else str(label["answer"])

    def reviewers_said(self, place: int) -> list[str]:
        """The reviewers' answers about a pair, in an order that does not tell who gave them."""
        return sorted(str(label["answer"]) for label in self._by(place, REVIEWER))

    def last(self, reviewer: str) -> int | None:
        """The place of a reviewer's latest answer that stands: the one to take back."""
        turns = self._turns.get(reviewer)
        return turns[-1] if turns else None

    def next_for(self, reviewer: str, looking: Mapping[str, int] | None = None) -> int | None:
        """The first pair that still needs an answer which this reviewer can give; None where there is none.

        Args:
            looking: reviewer to the pair that they have before them: it waits for nobody else, while any other does.
        """
        waiting = {
            place: self._needed(place) - len(self._by(place, REVIEWER))
            for place, answers in self._said.items()
            if reviewer not in answers and not self._by(place, ADJUDICATOR)
        }
        return self._first({place: needed for place, needed in waiting.items() if needed > 0}, reviewer, looking)

    def to_settle(self, adjudicator: str, looking: Mapping[str, int] | None = None) -> int | None:
        """The first open pair that this adjudicator has not answered as a reviewer; None where there is none.

        Args:
            looking: as in `next_for`, of adjudicators.
        """
        waiting = {p: 1 for p in self._said if self._is_open(p) and adjudicator not in self._said[p]}
        return self._first(waiting, adjudicator, looking)

    def _first(self, waiting: Mapping[int, int], who: str, looking: Mapping[str, int] | None) -> int | None:
        """The first pair that waits for more people than have it before them, else the first that waits."""
        others = Counter(
            place for other, place in (looking or {}).items() if other != who and other not in self._said.get(place, {})
        )
        free = (place for place, needed in waiting.items() if others[place] < needed)
        return next(free, next(iter(waiting), None))

    def may_answer(self, place: int, reviewer: str, role: str) -> bool:
        """Whether a pair waits for this person in this role; an own answer may be given anew."""
        own = self._said[place].get(reviewer)
        if own is not None:
            return bool(own["role"] == role)
        if role == ADJUDICATOR:
            return self._is_open(place)
        return len(self._by(place, REVIEWER)) < self._needed(place) and not self._by(place, ADJUDICATOR)

    def progress(self, reviewer: str) -> Progress:
        """How far the review is."""
        given = {place: len(self._by(place, REVIEWER)) for place in self._said}
        return Progress(
            drawn=len(self._said),
            looked_at=sum(bool(answers) for answers in self._said.values()),
            done=sum(count >= self._needed(place) for place, count in given.items()),
            for_two=len(self._for_two),
            by_two=sum(given[place] >= 2 for place in self._for_two),
            open=sum(self._is_open(place) for place in self._said),
            settled=sum(bool(self._by(place, ADJUDICATOR)) for place in self._said),
            mine=len(self._turns.get(reviewer, ())),
            carried=len(self._carried[UNCHANGED]),
            again=sum(not self._said[place] for place in self._carried[CHANGED]),
        )

    def _needed(self, place: int) -> int:
        return 2 if place in self._for_two else 1

    def _by(self, place: int, role: str) -> list[Mapping[str, Any]]:
        return [label for label in self._said[place].values() if label["role"] == role]

    def _is_open(self, place: int) -> bool:
        """Whether reviewers have done their part and differ or are uncertain, and nobody has settled it."""
        answers = {label["answer"] for label in self._by(place, REVIEWER)}
        enough = len(self._by(place, REVIEWER)) >= self._needed(place)
        return enough and not self._by(place, ADJUDICATOR) and (len(answers) > 1 or answers == {"uncertain"})

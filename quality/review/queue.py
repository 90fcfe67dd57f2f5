"""Whose turn it is with which pair: double review, adjudication, progress, and what can be taken back."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quality.review.labels import ADJUDICATOR, CHANGED, REVIEWER, UNCHANGED, WITHDRAWN, Pair

Label = Mapping[str, Any]


@dataclass(frozen=True)
class Progress:
    """Numbers of pairs.

    Attributes:
        drawn: in the sample; looked_at: with any answer; done: with as many reviewers' answers as they need.
        for_two, by_two: to be reviewed by two, and reviewed by two.
        open, settled: waiting for an adjudicator, and settled by one.
        mine: answered by the person who asks.
        carried: answered in an earlier run; again: the same, to be reviewed again because their records have changed.
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
    """A sample and its answers.

    The first pairs go to two reviewers, so that their agreement shows early. Pairs answered in an earlier run wait for
    an adjudicator only.

    Args:
        pairs: in the order of the sample; a pair's place is 1, 2, ...
        labels: left_id, right_id, reviewer, role, answer, carried, in the order in which they were given.
        doubled: share of the pairs that two reviewers answer.
    """

    def __init__(self, pairs: Sequence[Pair], labels: Iterable[Label], doubled: float) -> None:
        self._place = {pair: place for place, pair in enumerate(pairs, 1)}
        self._answers: dict[int, dict[str, Label]] = {place: {} for place in self._place.values()}
        self._turns: dict[str, list[int]] = {}  # reviewer to the places answered, the latest last
        self._carried: dict[str, dict[int, Label]] = {UNCHANGED: {}, CHANGED: {}}
        for label in labels:
            place = self._place.get((label["left_id"], label["right_id"]))
            if place is not None:
                self._take(place, label)
        new = [place for place in self._answers if place not in self._carried[UNCHANGED]]
        self._for_two = set(new[: round(doubled * len(new))])

    def _take(self, place: int, label: Label) -> None:
        if carried := label.get("carried"):
            self._carried[carried][place] = label
        if carried == CHANGED:
            return
        turns = self._turns.setdefault(label["reviewer"], [])
        if place in turns:
            turns.remove(place)
        self._answers[place].pop(label["reviewer"], None)
        if label["answer"] != WITHDRAWN:
            if not carried:  # an answer of another run cannot be taken back here
                turns.append(place)
            self._answers[place][label["reviewer"]] = label
        elif not self._answers[place]:
            self._carried[UNCHANGED].pop(place, None)

    def known_as(self, name: str) -> str:
        """A reviewer's name as the labels have it, whatever its capitals."""
        return next((known for known in self._turns if known.casefold() == name.casefold()), name)

    def standing(self) -> list[Label]:
        """The last answer of each reviewer about each pair."""
        return [label for answers in self._answers.values() for label in answers.values()]

    def carried(self, place: int) -> Label | None:
        """An earlier run's label of a pair, which holds."""
        return self._carried[UNCHANGED].get(place)

    def changed(self, place: int) -> Label | None:
        """An earlier run's label of a pair whose records have changed."""
        return self._carried[CHANGED].get(place)

    def answer(self, place: int, reviewer: str) -> str | None:
        """A reviewer's answer about a pair, if it stands."""
        label = self._answers[place].get(reviewer)
        return None if label is None else str(label["answer"])

    def answers_of_reviewers(self, place: int) -> list[str]:
        """The reviewers' answers about a pair, in an order that does not tell who gave them."""
        return sorted(str(label["answer"]) for label in self._by(place, REVIEWER))

    def last(self, reviewer: str) -> int | None:
        """The place of a reviewer's latest answer that stands."""
        turns = self._turns.get(reviewer)
        return turns[-1] if turns else None

    def next_for(self, who: str, role: str, viewed: Mapping[str, int] | None = None) -> int | None:
        """The first pair that waits for a person; None if there is none.

        Args:
            viewed: others of the same role to the pair on their screen, offered only when no other pair waits.
        """
        if role == ADJUDICATOR:
            waiting = {p: 1 for p in self._answers if self._is_open(p) and who not in self._answers[p]}
        else:
            missing = {
                place: self._needed(place) - len(self._by(place, REVIEWER))
                for place, answers in self._answers.items()
                if who not in answers and not self._by(place, ADJUDICATOR)
            }
            waiting = {place: number for place, number in missing.items() if number > 0}
        taken = Counter(
            place
            for other, place in (viewed or {}).items()
            if other != who and other not in self._answers.get(place, {})
        )
        free = (place for place, number in waiting.items() if taken[place] < number)
        return next(free, next(iter(waiting), None))

    def may_answer(self, place: int, who: str, role: str) -> bool:
        """Whether a pair waits for this person in this role; an own answer may be changed."""
        own = self._answers[place].get(who)
        if own is not None:
            return bool(own["role"] == role)
        if role == ADJUDICATOR:
            return self._is_open(place)
        return len(self._by(place, REVIEWER)) < self._needed(place) and not self._by(place, ADJUDICATOR)

    def progress(self, reviewer: str) -> Progress:
        """How far the review is."""
        given = {place: len(self._by(place, REVIEWER)) for place in self._answers}
        return Progress(
            drawn=len(self._answers),
            looked_at=sum(bool(answers) for answers in self._answers.values()),
            done=sum(count >= self._needed(place) for place, count in given.items()),
            for_two=len(self._for_two),
            by_two=sum(given[place] >= 2 for place in self._for_two),
            open=sum(map(self._is_open, self._answers)),
            settled=sum(bool(self._by(place, ADJUDICATOR)) for place in self._answers),
            mine=len(self._turns.get(reviewer, ())),
            carried=len(self._carried[UNCHANGED]),
            again=sum(not self._answers[place] for place in self._carried[CHANGED]),
        )

    def _needed(self, place: int) -> int:
        return 2 if place in self._for_two else 1

    def _by(self, place: int, role: str) -> list[Label]:
        return [label for label in self._answers[place].values() if label["role"] == role]

    def _is_open(self, place: int) -> bool:
        """Whether enough reviewers have answered and differ or are uncertain, and no adjudicator has answered."""
        answers = self.answers_of_reviewers(place)
        is_doubtful = len(set(answers)) > 1 or set(answers) == {"uncertain"}
        return is_doubtful and len(answers) >= self._needed(place) and not self._by(place, ADJUDICATOR)

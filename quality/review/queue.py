"""Whose turn it is with which pair: double review, adjudication, progress, and what can
be taken back.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from quality.review.labels import (
    ADJUDICATOR,
    CHANGED,
    REVIEWER,
    UNCHANGED,
    Label,
    Pair,
    pair_of,
    standing,
)


class Queue:
    """A sample and its answers.

    The first pairs go to two reviewers, so that their agreement shows early. Pairs
    answered in an earlier run wait for an adjudicator only.

    Args:
        pairs: in the order of the sample; a pair's place is 1, 2, ...
        labels: left_id, right_id, reviewer, role, answer, carried, in the order in
            which they were given.
        doubled: share of the pairs that two reviewers answer.

    Attributes:
        standing: the last answer of each reviewer about each pair.
        carried, changed: place to the label of an earlier run: one that holds, and one
            about records that have changed.
    """

    def __init__(
        self, pairs: Sequence[Pair], labels: Iterable[Label], doubled: float
    ) -> None:
        place_of = {pair: place for place, pair in enumerate(pairs, 1)}
        own_labels = [label for label in labels if pair_of(label) in place_of]
        self.standing = standing(own_labels)
        self._answers: dict[int, dict[str, Label]] = {
            place: {} for place in place_of.values()
        }
        self._turns: dict[str, list[int]] = {
            label["reviewer"]: [] for label in own_labels
        }  # places, the latest last
        for label in self.standing:
            place = place_of[pair_of(label)]
            self._answers[place][label["reviewer"]] = label
            if not label.get(
                "carried"
            ):  # an answer of another run cannot be taken back here
                self._turns[label["reviewer"]].append(place)
        self.carried, self.changed = (
            {
                place_of[pair_of(label)]: label
                for label in own_labels
                if label.get("carried") == kind
            }
            for kind in (UNCHANGED, CHANGED)
        )
        self.carried = {
            place: label
            for place, label in self.carried.items()
            if self._answers[place]
        }
        new = [place for place in self._answers if place not in self.carried]
        self._for_two = set(new[: round(doubled * len(new))])

    def known_as(self, name: str) -> str:
        """A reviewer's name as the labels have it, whatever its capitals."""
        return next(
            (known for known in self._turns if known.casefold() == name.casefold()),
            name,
        )

    def answer(self, place: int, reviewer: str) -> str | None:
        """A reviewer's answer about a pair, if it stands."""
        label = self._answers[place].get(reviewer)
        return None if label is None else str(label["answer"])

    def answers_of_reviewers(self, place: int) -> list[str]:
        """The reviewers' answers about a pair, in an order that does not tell who gave
        them.
        """
        return sorted(str(label["answer"]) for label in self._by(place, REVIEWER))

    def last(self, reviewer: str) -> int | None:
        """The place of a reviewer's latest answer that stands."""
        turns = self._turns.get(reviewer)
        return turns[-1] if turns else None

    def next_for(
        self, who: str, role: str, viewed: Mapping[str, int] | None = None
    ) -> int | None:
        """The first pair that waits for a reviewer; None if there is none.

        Args:
            viewed: others of the same role to the pair on their screen, offered only
                when no other pair waits.
        """
        needs = {
            place: self._missing(place, role)
            for place, answers in self._answers.items()
            if who not in answers
        }
        viewers = Counter(
            place
            for other, place in (viewed or {}).items()
            if other != who and other not in self._answers.get(place, {})
        )
        free = (place for place, missing in needs.items() if missing > viewers[place])
        return next(
            free, next((place for place, missing in needs.items() if missing > 0), None)
        )

    def may_answer(self, place: int, who: str, role: str) -> bool:
        """Whether a pair waits for this reviewer in this role; an own answer may be
        changed.
        """
        own_answer = self._answers[place].get(who)
        return (
            self._missing(place, role) > 0
            if own_answer is None
            else bool(own_answer["role"] == role)
        )

    def progress(self, reviewer: str) -> dict[str, int]:
        """Numbers of pairs.

        Returns:
            drawn: in the sample; answered: with any answer; done: with as many
                reviewers' answers as they need; for_two,
            by_two: to be reviewed by two, and reviewed by two; open, settled: waiting
                for an adjudicator, and settled by
            one; mine: answered by the reviewer; carried: answered in an earlier run;
            again: the same, to be reviewed again because their records have changed.
        """
        counts = {place: len(self._by(place, REVIEWER)) for place in self._answers}
        return {
            "drawn": len(self._answers),
            "answered": sum(map(bool, self._answers.values())),
            "done": sum(
                count >= self._needed(place) for place, count in counts.items()
            ),
            "for_two": len(self._for_two),
            "by_two": sum(counts[place] >= 2 for place in self._for_two),
            "open": sum(self._missing(place, ADJUDICATOR) for place in self._answers),
            "settled": sum(
                bool(self._by(place, ADJUDICATOR)) for place in self._answers
            ),
            "mine": len(self._turns.get(reviewer, ())),
            "carried": len(self.carried),
            "again": sum(not self._answers[place] for place in self.changed),
        }

    def _needed(self, place: int) -> int:
        return 2 if place in self._for_two else 1

    def _by(self, place: int, role: str) -> list[Label]:
        return [
            label for label in self._answers[place].values() if label["role"] == role
        ]

    def _missing(self, place: int, role: str) -> int:
        """How many answers of a role a pair waits for: none once an adjudicator has
        answered.

        An adjudicator is needed where enough reviewers have answered and differ or are
        uncertain.
        """
        if self._by(place, ADJUDICATOR):
            return 0
        answers = self.answers_of_reviewers(place)
        missing = self._needed(place) - len(answers)
        if role == ADJUDICATOR:
            return int(
                missing <= 0
                and (len(set(answers)) > 1 or set(answers) == {"uncertain"})
            )
        return missing

"""Disclosure control hides the same numbers in every process, and asks the solver no more than it has to."""

import math
import random
from collections.abc import Iterator, Set
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest

from quality.disclosure import Sum, complement, suppress
from quality.disclosure.programme import Programme

_SALT = 0


@dataclass(frozen=True)
class Salted:
    """A key whose place in a set is another for each salt, as that of a text is in each process."""

    at: tuple[int, ...]

    def __hash__(self) -> int:
        return hash((_SALT, self.at))


def chained(seed: int, sizes: tuple[int, ...]) -> tuple[dict[Salted, int], list[Sum[Salted]]]:
    """A table of several dimensions with all its margins; 0 in a key stands for the sum over that dimension."""
    draw = random.Random(seed)
    axes = [range(1, size + 1) for size in sizes]
    inner = {at: draw.choice((0, 2, 3, 4, 11, 12, 25, 60)) for at in product(*axes)}
    places = list(product(*(range(size + 1) for size in sizes)))
    counts = {
        at: sum(n for one, n in inner.items() if all(a in (0, b) for a, b in zip(at, one, strict=True)))
        for at in places
    }
    sums = [
        Sum(Salted(at), tuple(Salted((*at[:axis], code, *at[axis + 1 :])) for code in axes[axis]))
        for at in places
        for axis in range(len(sizes))
        if at[axis] == 0
    ]
    return {Salted(at): n for at, n in counts.items()}, sums


@pytest.fixture(autouse=True)
def _unsalted() -> Iterator[None]:
    complement._remembered.cache_clear()  # what another spec asked is not asked again
    yield
    globals()["_SALT"] = 0


@pytest.mark.parametrize(
    ("seed", "sizes", "method"),
    [(3, (4, 4, 3), "quick"), (1, (3, 3, 2), "cheapest")],
)
def test_what_is_hidden_does_not_hang_on_the_order_of_sets(
    seed: int, sizes: tuple[int, ...], method: complement.Method
) -> None:
    """Two pages of one run that hid different numbers would each show what the other hides."""
    found = set()
    for salt in range(5):
        globals()["_SALT"] = salt
        hidden = suppress(*chained(seed, sizes), threshold=10, method=method)
        found.add(tuple(sorted(key.at for key in hidden)))
    assert len(found) == 1


def test_what_is_hidden_does_not_hang_on_how_busy_a_machine_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cheapest was looked for during five seconds of the clock, in which a busy machine comes less far."""
    asked: list[Programme] = []

    def made(*equations: Any, **options: float) -> Programme:
        asked.append(Programme(*equations, **options))
        return asked[-1]

    monkeypatch.setattr(complement, "Programme", made)
    suppress(*chained(1, (3, 3, 2)), threshold=10, method="cheapest")
    assert {programme._highs.getOptionValue("time_limit")[1] for programme in asked} == {math.inf}


def test_who_is_free_already_costs_no_programme(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each programme that is asked hides something: a report's sides asked 290, of which 36 did."""
    idle: list[bool] = []
    flow = complement._flow

    def counted(known, hidden: Set[Salted], *rest) -> set[Salted]:
        more = flow(known, hidden, *rest)
        idle.append(more <= hidden)
        return more

    monkeypatch.setattr(complement, "_flow", counted)
    suppress(*chained(3, (4, 4, 3)), threshold=10)
    assert idle
    assert not any(idle)

"""The solver of disclosure control: what it finds does not hang on what it was asked before."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from quality.disclosure import Sum, complement, suppress
from quality.disclosure.programme import Programme

# a + b = 10 and b + c = 7, each of them 0 to 8
LINES, SUMS = csr_array(np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]])), np.array([10.0, 7.0])


def made(**options: float) -> Programme:
    return Programme(LINES, SUMS, SUMS, np.zeros(3), np.full(3, 8.0), **options)


def test_the_least_and_the_most_of_each_number():
    programme = made()
    ends = [[programme.cheapest(sign * cost)[place] for sign in (1, -1)] for place, cost in enumerate(np.eye(3))]
    assert ends == [[3.0, 8.0], [2.0, 7.0], [0.0, 5.0]]


def test_numbers_without_fractions_are_asked_for_in_between():
    half = Programme(csr_array(np.array([[2.0, 2.0]])), np.array([3.0]), np.array([3.0]), np.zeros(2), np.ones(2))
    cost = np.array([1.0, 0.0])
    assert half.cheapest(cost) == pytest.approx([0.5, 1.0])
    assert half.cheapest(cost, whole=True) is None
    assert half.cheapest(cost, whole=[1, 0]) is not None
    assert half.cheapest(cost) == pytest.approx([0.5, 1.0])


def test_no_numbers_are_possible():
    nothing = Programme(LINES, SUMS, SUMS, np.zeros(3), np.full(3, 3.0))
    assert nothing.cheapest(np.ones(3)) is None
    assert nothing.cheapest(np.zeros(3), whole=True) is None


def test_numbers_in_no_equation_have_their_bounds():
    free = Programme(csr_array((0, 2)), np.zeros(0), np.zeros(0), np.array([1.0, 2.0]), np.array([4.0, 5.0]))
    assert free.cheapest(np.array([1.0, -1.0])).tolist() == [1.0, 5.0]


COSTS = st.lists(st.lists(st.integers(-5, 5), min_size=3, max_size=3), min_size=1, max_size=6)


@given(costs=COSTS, whole=st.booleans())
def test_what_was_asked_before_changes_no_least_cost(costs: list[list[int]], whole: bool):
    kept = made()

    def least(programme: Programme, cost: Any) -> float:
        return float(np.dot(programme.cheapest(np.array(cost, dtype=float), whole=whole), cost))

    assert [least(kept, cost) for cost in costs] == pytest.approx([least(made(), cost) for cost in costs])


def test_a_table_that_was_released_is_not_solved_again(monkeypatch: pytest.MonkeyPatch):
    counts = {"a": 3, "b": 41, **{f"c{n}": 77 for n in range(complement._LARGE)}}
    sums = [Sum("all", tuple(counts))]
    counts["all"] = sum(counts.values())
    first = suppress(counts, sums, threshold=10)
    monkeypatch.setattr(complement, "by_lines", lambda *_: pytest.fail("solved again"))
    assert suppress(dict(counts), list(sums), threshold=10) == first == {"a", "b"}
    with pytest.raises(pytest.fail.Exception, match="solved again"):
        suppress(counts | {"a": 4, "all": counts["all"] + 1}, sums, threshold=10)


def test_the_solver_says_nothing_of_itself_when_it_starts() -> None:
    """Its name and copyright stood among what leo says."""
    asks = (
        "import numpy as np; from scipy.sparse import csr_array; from quality.disclosure.programme import Programme\n"
        "Programme(csr_array((0, 1)), np.zeros(0), np.zeros(0), np.zeros(1), np.ones(1)).cheapest(np.ones(1))"
    )
    said = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True, check=True)
    assert (said.stdout, said.stderr) == ("", "")


def test_what_others_say_while_it_is_asked_is_said() -> None:
    """The process's output was turned away for as long as a solver took to start, and with it a thread's lines."""
    asks = """
import os, sys, threading
import numpy as np
from scipy.sparse import csr_array
from quality.disclosure.programme import Programme

asked = threading.Event()

def speak():
    while not asked.is_set():
        os.write(1, b"said\\n")
        spoken.append(1)

spoken = []
thread = threading.Thread(target=speak)
thread.start()
for _ in range(200):
    Programme(csr_array((0, 1)), np.zeros(0), np.zeros(0), np.zeros(1), np.ones(1)).cheapest(np.ones(1), whole=True)
asked.set()
thread.join()
sys.stderr.write(str(len(spoken)))
"""
    said = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True, check=True)
    assert said.stdout == "said\n" * int(said.stderr)

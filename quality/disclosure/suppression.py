"""Counts that are too small to be shown, and what else to hide so that they cannot be had."""

from collections.abc import Iterable, Mapping, Sequence

from quality.disclosure.complement import Method, protect
from quality.disclosure.sums import Key, Need, Sum, exactly


def suppress(
    counts: Mapping[Key, int],
    sums: Sequence[Sum[Key]],
    *,
    threshold: int,
    zeros_are_sensitive: bool = False,
    sensitive: Iterable[Key] = (),
    unshown: Iterable[Key] = (),
    fixed: Iterable[Key] = (),
    method: Method = "quick",
) -> frozenset[Key]:
    """The keys to hide.

    Of a small count it must stay possible that it reaches the threshold, so that nobody can tell whether it was hidden
    for being small or to guard another. Tables that share totals are judged together: what one shows must not undo
    what another hides.

    Args:
        counts: exact counts.
        sums: the equations between them: rows, columns, subtotals.
        threshold: a count below it is hidden; zero only where `zeros_are_sensitive`.
        sensitive: further keys to hide, for example totals that one contributor dominates.
        unshown: keys that stand in no table, such as all less those in the calculation. A small one is guarded like any
            other; of a large one no harm is done when it is reckoned, and nobody knows it when it cannot be.
        fixed: keys that are known elsewhere and cannot be hidden.
        method: see quality.disclosure.complement.

    Raises:
        ValueError: a sum does not hold or names a key that has no count.
        Unprotectable: what is known elsewhere tells a small count.
    """
    known = exactly(counts, sums, unshown=unshown, fixed=fixed)
    least = 0 if zeros_are_sensitive else 1
    needs = {key: Need(least=threshold) for key, count in counts.items() if least <= count < threshold}
    return protect(known, needs | {key: needs.get(key, Need()) for key in sensitive}, method=method)

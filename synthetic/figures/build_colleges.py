"""Invents the colleges and training providers of synthetic/reference/colleges.csv: none of them exists.

    python -m synthetic.figures.build_colleges

How many there are follows the sector in England: some 170 general further education colleges, 50 sixth form colleges,
and many more local adult services and training providers, of which the larger are here.
"""

import csv
from collections.abc import Iterator
from itertools import count
from pathlib import Path

OUT = Path(__file__).parents[1] / "reference" / "colleges.csv"

REGIONS = [f"E1200000{number}" for number in range(1, 10)]
EACH = {"college": 19, "sixth form college": 6, "adult": 14, "training": 50}
"""Providers of each kind in a region, the first largest; their sizes fall with their rank."""

_FIRST = [
    "Alder", "Ash", "Beck", "Birch", "Black", "Bram", "Brock", "Cald", "Carr", "Clay", "Cold", "Crow", "Dane", "Dun",
    "East", "Elder", "Fair", "Fern", "Glen", "Gold", "Gran", "Green", "Hale", "Hart", "Hazel", "Heather", "High",
    "Holm", "Hollow", "Iron", "Kings", "Lang", "Lark", "Lin", "Long", "Lynd", "Maple", "Marsh", "Mere", "Mill",
    "Moor", "Nether", "North", "Oak", "Orchard", "Over", "Pen", "Quarry", "Raven", "Red", "Ridge", "Rook", "Rowan",
    "Sand", "Sedge", "Shaw", "Silver", "South", "Stone", "Strat", "Thorn", "Twin", "Under", "Upper", "Wald", "West",
    "White", "Wind", "Winter", "Wood", "Yew",
]  # fmt: skip
_SECOND = [
    "bridge", "brook", "bury", "by", "cliffe", "combe", "dale", "den", "field", "ford", "gate", "ham", "hurst", "ley",
    "mere", "mouth", "ridge", "stead", "stow", "wick",
]  # fmt: skip
_KIND = {
    "college": ("College", "College of Further Education", "Metropolitan College", "Technical College"),
    "sixth form college": ("Sixth Form College",),
    "adult": ("Adult Learning Service", "Community Learning Trust", "Institute of Adult Education"),
    "training": ("Training", "Skills Academy", "Apprenticeships", "Workplace Learning"),
}


def colleges() -> Iterator[tuple[str, str, str, str, str]]:
    """UKPRN, name, kind, region and share of the region's learners of the kind."""
    number, known = count(), set[str]()
    for region in REGIONS:
        for kind, providers in EACH.items():
            sizes = [1 / (rank + 3) for rank in range(providers)]
            for size in sizes:
                at = next(number)
                name = next(name for name in _names(kind, at) if name not in known)
                known.add(name)
                yield str(10_090_000 + at), name, kind, region, f"{size / sum(sizes):.4f}"


def _names(kind: str, at: int) -> Iterator[str]:
    for step in count():
        first, second = _FIRST[at * 29 % len(_FIRST)], _SECOND[(at * 7 + at // len(_FIRST) + step) % len(_SECOND)]
        yield f"{first}{second} {_KIND[kind][at % len(_KIND[kind])]}"


if __name__ == "__main__":
    with OUT.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("ukprn", "name", "kind", "region", "share"))
        writer.writerows(colleges())

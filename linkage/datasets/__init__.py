"""Two small synthetic person files and their true pairs, for tutorials and first tries.

1,773 pupils and 2,796 customers of the demo's population of 3,000 people: pupils.csv
and customers.csv as `leo link` reads them, and pairs.csv (left_id, right_id), the pairs
that are the same person. No record is of a real person.
"""

from pathlib import Path

_FOLDER = Path(__file__).resolve().parent

PUPILS = _FOLDER / "pupils.csv"
CUSTOMERS = _FOLDER / "customers.csv"
PAIRS = _FOLDER / "pairs.csv"

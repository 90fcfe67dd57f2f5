"""leo-linkage: the identity tables of a population, with truth and error log; workers as third argument."""

import json
import sys
from pathlib import Path

from linkage import __version__
from synthetic import synthesise

_RECORDS_PER_PERSON = 6.8  # measured, all sources together; the records written are counted


def main(records: str, out: str, workers: str) -> None:
    people = max(1, round(int(records) / _RECORDS_PER_PERSON))
    chunk = min(100_000, -(-people // (2 * int(workers)))) if int(workers) > 1 else 100_000
    manifest = synthesise(Path(out), people, tables="identities", workers=int(workers), chunk=chunk)
    print(json.dumps({"records": manifest.rows["truth/records"], "versions": {"leo-linkage": __version__}}))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""mimesis, en-gb: persons one by one, without mistakes, for it has none."""

import json
import sys
from importlib.metadata import version
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from mimesis import Address, Person
from mimesis.locales import Locale


def main(records: str, out: str) -> None:
    count = int(records)
    person, address = Person(Locale.EN_GB, seed=2026), Address(Locale.EN_GB, seed=2026)
    columns = {
        "forename": [person.first_name() for _ in range(count)],
        "surname": [person.last_name() for _ in range(count)],
        "sex": [person.sex() for _ in range(count)],
        "dob": [person.birthdate(1985, 2006) for _ in range(count)],
        "postcode": [address.postal_code() for _ in range(count)],
    }
    Path(out).mkdir(parents=True)
    pq.write_table(pa.table({"id": range(count), **columns}), f"{out}/persons.parquet")
    print(json.dumps({"records": count, "versions": {name: version(name) for name in ("mimesis", "pyarrow")}}))


if __name__ == "__main__":
    main(*sys.argv[1:])

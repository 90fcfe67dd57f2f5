"""Faker, en_GB: persons one by one, without mistakes, for it has none."""

import json
import sys
from importlib.metadata import version
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from faker import Faker


def main(records: str, out: str) -> None:
    count = int(records)
    fake = Faker("en_GB")
    Faker.seed(2026)
    columns = {
        "forename": [fake.first_name() for _ in range(count)],
        "surname": [fake.last_name() for _ in range(count)],
        "sex": [fake.random_element("FM") for _ in range(count)],
        "dob": [fake.date_between("-40y", "-19y") for _ in range(count)],
        "postcode": [fake.postcode() for _ in range(count)],
    }
    Path(out).mkdir(parents=True)
    pq.write_table(pa.table({"id": range(count), **columns}), f"{out}/persons.parquet")
    print(json.dumps({"records": count, "versions": {name: version(name) for name in ("Faker", "pyarrow")}}))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Faker's persons, one by one and without errors: python faker_persons.py RECORDS OUT, in an environment that has Faker."""

import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from faker import Faker


def main(count: int, out: Path) -> None:
    fake = Faker("en_GB")
    Faker.seed(2026)
    fields = {
        "forename": fake.first_name, "surname": fake.last_name, "sex": lambda: fake.random_element("FM"),
        "dob": lambda: fake.date_between("-40y", "-19y"), "postcode": fake.postcode,
    }  # fmt: skip
    out.mkdir(parents=True)
    columns = {field: [draw() for _ in range(count)] for field, draw in fields.items()}
    pq.write_table(pa.table({"id": range(count), **columns}), out / "persons.parquet")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))

"""Generators of other projects: python others.py NAME RECORDS OUT [REFERENCE], in an environment that has them.

Faker and mimesis draw persons one by one, without errors. gecko-syndata draws persons from the name tables of REFERENCE, and
a second file of them with errors at the rates of our realistic preset.
"""

import json
import string
import sys
from importlib.metadata import version
from pathlib import Path


def row_by_row(name: str, count: int, out: Path) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if name == "Faker":
        from faker import Faker

        fake = Faker("en_GB")
        Faker.seed(2026)
        fields = {
            "forename": fake.first_name, "surname": fake.last_name, "sex": lambda: fake.random_element("FM"),
            "dob": lambda: fake.date_between("-40y", "-19y"), "postcode": fake.postcode,
        }  # fmt: skip
    else:
        from mimesis import Address, Person
        from mimesis.locales import Locale

        person, address = Person(Locale.EN_GB, seed=2026), Address(Locale.EN_GB, seed=2026)
        fields = {
            "forename": person.first_name, "surname": person.last_name, "sex": person.sex,
            "dob": lambda: person.birthdate(1985, 2006), "postcode": address.postal_code,
        }  # fmt: skip
    columns = {field: [draw() for _ in range(count)] for field, draw in fields.items()}
    pq.write_table(pa.table({"id": range(count), **columns}), out / "persons.parquet")
    return count


def gecko(count: int, out: Path, reference: Path) -> int:
    import numpy as np
    import pandas as pd
    from gecko import generator, mutator

    rng = np.random.default_rng(2026)
    births = pd.read_parquet(reference / "forenames.parquet")
    names = births.astype({"name": str}).groupby("name", as_index=False)["share"].sum()
    surnames = pd.read_csv(reference / "surnames.csv", keep_default_na=False)
    sectors = pd.read_csv(reference / "sectors.csv", keep_default_na=False)
    sexes = pd.DataFrame({"v": ["F", "M"], "n": [1, 1]})
    people = generator.to_data_frame(
        [
            ("forename", generator.from_frequency_table(names, "name", "share", rng=rng)),
            ("surname", generator.from_frequency_table(surnames, "name", "share", rng=rng)),
            ("sector", generator.from_frequency_table(sectors, "sector", "units", rng=rng)),
            ("sex", generator.from_frequency_table(sexes, "v", "n", rng=rng)),
            ("dob", generator.from_datetime_range("1985-09-01", "2006-08-31", "%Y-%m-%d", "D", rng=rng)),
        ],
        count // 2,
    )
    people.insert(0, "id", np.arange(count // 2))
    typing = [
        mutator.with_insert(string.ascii_lowercase, rng=rng),
        mutator.with_delete(rng=rng),
        mutator.with_transpose(rng=rng),
        mutator.with_substitute(string.ascii_lowercase, rng=rng),
    ]
    mutations = [
        ("forename", [(0.0058, error) for error in typing]),
        ("surname", [(0.004, error) for error in typing]),
        ("dob", (0.005, mutator.with_datetime_offset(31, "d", "%Y-%m-%d", rng=rng))),
        ("sex", (0.003, mutator.with_missing_value("", rng=rng))),
    ]
    people.to_parquet(out / "left.parquet")
    mutator.mutate_data_frame(people, mutations).to_parquet(out / "right.parquet")
    return count // 2 * 2


if __name__ == "__main__":
    system, records, out = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    out.mkdir(parents=True)
    is_gecko = system == "gecko-syndata"
    written = gecko(records, out, Path(sys.argv[4])) if is_gecko else row_by_row(system, records, out)
    print(json.dumps({"records": written, "versions": {system: version(system)}}))

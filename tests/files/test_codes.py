"""Numbers, telephones, e-mail addresses and postcodes in one form."""

from collections import Counter

from linkage.files.codes import (
    infer_numbers,
    infer_postcodes,
    read_postcode,
)


def test_numbers_are_compared_by_the_part_that_both_files_write() -> None:
    full = Counter({f"{n:09}": 1 for n in range(10_000_000, 900_000_000, 7_654_321)})
    last = Counter({value[-4:]: 1 for value in full})
    assert infer_numbers([full, last]) == [
        {"length": 9, "last": 4},
        {"length": 4, "last": 4},
    ]
    assert infer_numbers([full, full]) == [{"length": 9}, {"length": 9}]


def test_postcodes_are_compared_to_what_both_files_have() -> None:
    units, districts = Counter(["AB1 2CD", "M60 9XY"]), Counter(["AB1", "M60"])
    assert infer_postcodes([units, units])[0] == {
        "kind": "british",
        "precision": "unit",
    }
    coarse = infer_postcodes([units, districts])[0]
    assert read_postcode("ab12cd", infer_postcodes([units, units])[0]) == "AB1 2CD"
    assert (read_postcode("AB1 2CD", coarse), read_postcode("AB1", coarse)) == (
        "AB1",
        "AB1",
    )
    short, long = infer_postcodes(
        [Counter(["06620", "1234", "98765"]), Counter(["06620-1234", "98765-0001"])]
    )
    assert read_postcode("06620", short) == read_postcode("06620-1234", long) == "06620"
    assert infer_postcodes([Counter(["6620"]), Counter(["06620"])])[0]["digits"] == 0, (
        "a file without first zeros"
    )
    assert read_postcode("ZZ1 1ZZ", infer_postcodes([units, units])[0]) is None

"""Whole addresses are split into street, town, county and postcode by what the column
shows.
"""

import random

from linkage.files.address import (
    AddressSide,
    holds_whole_addresses,
    infer_addresses,
    street_alone,
)

TOWNS = ["Leeds", "York", "Hull", "Derby", "Crewe"]
STREETS = ["High Street", "Mill Lane", "Church Road", "Station Road", "Park Avenue"]


def british(count: int = 200) -> list[tuple[str, str, str]]:
    draw = random.Random(2)
    return [
        (
            f"{draw.randrange(1, 99)} {draw.choice(STREETS)}",
            draw.choice(TOWNS),
            f"LS{draw.randrange(1, 9)} 1AB",
        )
        for _ in range(count)
    ]


def test_british_addresses_are_split() -> None:
    addresses = british()
    side = AddressSide([", ".join(parts) for parts in addresses])
    infer_addresses([side])
    assert side.form.holds == {"postcode", "town"}
    for text, (street, town, code) in zip(side.texts, addresses, strict=True):
        fields = side.form.split(text)
        assert (fields["town"], fields["postcode"]) == (town.upper(), code)
        assert fields["address"] == street.split(" ", 1)[1].upper()


def test_the_town_may_come_first_and_the_postcode_before_it() -> None:
    draw = random.Random(4)
    codes = [
        (draw.randrange(10_000, 99_999), draw.choice(TOWNS), draw.randrange(1, 80))
        for _ in range(99)
    ]
    side = AddressSide(
        [f"{code} {town}\nRingstr. {number}" for code, town, number in codes]
    )
    infer_addresses([side])
    fields = side.form.split("12345 Derby\nRingstr. 7")
    assert fields == {"address": "RINGSTR.", "postcode": "12345", "town": "DERBY"}


def test_states_behind_towns_and_flats_are_known() -> None:
    draw = random.Random(5)
    towns, states = (
        ["Springfield", "Salem", "Dover", "Clinton", "Albany"],
        ["IL", "OR", "DE", "NY"],
    )
    texts = [
        f"{draw.randrange(1, 999)} {draw.choice(STREETS)} Apt {draw.randrange(1, 9)}, "
        f"{draw.choice(towns)}, "
        f"{draw.choice(states)} {draw.randrange(10_000, 99_999)}"
        for _ in range(200)
    ]
    side = AddressSide(texts)
    infer_addresses([side])
    parts = side.form.split("12 Mill Lane Apt 4, Salem, OR 97301")
    assert (parts["address"], parts["town"], parts["postcode"]) == (
        "MILL LANE",
        "SALEM",
        "97301",
    )


def test_a_street_without_its_number() -> None:
    assert street_alone("Polna 104 m. 5") == "Polna"
    assert holds_whole_addresses({"Via Roma 5, 20121 Milano": 9, "Roma": 1})
    assert not holds_whole_addresses({"Roma": 9})

"""A hundred tables made by hand in the families of an attack: none that is unsafe passes, few that are safe are refused."""

import tomllib
from pathlib import Path
from typing import Any

from quality.disclosure import load
from quality.disclosure.outputs.findings import Checked
from quality.disclosure.outputs.reading import Sheet
from tests.quality.disclosure.test_linked import as_left, check_table, sheet

TABLES = tomllib.loads(Path(__file__).with_name("held_tables.toml").read_text(encoding="utf-8"))["table"]


def table_of(entry: dict[str, Any]) -> Sheet:
    text = "\n".join(entry["rows"].split(" / "))
    return sheet("t", text, columns=entry.get("columns", {}), rounded_to=entry.get("rounded_to", 1))


def checks(entry: dict[str, Any]) -> dict[str, Checked]:
    names = ["ons_srs"] if entry["safe"] else ["leo_publication", "acro", "ons_srs"]
    names = [entry["profile"]] if "profile" in entry else names
    return {name: check_table(table_of(entry), load(name)) for name in names}


def test_no_unsafe_table_passes_and_few_safe_ones_are_refused() -> None:
    passed, refused = [], []
    for number, entry in enumerate(TABLES):
        for profile, checked in checks(entry).items():
            if checked.passes and not entry["safe"]:
                passed.append((number, entry["family"], profile))
            if not checked.passes and entry["safe"]:
                refused.append((number, entry["family"], [(f.place, f.rule) for f in checked.findings]))
    assert [sum(entry["safe"] is is_safe for entry in TABLES) for is_safe in (True, False)] == [50, 50]
    assert passed == []
    assert len(refused) <= 5, refused


def test_what_is_written_of_an_unsafe_table_passes_itself() -> None:
    for number, entry in enumerate(TABLES):
        for profile, checked in checks(entry).items():
            if checked.safe is not None and "amount" not in str(entry.get("columns")):
                again = check_table(as_left(checked, load(profile).round_to), load(profile))
                assert again.passes, (number, entry["family"], profile, again.findings)

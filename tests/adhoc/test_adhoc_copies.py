"""A column that says again what another one says is compared once."""

from pathlib import Path

import pytest

from linkage.adhoc.columns.copies import without_copies
from linkage.adhoc.fields import persons
from linkage.adhoc.headers.recognise import recognise
from linkage.engine import Engine

HEAD = "id,surname,zip_code,res_street_address,mail_addr1,mail_zip_again,party\n"


def _file(engine: Engine, folder: Path, name: str, apart: int) -> persons.PersonFile:
    """Forty people, of whom the first so many have their mail sent elsewhere."""
    lines = [
        f"{name}{n},Name{n},{10000 + n},{n}   High Street  ,{n + 100 * (n < apart)} HIGH STREET,"
        f"{10000 + n + 100 * (n < apart)},{'AB'[n % 2]}\n"
        for n in range(40)
    ]
    (folder / name).write_text(HEAD + "".join(lines), encoding="utf-8")
    return persons.read(engine, folder / name, folder / f"{name}-scratch", delimiter=",", encoding="utf-8")


@pytest.mark.parametrize(
    ("apart", "further"),
    [((2, 4), ["party"]), ((2, 30), ["res_street_address", "mail_zip_again", "party"])],
    ids=["in both files", "in one file alone"],
)
def test_a_copy_of_a_column_is_left_out(
    apart: tuple[int, int], further: list[str], engine: Engine, tmp_path: Path
) -> None:
    files = [_file(engine, tmp_path, name, of) for name, of in zip(("l.csv", "r.csv"), apart, strict=True)]
    found = without_copies(engine, files, recognise(files[0].header, files[1].header))
    assert found.fields == ["surname", "postcode", "address", *further]
    assert found.left["address"] == "mail_addr1"


def test_a_name_in_full_beside_its_parts_is_left_out(engine: Engine, tmp_path: Path) -> None:
    lines = [f"{n},Name{n},Kin{n % 9},Dr. NAME{n}  Kin{n % 9}{' B' * (n % 2)},{n % 5} Kin\n" for n in range(40)]
    (tmp_path / "f.csv").write_text("id,first_name,surname,whole,note\n" + "".join(lines), encoding="utf-8")
    files = [persons.read(engine, tmp_path / "f.csv", tmp_path / "scratch", delimiter=",", encoding="utf-8")]
    found = without_copies(engine, files, recognise(files[0].header, files[0].header))
    assert found.fields == ["forename", "surname", "note"]

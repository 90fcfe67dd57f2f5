"""What the other file has a column for is found in a text by pairs that agree, and so are numbers in words."""

from pathlib import Path

import pytest

from linkage.adhoc.columns.made_of import Within, numbers_of, tokens_of
from linkage.adhoc.link import Request, link_files
from linkage.adhoc.two_files import Asked, TwoFiles, two_files
from linkage.engine import Engine, rows
from quality.explain import Explainer
from tests.adhoc.conftest import FORENAMES, SURNAMES, write_csv

SUBSTANCES = [
    f"{one}{two}" for one in ("amo", "cefi", "lora", "meto", "sima", "vera") for two in ("xan", "pril", "tin")
]
STRENGTHS = ("2.5", "10", "20", "50", "100", "250", "500")
PAINTERS = [(f, s) for f in FORENAMES for s in SURNAMES[:12]]
MAKERS = ("Aldo", "Berg", "Cora", "Dahl", "Elm", "Falk")
MEDICINES = [
    (substance, strength, MAKERS[(n + m) % len(MAKERS)], n + m)
    for n, substance in enumerate(SUBSTANCES)
    for m, strength in enumerate(STRENGTHS)
]


def _registers(
    folder: Path, text: str = "{substance} {maker} {strength} mg tablets, {pack} pieces"
) -> tuple[Path, Path]:
    """One register with a text of each medicine, and one with columns; of both the substance and the maker."""
    left = [
        {
            "code": f"M{n:04}",
            "label": text.format(substance=s, maker=m, strength=strength.replace(".", ","), pack=7 + k % 40, n=n),
            "substance": s,
            "maker": m,
        }
        for n, (s, strength, m, k) in enumerate(MEDICINES)
    ]
    right = [
        {"key": f"K{n:04}", "substance": s, "maker": m, "dose": f"{strength}mg", "batch": f"{(n * 37) % 89}/{n % 13}"}
        for n, (s, strength, m, _) in enumerate(MEDICINES)
    ]
    return write_csv(folder / "left.csv", left), write_csv(folder / "right.csv", right)


def _read(engine: Engine, folder: Path, left: Path, right: Path, maps: tuple[str, ...] = ()) -> TwoFiles:
    return two_files(engine, Asked(left, right, maps), folder / "scratch", None)


def test_a_text_is_compared_by_the_columns_that_it_holds(duckdb_engine: Engine, tmp_path: Path) -> None:
    read = _read(duckdb_engine, tmp_path, *_registers(tmp_path))
    assert read.columns.right["dose"] == "dose"
    left, right = (
        sorted((row["substance"], row["maker"], row["dose"]) for row in rows(duckdb_engine, side))
        for side in read.sides
    )
    assert left == right
    assert len({dose for *_, dose in left}) == len(STRENGTHS)


def test_what_a_text_does_not_hold_is_not_compared(duckdb_engine: Engine, tmp_path: Path) -> None:
    read = _read(duckdb_engine, tmp_path, *_registers(tmp_path, "{substance} {maker} tablets, {pack} pieces in a box"))
    assert not {"dose", "batch"} & set(read.kinds)


def test_a_column_that_is_left_out_is_not_looked_for(duckdb_engine: Engine, tmp_path: Path) -> None:
    read = _read(duckdb_engine, tmp_path, *_registers(tmp_path), maps=("right.other=dose",))
    assert "dose" not in read.kinds


def test_a_link_by_what_a_text_holds_is_explained_by_it(tmp_path: Path) -> None:
    out = tmp_path / "out"
    link_files(Request(*_registers(tmp_path), out, threads=1))
    with Explainer(out) as explainer:
        found = explainer.pair("M0003", "K0003").found
    assert found["outcome"]["decision"] == "accepted"
    assert "dose" in str(found)


def test_numbers_are_compared_where_each_file_has_words_of_its_own(duckdb_engine: Engine, tmp_path: Path) -> None:
    people = [(f, s, n) for n, (f, s) in enumerate((f, s) for f in FORENAMES for s in SURNAMES[:9])]
    left = [{"id": f"L{n}", "surname": s, "forename": f, "troop": f"Inf. Rgt. {n % 40 + 100}"} for f, s, n in people]
    right = [{"id": f"R{n}", "surname": s, "forename": f, "regiment": f"{n % 40 + 100}th Foot"} for f, s, n in people]
    files = write_csv(tmp_path / "left.csv", left), write_csv(tmp_path / "right.csv", right)
    read = _read(duckdb_engine, tmp_path, *files)
    numbers = [sorted(row["troop"] for row in rows(duckdb_engine, side)) for side in read.sides]
    assert numbers[0] == numbers[1] == sorted(str(n % 40 + 100) for *_, n in people)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("Amoxil 2,50mg", ("AMOXIL", "2.5", "MG")), ("Ørsted 10.0", ("ORSTED", "10")), ("--", ())],
)
def test_a_text_is_words_and_numbers(text: str, tokens: tuple[str, ...]) -> None:
    assert tokens_of(text) == tokens


def test_of_several_values_in_a_text_the_one_of_most_words_is_found() -> None:
    within = Within({"York": 9, "New York": 2, "A": 50, "12 mg": 1})
    assert within.found("of New York, late of York") == "New York"
    assert within.found("York 12mg") == "12 mg"
    assert within.found("A") is None
    assert numbers_of("30 x 40,0 cm") == "30 40"


def test_days_that_a_month_parts_are_of_one_thing(duckdb_engine: Engine, tmp_path: Path) -> None:
    """What was ordered on one day comes on a later one."""
    days = [(day, month, 1980 + (day * month) % 19) for month in range(1, 13) for day in (1, 9, 17, 25)]
    held = [(n, MAKERS[n % 6], f"Lamp {n * 7 % 91}", *day) for n, day in enumerate(days)]
    left = [{"nr": n, "maker": f, "artikel": lamp, "ordered": f"{y}-{m:02}-01"} for n, f, lamp, d, m, y in held]
    right = [
        {"nr": n, "maker": f, "artikel": lamp, "came": f"{y}-{m:02}-{10 + n % 12}"} for n, f, lamp, d, m, y in held
    ]
    files = write_csv(tmp_path / "left.csv", left), write_csv(tmp_path / "right.csv", right)
    read = two_files(duckdb_engine, Asked(*files), tmp_path / "scratch")
    assert read.columns.right["ordered"] == "came"
    assert read.kinds["ordered"] == "day"


def test_pairs_agree_on_a_text_whatever_the_order_of_its_words(duckdb_engine: Engine, tmp_path: Path) -> None:
    """Who made a picture, whose sizes each museum writes in its own way."""
    held = [(n, f"{f} {s}", f"{s.upper()} {f}", f"View {n % 9}") for n, (f, s) in enumerate(PAINTERS)]
    left = [{"nr": n, "auteur": a, "titre": v, "dimensions": f"H. {n + 20},5 ; L. {n * 7 % 90}"} for n, a, _, v in held]
    right = [{"key": n, "kuenstler": b, "Titre": v, "masse": f"{n + 20}.5 x {n * 7 % 90} cm"} for n, _, b, v in held]
    files = write_csv(tmp_path / "left.csv", left), write_csv(tmp_path / "right.csv", right)
    read = _read(duckdb_engine, tmp_path, *files)
    sizes = [sorted(row["dimensions"] for row in rows(duckdb_engine, side)) for side in read.sides]
    assert sizes[0] == sizes[1] == sorted(f"{n + 20}.5 {n * 7 % 90}" for n, *_ in held)

"""A column called "name" that names places, bodies and firms is of no persons, in any language."""

import random
from pathlib import Path

import pytest

from linkage.adhoc.columns.things import is_of_thing
from linkage.adhoc.dedupe import DedupeRequest, dedupe_file
from linkage.adhoc.headers.recognise import recognise
from linkage.adhoc.two_files import Asked, two_files
from linkage.engine import connect
from linkage.errors import ConfigError

PLACES = [f"{10 + n} {street} Street" for n in range(12) for street in ("Mill", "Kirk", "Dock", "Moor", "Vine")]


def _kinds(folder: Path, header: str, left: list[str], right: list[str] | None = None, other: str = "") -> set[str]:
    """Fields that are compared of two files of names, each at a place."""
    for side, names, columns in (("left", left, header), ("right", (right or left)[::-1], other or header)):
        rows = [f'{side} {n},"{name}",{PLACES[n % len(PLACES)]}' for n, name in enumerate(names)]
        (folder / f"{side}.csv").write_text("\n".join([f"id,{columns}", *rows]), encoding="utf-8")
    with connect("duckdb") as engine:
        return set(two_files(engine, Asked(folder / "left.csv", folder / "right.csv"), folder / "scratch").kinds)


THINGS = {
    "English": ["Bank of Scotland", "Green Park", "Joe's", "Spago", "The Palm", "Hotel Bel-Air", "Citrus", "St Mary's Church"],
    "German": ["Goetheschule", "Gasthaus Adler", "Müller Bau GmbH", "Marienkirche", "Katz", "Becker KG", "Adler"],
    "Dutch": ["Basisschool De Regenboog", "Bakkerij Jansen", "De Wit B.V.", "Stichting Het Anker", "Smit", "'t Hoekje"],
    "Spanish": ["Hospital San Juan", "Clínica La Paz", "Colegio Ramón y Cajal", "Talleres Ruiz S.L.", "El Faro"],
    "French": ["École Jules Ferry", "Boulangerie Martin", "Dupont S.A.R.L.", "Château Lafite", "Le Procope"],
    "Italian": ["Trattoria da Gino", "Liceo Dante Alighieri", "Rossi S.r.l.", "Spiga", "Ospedale San Carlo"],
    "Polish": ["Szkoła Podstawowa Kopernik", "Kowalski Sp.j.", "Apteka Zdrowie", "Wierzynek", "Szpital Miejski"],
    "Danish": ["Møllers Bageri", "Skovskolen", "Jensen A/S", "Hansen ApS", "Noma"],
    "Turkish": ["Atatürk İlkokulu", "Şifa Eczanesi", "Yılmaz Ticaret", "Hünkar", "Kemal Lokantası"],
    "Russian": ["Школа Надежда", "Аптека Здоровье", "ООО Ромашка", "Пушкин", "Детский сад Солнышко"],
    "Chinese": ["北京大学", "人民医院", "华美公司", "全聚德", "东方酒店"],
    "Arabic": ["مدرسة النور", "مستشفى السلام", "مطعم الشام", "شركة الأمل", "الفنار"],
}  # fmt: skip
PERSONS = {
    "English": ["Joseph Banks", "Anne Hall", "John Smith", "Mary O'Neill", "Eve Church", "Tom Parker", "Ida Rose", "Al Fox"],
    "Dutch": ["Jan van der Molen", "Els 't Hart", "Piet de Wit", "Anna van den Berg", "Kees Smit", "Ina Bakker"],
    "German": ["Hans Keller", "Eva Baumgarten", "Karl Schulze", "Uwe Neuhaus", "Ute Becker", "Max Adler"],
    "Spanish": ["María de los Santos Ruiz", "José Ortega y Gasset", "Ana Iglesias", "Luis Plaza", "Eva Casas"],
    "Portuguese": ["João da Costa e Silva", "Ana Sá", "Rui dos Santos", "Inês Dias", "Maria Souza", "Ivo Reis"],
    "Korean": ["Park Minjun", "Kim Seoyeon", "Lee Jihun", "Choi Yuna", "Jung Woojin", "Kang Hana", "Yoon Sora"],
    "Vietnamese": ["Nguyễn Thị Lan", "Trương Văn Công", "Lê Thế Anh", "Phạm Hà", "Đỗ Minh", "Vũ Thu"],
    "Indonesian": ["Suharto", "Siti", "Budi Santoso", "Dewi", "Megawati", "Eko Maulana"],
    "surname first": ["SMITH, John", "HALL, Anne", "VAN DEN BERG, Jan", "KIM, Minjun", "KELLER, Eva", "LEE, Mo"],
    "Chinese": ["王伟", "李娜", "张敏", "欧阳修", "刘洋", "陈静"],
    "Russian": ["Иванов Иван", "Петрова Анна", "Соборнов Пётр", "Сидоров Лев", "Попова Ольга"],
    "Arabic": ["محمد أحمد", "فاطمة حسن", "علي إبراهيم", "مريم يوسف", "خالد عمر"],
}  # fmt: skip


@pytest.mark.parametrize("language", THINGS)
def test_names_of_places_and_firms_are_parted_into_no_forename(language: str, tmp_path: Path) -> None:
    kinds = _kinds(tmp_path, "name,address", THINGS[language] * 6)
    assert "organisation" in kinds
    assert not {"forename", "surname"} & kinds


@pytest.mark.parametrize("language", PERSONS)
def test_names_of_persons_are_parted_as_before(language: str, tmp_path: Path) -> None:
    kinds = _kinds(tmp_path, "name,address", PERSONS[language] * 6)
    assert {"forename", "surname"} & kinds
    assert "organisation" not in kinds


@pytest.mark.parametrize(
    ("header", "values", "are_persons"),
    [
        ("dob", [f"{1950 + n}-03-0{1 + n % 9}" for n in range(42)], True),
        ("gender", ["M", "F", "F"] * 14, True),
        ("gender", ["Mixed", "Boys", "Mixed", "Girls", "Mixed", "Mixed"] * 7, False),
    ],
    ids=["birth date", "sex", "schools for boys"],
)
def test_a_birth_date_or_sex_beside_says_that_they_are_persons(
    header: str, values: list[str], are_persons: bool, tmp_path: Path
) -> None:
    """Nobody is called so, but whoever has a birth date is somebody."""
    for side in ("left", "right"):
        held = zip(THINGS["German"] * 6, values, PLACES, strict=False)
        rows = [f"{side} {n},{name},{value},{place}" for n, (name, value, place) in enumerate(held)]
        (tmp_path / f"{side}.csv").write_text("\n".join([f"id,name,{header},address", *rows]), encoding="utf-8")
    with connect("duckdb") as engine:
        read = two_files(engine, Asked(tmp_path / "left.csv", tmp_path / "right.csv"), tmp_path / "scratch")
    assert ("surname" in read.kinds) == are_persons
    assert ("organisation" in read.kinds) != are_persons


def test_names_are_persons_where_one_file_alone_has_words_of_things(tmp_path: Path) -> None:
    kinds = _kinds(tmp_path, "name,address", THINGS["English"] * 6, PERSONS["English"] * 6)
    assert "organisation" not in kinds


def test_a_name_beside_a_position_is_of_what_is_there(tmp_path: Path) -> None:
    """Power plants are called as towns are."""
    places = [(f"{51 + n / 90:.4f}", f"{-1 + n / 70:.4f}") for n in range(48)]
    for side, header in (("left", "id,name,latitude,longitude"), ("right", "id,Name,lat,lon")):
        rows = [f"{side} {n},{PERSONS['English'][n % 4]},{lat},{lon}" for n, (lat, lon) in enumerate(places)]
        (tmp_path / f"{side}.csv").write_text("\n".join([header, *rows]), encoding="utf-8")
    with connect("duckdb") as engine:
        read = two_files(engine, Asked(tmp_path / "left.csv", tmp_path / "right.csv"), tmp_path / "scratch")
    assert "organisation" in read.columns.fields
    assert "surname" not in read.columns.fields


def test_titles_are_of_no_persons(tmp_path: Path) -> None:
    works = [
        f"{one} {two}" for one in ("Iron", "Lost", "Last") for two in ("Souls", "Quest", "Arena", "Storm", "Wars")
    ] * 3
    assert not {"forename", "surname"} & _kinds(tmp_path, "name,address", works, works, other="title,address")


def test_what_is_called_as_the_other_columns_of_a_product_is_no_person() -> None:
    found = recognise(["product_id", "product_name", "price"], ["id", "customer_id", "customer_name"], enough=False)
    assert "surname" not in found.left
    assert "surname" in found.right


def test_names_of_firms_meet_the_companies_of_the_other_file(tmp_path: Path) -> None:
    """They had no field in common but where they are."""
    firms, owners = THINGS["English"] * 6, PERSONS["English"] * 6
    assert "organisation" in _kinds(tmp_path, "name,address", firms, firms, other="company,address")
    with pytest.raises(ConfigError, match="fewer than two fields"):
        _kinds(tmp_path, "name,address", owners, firms, other="company,address")


@pytest.mark.parametrize("name", ["Dentist no. 4", "Joe’s", "Hofkeller", "Smith Ltd", "Smith S/A", "Ristorante Da Ivo"])
def test_what_no_person_is_called(name: str) -> None:
    assert is_of_thing(name)


@pytest.mark.parametrize("name", ["Keller", "Ng", "Sa", "Joe Limited-Edition", "O'Shea", "D'Souza", "Will Parkes"])
def test_what_a_person_may_be_called(name: str) -> None:
    assert not is_of_thing(name)


def test_bakeries_that_stand_twice_in_a_file_are_found(tmp_path: Path) -> None:
    """Bakkerij was the forename of them all."""
    draw = random.Random(8)
    kinds = ["Bakkerij", "Slagerij", "Kapsalon", "Garage", "Bloemist", "Hotel", "Apotheek", "Café"]
    rows, twice = [], []
    for n in range(300):
        name = "".join(
            draw.choice(["ka", "lo", "mi", "ren", "sta", "vel", "dor", "bri"]) for _ in range(3)
        ).capitalize()
        kind, street = (
            draw.choice(kinds),
            f"{draw.choice(['Dorp', 'Kerk', 'Markt', 'Molen'])}straat {draw.randrange(99)}",
        )
        town, code = draw.choice(["Delft", "Breda", "Zwolle"]), f"{draw.randrange(1000, 9999)} AB"
        rows.append(f"A{n},{kind} {name} B.V.,{street},{code},{town}")
        if n % 3 == 0:
            twice.append(f"A{n},B{n}")
            rows.append(f"B{n},{name} {kind if draw.random() < 0.7 else ''},{street},{code},{town}")
    draw.shuffle(rows)
    (tmp_path / "f.csv").write_text("\n".join(["id,naam,adres,postcode,plaats", *rows]), encoding="utf-8")
    (tmp_path / "truth.csv").write_text("\n".join(["left_id,right_id", *twice]), encoding="utf-8")
    done = dedupe_file(DedupeRequest(tmp_path / "f.csv", tmp_path / "out", truth=tmp_path / "truth.csv"))
    assert done.fields["organisation"] == "words"
    assert done.truth is not None
    assert done.truth["f1"] > 0.9

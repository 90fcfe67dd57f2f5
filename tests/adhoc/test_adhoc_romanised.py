"""Names in another script are written as the other file writes them, and parted and joined where signs are syllables."""

import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from linkage.adhoc.columns.columns_of import columns_of
from linkage.adhoc.fields import persons
from linkage.adhoc.fields.alike import alike, left_out
from linkage.adhoc.names.of_syllables import Syllables
from linkage.engine import Engine, rows
from tests.adhoc.conftest import write_csv

Names = Sequence[tuple[str, str]]
"""Forename and surname, or a name in full and "", of each person."""


def _compared(engine: Engine, folder: Path, left: Names, right: Names) -> list[list[tuple[str, str]]]:
    """Forenames and surnames of both files as they are compared."""
    files = []
    for side, held in (("left", left), ("right", right)):
        people = [
            {"id": str(n), **({"forename": one, "surname": two} if two else {"name": one})}
            for n, (one, two) in enumerate(held)
        ]
        path = write_csv(folder / f"{side}.csv", people)
        files.append(persons.read(engine, path, folder / side, delimiter=",", encoding="utf-8"))
    shaped, at = alike(engine, files, columns_of(engine, files))
    found = []
    for file, of in zip(shaped, (at.left, at.right), strict=True):
        units, ids = persons.units(engine, file, of, "id", postcodes=False)
        held = rows(
            engine, engine.sql("select u.*, i.source_id from {u} as u join {i} as i using (unit_id)", u=units, i=ids)
        )
        found.append([(row["forename"], row["surname"]) for row in sorted(held, key=lambda row: int(row["source_id"]))])
    return found


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ([("Сергій", "Щербак"), ("Юлія", "Гриценко"), ("Олексій", "Згурський")], [("Serhii", "Shcherbak"), ("Yuliia", "Hrytsenko"), ("Oleksii", "Zghurskyi")]),
        ([("Сергей", "Щербак"), ("Юлия", "Жуков")], [("Sergey", "Shcherbak"), ("Yulia", "Zhukov")]),
        ([("Сергей", "Щербак"), ("Юлия", "Жуков")], [("Sergei", "Schtscherbak"), ("Julija", "Schukow")]),
        ([("Сергей", "Щербак"), ("Юлия", "Чуковский")], [("Sergei", "Chtcherbak"), ("Ioulia", "Tchoukovski")]),
        ([("Живко", "Щерев"), ("Цветан", "Вълчев"), ("Мария", "Христова")], [("Zhivko", "Shterev"), ("Tsvetan", "Valchev"), ("Maria", "Hristova")]),
        ([("Љиљана", "Џајић"), ("Живка", "Ђокић"), ("Хана", "Шћепановић")], [("Ljiljana", "Džajić"), ("Živka", "Đokić"), ("Hana", "Šćepanović")]),
        ([("ΧΡΗΣΤΟΣ", "ΠΑΠΑΔΟΠΟΥΛΟΣ"), ("Ευάγγελος", "Μπακάλης")], [("CHRISTOS", "PAPADOPOULOS"), ("Evangelos", "Bakalis")]),
        ([("मोहन", "शर्मा"), ("संजय", "सिंह"), ("कृष्ण", "मिश्र")], [("Mohan", "Sharma"), ("Sanjay", "Singh"), ("Krishna", "Mishra")]),
        ([("शिवराज", "वर्मा"), ("कमला", "यादव")], [("Shivraj", "Varma"), ("Kamla", "Yadav")]),
        ([("অমিত", "সেন"), ("রাজেশ", "পাল")], [("Amit", "Sen"), ("Rajesh", "Pal")]),
        ([("ਗੁਰਮੀਤ", "ਸਿੰਘ"), ("ਮੋਹਨ", "ਕੌਰ")], [("Gurmit", "Singh"), ("Mohan", "Kaur")]),
        ([("రామ", "రావు"), ("కృష్ణ", "వర్మ")], [("Rama", "Ravu"), ("Krishna", "Varma")]),
        ([("Χρήστος", "Παπαδόπουλος"), ("Υακίνθη", "Οικονόμου")], [("Hristos", "Papadopoulos"), ("Iakinthi", "Ikonomou")]),
    ],
    ids=["Ukraine", "English", "German", "French", "Bulgaria", "Serbia", "Greece", "Hindi", "Hindi, as it is said", "Bengali", "Punjabi", "Telugu", "Greece, as it sounds"],
)  # fmt: skip
def test_letters_are_written_as_the_other_file_writes_them(
    engine: Engine, tmp_path: Path, left: Names, right: Names
) -> None:
    one, other = _compared(engine, tmp_path, left, right)
    assert one == other


@pytest.mark.parametrize(
    ("signs", "latin"),
    [
        (["陳志明", "黃麗", "歐陽美玲"], ["CHAN, Chi Ming Peter", "Wong Lai", "Mei-ling AUYEUNG"]),
        (["陳志明", "謝瑞雪", "歐陽美玲"], ["Chen, Chih-ming", "Hsieh Jui-hsueh", "Ouyang Mei-Ling"]),
        (["陈志明", "谢瑞雪", "曾 美玲"], ["Chen Zhiming", "Ruixue Xie", "Zeng Mei Ling"]),
    ],
    ids=["Hong Kong", "Taiwan", "China"],
)
def test_signs_are_read_as_the_other_file_reads_them(
    engine: Engine, tmp_path: Path, signs: Sequence[str], latin: Sequence[str]
) -> None:
    one, other = _compared(engine, tmp_path, [(name, "") for name in signs], [(name, "") for name in latin])
    assert one == other


def test_names_in_hangul_are_compared_by_their_sounds(engine: Engine, tmp_path: Path) -> None:
    names = ["김동철", "이지은", "박영희", "최수현", "정경우", "노준호", "윤성희", "제갈민수"]
    one, other = _compared(
        engine,
        tmp_path,
        [(name, "") for name in names],
        [
            (name, "")
            for name in (
                "Gim Dong-cheol",
                "Ji Eun Lee",
                "Park, Younghee",
                "Choi Soo Hyun",
                "Kyung-woo Chung",
                "Roh Jun-ho",
                "Yoon Sunghee",
                "Jegal Minsoo",
            )
        ],
    )
    assert one == other
    assert len(set(one)) == len(names)


def test_it_is_said_that_sounds_are_compared(engine: Engine, tmp_path: Path) -> None:
    files = []
    for side, names in (("left", ["김동철", "박영희"]), ("right", ["Kim Dong Chul", "Park Young Hee"])):
        path = write_csv(tmp_path / f"{side}.csv", [{"id": str(n), "name": name} for n, name in enumerate(names)])
        files.append(persons.read(engine, path, tmp_path / side, delimiter=",", encoding="utf-8"))
    columns = columns_of(engine, files)
    assert any("Hangul" in said for said in left_out(columns, alike(engine, files, columns)[1]))


def test_two_files_of_one_script_are_compared_as_they_are(engine: Engine, tmp_path: Path) -> None:
    names = [("Сергій", "Гриценко"), ("Юлія", "Щербак")]
    one, other = _compared(engine, tmp_path, names, names)
    assert one == other == [("SERGIY", "GRITSENKO"), ("YULIYA", "SHCHERBAK")]


def test_the_surname_is_the_word_that_stands_for_most_surnames() -> None:
    known = Syllables.of({"CHAN": 9, "WONG": 7, "MAN": 1}, Counter({"TAI MAN": 3, "MAN WAI": 2, "LAI": 2}))
    assert known.turned("TAI MAN CHAN") == known.turned("PETER CHAN TAI MAN") == "CHAN, TAI MAN"
    assert known.turned("WONG TAIMAN") == "WONG, TAIMAN"
    assert known.turned("CHAN, TAI MAN PETER") == "CHAN, TAI MAN"
    assert known.turned("PETER CHAN") == "CHAN, PETER", "of whom nothing else is known"
    assert known.turned("JOHN SMITH") == "JOHN SMITH"


def test_letters_in_any_order_are_parted_or_left(engine: Engine, tmp_path: Path) -> None:
    """No name is lost, whatever words it has."""
    draw = random.Random(4)
    syllables = ["TAI", "MAN", "CHAN", "WONG", "LEE", "PETER", "X", "O"]
    known = Syllables.of({"CHAN": 9, "WONG": 7, "O": 1}, Counter({"TAI MAN": 3, "MAN": 2}))
    for _ in range(300):
        name = " ".join(draw.choices(syllables, k=draw.randint(1, 4)))
        assert set(known.turned(name).replace(",", "").split()) <= set(name.split())
        assert known.turned(name).replace(",", "").split()

"""Files whose encoding nobody names: every row is read, with the letters that it was written with."""

import gzip
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from linkage.adhoc.files.encodings import found_encoding
from linkage.cli.app import app
from linkage.errors import InputError

MIXED = "Müller;Jürgen;Düsseldorf\nGonzález;José;Málaga\n"
GERMAN = "id;name;ort\n" + "".join(f"{n};Müller;Düsseldorf\n" for n in range(9))
GREEK = """Α/Α;ΕΠΩΝΥΜΟ;ΟΝΟΜΑ;ΠΟΛΗ
8616948;ΠΑΠΑΔΟΠΟΥΛΟΣ;ΞΕΝΟΦΩΝ;ΑΘΗΝΑ
9279862;ΚΑΡΑΓΙΑΝΝΗ;ΑΝΔΡΟΜΑΧΗ;ΞΑΝΘΗ
7063456;ΧΑΤΖΗΓΡΗΓΟΡΗΣ;ΠΟΛΥΔΩΡΟΣ;ΨΑΡΑ
1258559;ΒΛΑΧΟΣ;ΘΕΜΙΣΤΟΚΛΗΣ;ΒΟΛΟΣ
3290635;ΓΑΒΡΙΗΛ;ΩΡΑΙΟΖΗΛΗ;ΧΑΛΚΙΔΑ
4410932;ΑΝΤΩΝΙΟΥ;ΜΑΡΙΑ;ΠΑΤΡΑ
5120073;ΝΙΚΟΛΑΙΔΗΣ;ΓΕΩΡΓΙΟΣ;ΙΩΑΝΝΙΝΑ
6630198;ΟΙΚΟΝΟΜΟΥ;ΑΙΚΑΤΕΡΙΝΗ;ΘΕΣΣΑΛΟΝΙΚΗ
7781204;ΜΑΚΡΗΣ;ΚΩΝΣΤΑΝΤΙΝΟΣ;ΛΑΡΙΣΑ
8890115;ΣΤΑΜΑΤΙΟΥ;ΕΛΕΝΗ;ΧΑΝΙΑ
9901226;ΔΗΜΗΤΡΙΑΔΗΣ;ΑΝΑΣΤΑΣΙΟΣ;ΡΟΔΟΣ
1012337;ΠΑΝΑΓΙΩΤΟΠΟΥΛΟΥ;ΣΟΦΙΑ;ΤΡΙΠΟΛΗ
"""
CASES = {
    "ascii": ("id,name\n1,Lee\n", "ascii", "utf-8"),
    "utf-8": (GERMAN, "utf-8", "utf-8"),
    "utf-8 with a mark": (GERMAN, "utf-8-sig", "utf-8-sig"),
    "utf-16 with a mark": (GERMAN, "utf-16", "utf-16"),
    "utf-16 without a mark": (GERMAN, "utf-16-le", "utf-16-le"),
    "utf-32 with a mark": (GERMAN, "utf-32", "utf-32"),
    "western": (GERMAN, "latin-1", "cp1252"),
    "one name alone": ("id,name\n1,Sørensen\n", "cp1252", "cp1252"),
    "upper case": ("ÅSE;BJØRN;GARÇON\n", "cp1252", "cp1252"),
    "pounds": ("name;paid\nLee;£12\nRay;£7.50\n", "cp1252", "cp1252"),
    "euros": ("name;paid\nLee;€12\nRay;€7.50\n", "cp1252", "cp1252"),
    "euros and a title": ("List – 2023\nname;paid\nLee;€12\nRay;€7.50\nMüller;€7\n", "cp1252", "cp1252"),
    "pounds of an old Mac": (MIXED + "Lee;£12;York\n", "mac_roman", "mac_roman"),
    "an old Mac's": (MIXED, "mac_roman", "mac_roman"),
    "an old PC's": (MIXED, "cp850", "cp850"),
    "polish": ("Łukasz;Kowalski;Łódź\nŻaneta;Wiśniewska;Gdańsk\n", "cp1250", "cp1250"),
    "turkish": ("Yılmaz;Ayşe;İzmir\nÖzdemir;Gül;Şişli\n", "cp1254", "cp1254"),
    "turkish beside german": ("Müller;Jäger;Yılmaz\nWeiß;Ayşe;Köln\n", "cp1254", "cp1254"),
    "icelandic": ("Sigurður;Þórsson;Ísafjörður\nGuðrún;Ægisdóttir;Akranes\nEyþór;Ýrarson;Búðir\n", "latin-1", "cp1252"),
    "icelandic and danish": ("Guðrún;Þórsdóttir\nÅse;Sørensen\nDaði;Jónsson\n", "latin-1", "cp1252"),
    "german beside polish": ("Müller;Jäger;Łódź\nWeiß;Bożena;Köln\nGröß;Böhm;Düren\n", "cp1250", "cp1250"),
    "croatian": ("Đurđević;Đorđe;Šibenik\nKovačić;Anđela;Čakovec\n", "cp1250", "cp1250"),
    "romanian": ("Ştefănescu;Ţiriac;Iaşi\nPătraşcu;Ion;Constanţa\n", "cp1250", "cp1250"),
    "italian with a czech": ("Nicolò;Cantù;Forlì\nNový;Salomè;Nardò\n", "cp1252", "cp1252"),
    "greek capitals": (GREEK, "cp1253", "cp1253"),
    "greek of unix": (GREEK, "iso8859_7", "cp1253"),
    "japanese with half-width readings": ("田中;ﾀﾅｶ ﾀﾛｳ\n佐藤;ｻﾄｳ ﾊﾅｺ\n" * 9, "cp932", "cp932"),
    "russian": ("Иванов;Иван;Москва\nПетрова;Ольга;Тверь\n" * 9, "cp1251", "cp1251"),
    "chinese": ("王伟;北京\n李娜;上海\n" * 9, "gb18030", "gb18030"),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("zipped", [False, True])
def test_an_encoding_is_found(case: str, zipped: bool, tmp_path: Path) -> None:
    text, written, expected = CASES[case]
    path = tmp_path / "people.csv"
    content = text.encode(written)
    path.write_bytes(gzip.compress(content) if zipped else content)
    found = found_encoding(path)
    assert found == expected
    assert content.decode(found).lstrip("\ufeff") == text


def test_zeros_that_a_crash_left_behind_the_last_row_are_no_utf_16(tmp_path: Path) -> None:
    """The header was said to be none of utf-16-be."""
    path = tmp_path / "people.csv"
    path.write_bytes(GERMAN.encode() + bytes(4 * len(GERMAN)))
    assert found_encoding(path) == "utf-8"


def test_a_damaged_line_among_whole_ones_stands_out(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(GERMAN.encode() + b"9;M\xfcller;Ulm\n")
    assert found_encoding(path) == "utf-8"


def test_a_letter_that_the_first_megabyte_cuts_through_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(("x" * ((1 << 20) - 11) + "\nabc;Müller;Düsseldorf\n").encode()[:-3] + "ü".encode() * 3)
    assert found_encoding(path) == "utf-8"


def test_a_cut_zipped_file_is_named_as_one(tmp_path: Path) -> None:
    path = tmp_path / "people.csv.gz"
    path.write_bytes(gzip.compress(GERMAN.encode())[:-12])
    with pytest.raises(InputError, match=r"people\.csv\.gz: .*(cut|compress)"):
        found_encoding(path)


def test_an_encoding_may_be_named_for_each_file(tmp_path: Path) -> None:
    people = "id,forename,surname,dob\n" + "".join(
        f"{n},{'BDGKLMNR'[n // 5]}an{'aeiou'[n % 5]},Mül{'aeiou'[n // 8]}{'BDGKLMNR'[n % 8]}en,19{50 + n}-03-04\n"
        for n in range(40)
    )
    for name, encoding in (("left", "mac_roman"), ("right", "utf-16-be")):
        (tmp_path / f"{name}.csv").write_bytes(people.encode(encoding))
    words = ["link", *(tmp_path / f"{side}.csv" for side in ("left", "right")), "--out", tmp_path / "o", "--links-only"]
    result = CliRunner().invoke(app, list(map(str, [*words, "--encoding", "mac_roman", "--encoding", "utf-16-be"])))
    assert result.exit_code == 0, result.stderr
    assert pq.read_table(tmp_path / "o" / "links.parquet").num_rows == 40

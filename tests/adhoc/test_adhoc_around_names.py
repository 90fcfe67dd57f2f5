"""Titles, degrees and words between names are no names; and names that look like them are."""

import pytest

from linkage.adhoc.names.around_names import bare_names, counted_bare
from linkage.adhoc.names.full_names import FullNames, Vocabulary

INDONESIAN = {
    "Eko Maulana, S.H.": "Eko Maulana",
    "Ahmad, S.E., M.M.": "Ahmad",
    "Dewi Putri, S.Kom": "Dewi Putri",
    "dr. Hj. Siti Aminah": "Siti Aminah",
    "H. Joko Widodo": "Joko Widodo",
    "Drs. Ahmad": "Ahmad",
}
NAMES = (
    "Singh, S.H.",
    "Cole, A.B.",
    "Lee, M.M.",
    "Smith, J.R.",
    "Dee, M.D.",
    "H. Smith",
    "HJ Smith",
    "Ing, Mary",
    "Ir Chan",
    "Sr",
    "Mary B. Stone",
    "Mary Bt Stone",
    "Mary Nee Lim",
    "Stone, Di",
    "Med, Ali",
    "Al Pacino",
)
"""That hold a title, a degree or a word before a father's name in other columns."""


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Ing. Jana Marková, CSc.", "Jana Marková"),
        ("MUDr.Jiří Král", "Jiří Král"),
        ("MUDr Jiří Král, Ph.D., MBA", "Jiří Král"),
        ("Marková, Ing. Jana, DiS.", "Marková,Jana"),
        ("Novák Jan, Ing.", "Novák Jan"),
        ("Jana Marková Ph.D.", "Jana Marková"),
        ("Dr. Dipl.-Ing. Hans Maier", "Hans Maier"),
        ("Dott.ssa Anna Rossi", "Anna Rossi"),
        ("Sra. Ana Pérez", "Ana Pérez"),
        ("Stone, John, Jr.", "Stone, John"),
        ("DURAND ép. MARTIN Marie", "DURAND MARTIN Marie"),
        ("MARTIN née DURAND, Marie", "MARTIN DURAND, Marie"),
        ("Ravi a/l Muthu", "Ravi Muthu"),
        ("Ing.", "Ing."),
        ("PhD", "PhD"),
    ],
)
def test_what_stands_around_a_name_is_no_name(written: str, name: str) -> None:
    assert bare_names({written: 1}) == {written: name}


def test_letters_that_may_be_initials_are_read_by_what_else_stands_in_the_column() -> None:
    assert bare_names(dict.fromkeys(INDONESIAN, 1)) == INDONESIAN
    assert bare_names(dict.fromkeys(NAMES, 1)) == dict(zip(NAMES, NAMES, strict=True))
    assert bare_names({"Singh, S.H.": 1}) == {"Singh, S.H.": "Singh, S.H."}


@pytest.mark.parametrize(
    "column",
    [
        {"Herr Hans Maier": "Hans Maier", "Frau Anna Lang": "Anna Lang", "Lang, Frau Eva": "Lang,Eva"},
        {"M. Jean Durand": "Jean Durand", "Mme Anne Martin": "Anne Martin", "Mlle Zoé Roy": "Zoé Roy"},
        {"SR JUAN RUIZ": "JUAN RUIZ", "SRA ANA SANZ": "ANA SANZ"},
        {"Shri Ravi Rao": "Ravi Rao", "Smt. Uma Devi": "Uma Devi", "Sri Om Das": "Om Das"},
        {"Tn. Budi Santoso": "Budi Santoso", "NY SITI AMINAH": "SITI AMINAH", "An. Rizki": "Rizki"},
        {"Ông Trần Văn An": "Trần Văn An", "Bà Lê Thị Hoa": "Lê Thị Hoa"},
    ],
)
def test_a_title_beside_the_one_of_the_other_sex_is_no_name(column: dict[str, str]) -> None:
    assert bare_names(dict.fromkeys(column, 1)) == column
    alone = next(iter(column))
    assert bare_names({alone: 1}) == {alone: alone}


def test_names_that_are_titles_elsewhere_stay() -> None:
    names = ("Herr, Hans", "Herr Hans", "M. Smith", "Don Draper", "Sri Mulyani", "Bay Michael", "Pan Wei", "Ny Chea")
    assert bare_names(dict.fromkeys(names, 1)) == dict(zip(names, names, strict=True))


def test_a_word_before_a_fathers_name_has_one_form_where_a_column_has_many() -> None:
    malay = {
        "Ali b. Omar": "Ali bin Omar",
        "Ali B Hassan": "Ali bin Hassan",
        "Zainab bte Omar": "Zainab binti Omar",
        "Siti Bt. Omar": "Siti binti Omar",
        "B. Osman": "B. Osman",
    }
    assert bare_names(dict.fromkeys(malay, 1)) == malay


def test_rows_of_names_that_become_one_are_counted_together() -> None:
    assert counted_bare({"Drs. Ahmad": 2, "Ahmad": 3}) == {"Ahmad": 5}


def test_a_name_with_a_degree_is_parted_as_one_without(shaped_names: FullNames) -> None:
    bare = bare_names(dict.fromkeys(INDONESIAN, 1))
    assert shaped_names.parted(bare["Eko Maulana, S.H."]) == ("EKO", "MAULANA")


@pytest.fixture
def shaped_names() -> FullNames:
    vocabulary = Vocabulary.of({"Eko": 3}, {"Maulana": 3})
    return FullNames.learnt(counted_bare(dict.fromkeys(INDONESIAN, 1)), vocabulary)

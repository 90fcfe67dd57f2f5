"""Which of a name's words is called first tells where the surname stands."""

from linkage.adhoc.names.full_names import FullNames, Vocabulary


def test_a_word_that_is_no_first_name_begins_a_surname() -> None:
    """Barasa and Otieno are surnames and further names, and Joyce is called first."""
    further = ["Barasa", "Otieno", "Wafula"]
    given = {f"{first} {more}": 9 for first in ("Joyce", "Brian") for more in further}
    vocabulary = Vocabulary.of(given, dict.fromkeys(further, 18))
    names = FullNames.learnt({"Joyce Otieno Barasa": 8, "Brian Wafula Otieno": 8, "Barasa Joyce Otieno": 2}, vocabulary)
    assert not names.surname_first
    assert names.parted("Joyce Otieno Barasa") == ("JOYCE OTIENO", "BARASA")
    turned = FullNames(vocabulary, surname_first=False, turned=0.2)
    assert turned.parted("Barasa Joyce Otieno") == ("JOYCE OTIENO", "BARASA")
    assert turned.parted("Joyce Barasa Otieno") == ("JOYCE BARASA", "OTIENO")

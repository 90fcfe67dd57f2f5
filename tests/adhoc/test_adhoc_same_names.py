"""Columns that no list knows, of one name in both files."""

from linkage.adhoc.headers.recognise import recognise


def test_columns_that_no_list_knows_are_one_by_their_letters() -> None:
    left, right = ["id", "surname", "Ward No", "Kebele", "A b", "a-B"], ["id", "surname", "ward_no", "kebele", "ab"]
    columns = recognise(left, right)
    assert columns.left == {"surname": "surname", "ward_no": "Ward No", "kebele": "Kebele"}
    assert columns.right == {"surname": "surname", "ward_no": "ward_no", "kebele": "kebele"}


def test_a_column_of_one_name_is_compared_beside_a_field_of_nearly_that_name() -> None:
    names = ["id", "surname", "dob", "dob_"]
    assert recognise(names, names).fields == ["surname", "dob", "dob_"]


def test_names_that_are_mere_numbers_may_be_left_to_what_the_columns_hold() -> None:
    names = ["id", "surname", "V4", "Unnamed: 5", "ward1900"]
    assert recognise(names, names, by_number=False).fields == ["surname", "ward1900"]
    assert recognise(names, names).fields == ["surname", "v4", "unnamed__5", "ward1900"]

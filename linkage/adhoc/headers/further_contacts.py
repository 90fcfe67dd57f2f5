"""Further telephones and addresses of mail of one person, in columns of their own: Home Tel beside Mobile, email_2."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from linkage.adhoc.headers.header_words import words_of
from linkage.adhoc.headers.known_headers import by_form, is_known, shared_ends
from linkage.adhoc.headers.recognise import Columns, is_another_persons
from linkage.adhoc.headers.vocabulary import vocabulary

CONTACTS = ("phone", "email")
"""Fields of which one person has several."""


def further_contacts(parts: Mapping[str, str], field: str) -> list[str]:
    """The further columns of a contact, of `Columns.left_parts` or `right_parts`."""
    return [column for part, column in parts.items() if part.startswith(f"{field} ")]


def with_further_contacts(headers: Sequence[Sequence[str]], columns: Columns, told: Collection[str] = ()) -> Columns:
    """The columns with those that are called as a contact that both files have, and that are nothing else yet.

    Args:
        headers: of two files.
        told: columns that the analyst named.
    """
    parts = [dict(columns.left_parts), dict(columns.right_parts)]
    sides = ((columns.left, columns.left_id), (columns.right, columns.right_id))
    for header, (fields, key), of_side in zip(headers, sides, parts, strict=True):
        used = {*fields.values(), *of_side.values(), key, *told}
        free = [name for name in header if name not in used and (is_known(name) or not is_another_persons(name))]
        for field in CONTACTS:
            if field in columns.fields and fields[field] not in told:
                called = _called_so(free, field, header)
                of_side |= {f"{field} {place}": name for place, name in enumerate(called, 2)}
    return replace(columns, left_parts=parts[0], right_parts=parts[1])


def further_of(free: Sequence[str], fields: Collection[str], header: Sequence[str]) -> dict[str, str | None]:
    """Of the columns that are nothing yet those that are called as one of some fields is of which one has several."""
    return {name: field for field in CONTACTS if field in fields for name in _called_so(free, field, header)}


def _called_so(names: Sequence[str], field: str, header: Sequence[str]) -> list[str]:
    """Columns that are called by a field's name, whatever says which of several they are: Work Phone, email_2."""
    known, ends = {*vocabulary()["field"][field]["names"]}, shared_ends(header)
    return [name for name in names if known & {*by_form((name, _without_which(name)), ends)}]


def _without_which(name: str) -> str:
    words = [word for word in words_of(name) if not word.isdigit()]
    which = {*vocabulary()["which_contact"]}
    return " ".join([word for word in words if word not in which] or words)

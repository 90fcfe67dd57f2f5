"""Headers that lost vowels to a program's limit of signs: SURNAM, GENDR, ZIPCD, BRTHDT."""

import functools

from linkage.adhoc.headers.header_words import in_latin
from linkage.adhoc.headers.vocabulary import vocabulary

_FEWEST = 4  # consonants that tell a name; or fewer before the end of "name"
_NAME = "nm"


@functools.lru_cache(1 << 16)
def unshortened(name: str) -> str:
    """The known name that a header is when vowels are put back; the header itself where none or several fields fit.

    One of another script has none by itself: Tamil's number is nmpr, as nompere would be.
    """
    text = in_latin(name)
    if not name.isascii():
        return text
    held = _skeleton(text)
    if len(held) < _FEWEST and not (len(held) == _FEWEST - 1 and held.endswith(_NAME)):
        return text
    fitting = [(field, known) for field, known in _names().get(held, ()) if _stands_in(text, known)]
    return fitting[0][1] if len({field for field, _ in fitting}) == 1 else text


@functools.cache
def _names() -> dict[str, list[tuple[str, str]]]:
    """What is left of known names without their vowels, to the fields and the names."""
    found: dict[str, list[tuple[str, str]]] = {}
    for field, rule in vocabulary()["field"].items():
        for known in rule["names"]:
            if known.isascii():
                found.setdefault(_skeleton(known), []).append((field, known))
    return found


def _skeleton(text: str) -> str:
    """The first sign, and of the others those that are no vowels."""
    return text[:1] + "".join(sign for sign in text[1:] if sign not in "aeiou")


def _stands_in(text: str, known: str) -> bool:
    """Whether a name holds all signs of another in their order."""
    rest = iter(known)
    return all(sign in rest for sign in text)

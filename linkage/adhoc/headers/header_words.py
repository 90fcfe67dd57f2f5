"""The name of a column, made of what tells one name from another: letters, or words."""

import functools
import re
import unicodedata

from anyascii import anyascii

from linkage.adhoc.headers.vocabulary import vocabulary

REMEMBERED = 1 << 16  # headers, each of which is asked for again for every field
_IN_BRACKETS = re.compile(r"[(\[（][^)\]）]*[)\]）]")
_ACCENT = re.compile("(?<=[α-ωе])[\u0301\u0308]")  # Greek capitals have none, and ё is often written without
_AS_ONE = str.maketrans("يك", "یک")  # Arabic's letters in Persian and Urdu words
_NUMBER = re.compile(r"(?<![^\W_])[nN]°")
_OF_SOMEBODY = re.compile(r"(?<=[a-zA-Z])['’]s\b")
_SHORTEST = 3  # letters of a name that is still one without them


@functools.lru_cache(REMEMBERED)
def in_own_script(name: str) -> str:
    """The name in its own script, in lower case without blanks and signs, and without accents that not all write."""
    text = name.lower()
    if not text.isascii():
        text = unicodedata.normalize("NFC", _ACCENT.sub("", unicodedata.normalize("NFD", text))).translate(_AS_ONE)
    return "".join(sign for sign in text if unicodedata.category(sign)[0] not in "PSZC")


@functools.lru_cache(REMEMBERED)
def in_latin(name: str) -> str:
    """The name in lower-case ASCII, letters and digits alone."""
    return re.sub(r"[^a-z0-9]", "", _plain(name).lower())


def _plain(name: str) -> str:
    """The name in ASCII; n° is a number's, as it is with the sign that most keyboards have none of."""
    plain: str = anyascii(name if name.isascii() else _NUMBER.sub("no ", name))
    return plain


@functools.lru_cache(REMEMBERED)
def without_digraphs(name: str) -> str:
    """The name with a vowel for two letters that stand for one of another alphabet: foedselsaar is fødselsår."""
    plain = in_latin(name)
    short = re.sub("aa|oe|ae|ue", lambda found: found[0][0], plain)
    return short if len(short) >= _SHORTEST else plain


def words_of(name: str) -> list[str]:
    """Its words and numbers in lower-case ASCII: fec, nac of FEC_NAC and of fecNac."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", _plain(name))]


@functools.lru_cache(REMEMBERED)
def without_noise(name: str) -> str:
    """The name without words that say nothing, and the number of a question: patientSurname, Nome do aluno, Q4: Sex.

    Voter's Name is a name, and no s_name.
    """
    noise: list[str] = vocabulary()["noise"]
    words = words_of(_OF_SOMEBODY.sub("", name.removesuffix("__c")))  # of Salesforce
    if len(words) > 2 and words[0] == "q" and words[1].isdigit():
        words.pop(0)
    while len(words) > 1 and (words[0] in (*noise, *vocabulary()["before"]) or words[0].isdigit()):
        words.pop(0)
    last = len(words)
    while len(words) > 1 and (words[-1] in noise or (len(words) < last and words[-1] in vocabulary()["of_whom"])):
        words.pop()
    return "".join(words)


@functools.lru_cache(REMEMBERED)
def without_noise_in_script(name: str) -> str:
    """The same of a name in another script, which may have no blanks between words: 患者姓名."""
    noise, own = _noise_in_script(), in_own_script(name)
    if not own.startswith(noise) and not own.endswith(noise):
        return own
    while found := next((word for word in noise if len(own) > len(word) and own.startswith(word)), None):
        own = own.removeprefix(found)
    while found := next((word for word in noise if len(own) > len(word) and own.endswith(word)), None):
        own = own.removesuffix(found)
    return own


@functools.cache
def _noise_in_script() -> tuple[str, ...]:
    return tuple(map(in_own_script, vocabulary()["noise_in_script"]))


@functools.lru_cache(REMEMBERED)
def without_brackets(name: str) -> str:
    """`outside_brackets` in lower-case ASCII."""
    return in_latin(outside_brackets(name))


def outside_brackets(name: str) -> str:
    """The name without what stands in brackets, which says how a column is kept: Age (completed years), Sex [M/F].

    Not where it says whose or of when it is: Name (mother), Surname (at birth).
    """
    told = {
        *vocabulary()["others"],
        *vocabulary()["events"],
        *vocabulary()["in_brackets"],
        *vocabulary()["birth_words"]["birth"],
    }
    inner = " ".join(_IN_BRACKETS.findall(name))
    return name if told & set(words_of(inner)) else _IN_BRACKETS.sub(" ", name)

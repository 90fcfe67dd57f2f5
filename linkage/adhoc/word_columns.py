"""Names of columns that hold rare words, positions and bits of a text."""

OF_WORDS, OF_WORD, OF_FEW = "_words", "_word", "*"
POSITION, HOUSE_NUMBER = "position", "house_number"
_OF_BITS = "_bits"


def rare_words_of(column: str) -> str:
    """The name of a text's list of rare words, the rarest first."""
    return f"{column}{OF_WORDS}"


def rarest_word_of(column: str) -> str:
    """The name of the rarest of them."""
    return f"{column}{OF_WORD}"


def bits_of(field: str) -> str:
    """The name of a field of which the bits of a Bloom filter are known, in hexadecimals."""
    return f"{field}{_OF_BITS}"


def is_of_bits(field: str) -> bool:
    """Whether a field has such a name."""
    return field.endswith(_OF_BITS)

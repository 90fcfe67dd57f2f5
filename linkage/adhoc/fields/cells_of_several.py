"""What stands between the values of a cell that holds several: a sign, or a stroke or & with space around."""

SIGNS = r";|\n"


def between(signs: str = SIGNS) -> str:
    """A regular expression, of DuckDB as of Python, of what parts the values of a cell.

    Args:
        signs: that part them with or without space around, as within the brackets of an expression.
    """
    return rf"\s*[{signs}]\s*|\s+[/&]\s+"

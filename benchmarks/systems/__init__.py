"""The systems that are compared, each run as a process of its own."""


def blocking_columns(columns: list[str]) -> list[list[str]]:
    """Blocking as Splink's tutorials choose it: pairs of fields that err apart."""
    rules = [
        ["dob", "forename"],
        ["dob", "surname"],
        ["dob", "postcode"],
        ["forename", "surname", "postcode"] if "postcode" in columns else ["forename", "surname"],
        ["nino"],
    ]
    if "dob" not in columns:
        rules += [["surname", "postcode"], ["forename", "surname"], ["forename", "postcode"], ["phone"], ["email"]]
    return [names for names in rules if set(names) <= set(columns)]

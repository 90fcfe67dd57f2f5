"""Samples that are the same on every engine and at every number of threads: a slice of a hash of the value."""


def share_condition(text: str, share: float, seed: int) -> str:
    """SQL that holds for a share of values, the same on every engine: a slice of md5."""
    if share >= 1:
        return "true"
    limit = f"{min(int(share * 16**8), 16**8 - 1):08x}"
    return f"substr(md5('{seed}|' || {text}), 1, 8) < '{limit}'"

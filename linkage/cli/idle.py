"""Options that have no effect with others are refused."""

from collections.abc import Mapping

from linkage.errors import ConfigError


def refuse_idle(given: Mapping[str, object], why: str) -> None:
    """Refuse options that were given.

    Args:
        given: option to its value; what is false was not given.
        why: what follows the option in the message.

    Raises:
        ConfigError: one was; all are named.
    """
    if idle := [option for option, value in given.items() if value]:
        raise ConfigError("\n".join(f"{option} {why}" for option in idle))

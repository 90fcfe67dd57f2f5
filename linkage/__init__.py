"""Record linkage for longitudinal administrative data, from raw person files to a linked spine.

`linkage.link` and `linkage.dedupe` link tables and files from Python; all else is a verb of the command `leo`.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from linkage.api import Answer, dedupe, link

__all__ = ["Answer", "__version__", "dedupe", "link"]
__version__ = "0.2.0"


def __getattr__(name: str) -> Any:
    """What links tables, imported when it is asked for: a command that needs none of it starts without."""
    if name in ("Answer", "dedupe", "link"):
        from linkage import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

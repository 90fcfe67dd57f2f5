"""Record linkage for longitudinal administrative data, from raw person files to a linked spine.

`linkage.link` and `linkage.dedupe` link tables and files from Python; all else is a verb of the command `leo`.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from linkage.api import Answer, dedupe, link

    __version__: str

__all__ = ["Answer", "__version__", "dedupe", "link"]


def __getattr__(name: str) -> Any:
    """The version (that of pyproject.toml), and what links tables: imported only when it is needed."""
    if name == "__version__":
        from importlib.metadata import version

        return version("leo-linkage")
    if name in ("Answer", "dedupe", "link"):
        from linkage import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""Record linkage for longitudinal administrative data, from raw person files to a
linked spine.

`link`, `dedupe`, `train` and `open_run` are the Python API; the command `leo` has
everything.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from linkage.api import Run, dedupe, link, open_run, train

    __version__: str

__all__ = ["Run", "__version__", "dedupe", "link", "open_run", "train"]


def __getattr__(name: str) -> Any:
    """The version (that of pyproject.toml), and what links tables: imported only when
    it is needed.
    """
    if name == "__version__":
        from linkage.version import VERSION

        return VERSION
    if name in ("Run", "dedupe", "link", "open_run", "train"):
        from linkage import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

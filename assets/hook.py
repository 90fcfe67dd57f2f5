"""Has a wheel carry the styles and scripts of pages: they are built before it, and lie in it as linkage/assets/.

An editable install does not build them (`make assets` does). A wheel is made without them where they cannot be fetched,
and says so: all else works, and pages say what they lack.
"""

import importlib.util
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class AssetsHook(BuildHookInterface):
    """Runs build.py before a wheel is put together."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, and name the files for the wheel."""
        if self.target_name != "wheel" or version != "standard":
            return
        build = _builder(Path(self.root))
        try:
            build.build()
        except build.NotBuilt as error:
            self.app.display_warning(f"without the styles and scripts of pages: {error}")
        if build.is_current():
            build_data["force_include"][str(build.BUILT)] = "linkage/assets"


def _builder(root: Path) -> Any:
    spec = importlib.util.spec_from_file_location("assets_build", root / "assets" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

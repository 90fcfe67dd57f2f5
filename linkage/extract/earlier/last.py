"""The last extract of a project, read again for what it held."""

import json
from pathlib import Path
from typing import Any

from linkage.engine import Engine, scratch_folder
from linkage.errors import ConfigError
from linkage.extract.earlier.change import profile
from linkage.extract.earlier.reading import Found, read_tables
from linkage.extract.secrets.encryption import EncryptionKey


def earlier_profile(
    engine: Engine, folder: Path, *, encryption: EncryptionKey | None = None
) -> tuple[str, dict[str, dict[str, Any]]]:
    """What the last extract calls itself, and its profile.

    Raises:
        ConfigError: the folder is no extract's, or a table of it cannot be read.
    """
    described = folder / "datapackage.json"
    if not described.is_file():
        raise ConfigError(f"{folder}: is no extract\n  give the folder of the project's last one, or none")
    package = json.loads(described.read_text(encoding="utf-8"))
    if any("leo:form" not in resource for resource in package["resources"]):
        raise ConfigError(f"{folder}: was made before extracts could be compared\n  make it again with this version")
    tables: dict[str, Found] = {}
    with scratch_folder() as scratch:
        for found in read_tables(engine, folder, package, scratch, encryption=encryption):
            if isinstance(found, str):
                raise ConfigError(f"{folder}/{found}\n  leo extract verify says what is wrong with it")
            tables.setdefault(found.layout.name, found)
        held = profile(engine, [(found.layout, found.table) for found in tables.values()])
    return f"{package['leo:run'].get('name', package['name'])}, {package['created'][:10]}", held

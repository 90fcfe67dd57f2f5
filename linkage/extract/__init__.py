"""An approved project becomes a pseudonymised package: its tables, their metadata and a guide."""

from linkage.extract.build import ExtractSummary, extract
from linkage.extract.keys import master_key, new_key, write_new_key
from linkage.extract.project import Project, check_project
from linkage.extract.pseudonym import MasterKey, ProjectKey

__all__ = [
    "ExtractSummary",
    "MasterKey",
    "Project",
    "ProjectKey",
    "check_project",
    "extract",
    "master_key",
    "new_key",
    "write_new_key",
]

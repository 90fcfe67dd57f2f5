"""An approved project becomes a pseudonymised package: its tables, their metadata and a
guide.
"""

from linkage.extract.build import ExtractSummary, extract
from linkage.extract.keys import master_key, write_new_key
from linkage.extract.opt_outs import OptedOut, check_sources, read_opt_outs
from linkage.extract.project import Project, check_project
from linkage.extract.pseudonyms import MasterKey, ProjectKey

__all__ = [
    "ExtractSummary",
    "MasterKey",
    "OptedOut",
    "Project",
    "ProjectKey",
    "check_project",
    "check_sources",
    "extract",
    "master_key",
    "read_opt_outs",
    "write_new_key",
]

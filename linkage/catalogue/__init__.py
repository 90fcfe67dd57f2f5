"""Every variable of every dataset: a variable that is not in the catalogue does not
exist.

Read from configs/catalogue/*.toml. Readers take types and keys from it, the generator
its columns, contracts their rules, extracts their sensitivity and metadata its
descriptions. The LEO standard extract (configs/catalogue/standard/) lists further
variables: they can be found and named, and no data of them are held.
"""

from linkage.catalogue.definitions import (
    CODE_FORMS,
    KEYLESS,
    PROBLEMS,
    Catalogue,
    Dataset,
    TableDef,
    Variable,
)
from linkage.catalogue.reading import load, shipped
from linkage.catalogue.standard import StandardExtract, load_standard, standard_extract
from linkage.catalogue.years import span, years_of

__all__ = [
    "CODE_FORMS",
    "KEYLESS",
    "PROBLEMS",
    "Catalogue",
    "Dataset",
    "StandardExtract",
    "TableDef",
    "Variable",
    "load",
    "load_standard",
    "shipped",
    "span",
    "standard_extract",
    "years_of",
]

"""What a run holds of a table of the catalogue: its name in the run, its years, its
spells.
"""

from dataclasses import dataclass

from linkage.catalogue.definitions import Catalogue, TableDef, Variable
from linkage.catalogue.years import Years

# Columns with the days of a row that is a spell, as the owners of the data name them:
# lower case, without underscores.
SPELL_COLUMNS = ("startdate", "enddate")

# Roles that say who a person is, or which record it was: they feed the linkage and
# never leave it.
IDENTIFYING_ROLES = frozenset(
    (
        *(
            "record_key",
            "entity_key",
            "forename",
            "middle_names",
            "surname",
            "former_surname",
            "dob",
        ),
        *(
            "postcode",
            "former_postcode",
            "nino",
            "uln",
            "upn",
            "husid",
            "email",
            "phone",
            "address",
        ),
    )
)


@dataclass(frozen=True)
class Holding:
    """A table of the catalogue, as an extract reads it."""

    dataset: str
    definition: TableDef

    @property
    def name(self) -> str:
        """As projects name it: "npd.ks4"."""
        return f"{self.dataset}.{self.definition.name}"

    @property
    def run_table(self) -> str:
        """As a run names it: LEO's own tables by their names, those of a source below
        attributes/.
        """
        return (
            self.definition.name
            if self.dataset == "leo"
            else f"attributes/{self.dataset}_{self.definition.name}"
        )

    @property
    def file_name(self) -> str:
        """As an extract names its files."""
        return f"{self.dataset}_{self.definition.name}"

    @property
    def year_columns(self) -> tuple[str, ...]:
        """The columns with the year of a row, six digits, of which a row fills one;
        none where not yearly.
        """
        return self.definition.year

    @property
    def spell_columns(self) -> tuple[str, str] | None:
        """The first and last day of a row that is a spell; None where it is none."""
        dates = {
            without_case(v.name): v.name
            for v in self.definition.variable
            if v.type == "date"
        }
        start, end = (dates.get(name) for name in SPELL_COLUMNS)
        return (start, end) if start and end else None

    @property
    def years(self) -> Years | None:
        """The years held of any variable; None where the catalogue gives none."""
        return Years.around(
            Years.parse(v.years) for v in self.definition.variable if v.years
        )


def holdings(catalogue: Catalogue) -> dict[str, Holding]:
    """Every table of the catalogue by the name that projects use."""
    tables = [
        Holding(name, table)
        for name, dataset in catalogue.datasets.items()
        for table in dataset.table.values()
    ]
    return {holding.name: holding for holding in tables}


def without_case(name: str) -> str:
    """A variable's name as datasets agree on it: one writes StartDate, another
    START_DATE.
    """
    return name.lower().replace("_", "")


def names_a_person(variable: Variable) -> str | None:
    """Why a variable can be in no extract; None where it can.

    DfE rates identifiability 1 to 5; 1 and 2 are shared only by exemption (DfE, Find
    and Explore NPD data items). Institutions are no exception to the rating, but leave
    as pseudonyms.
    """
    if variable.identifiability <= 2:
        return f"its identifiability is {variable.identifiability}: it names a person"
    if variable.role in IDENTIFYING_ROLES:
        return f"it is an identifier ({variable.role})"
    if variable.concept == "identity" and not variable.institution:
        return "it is a number of a person or a record"
    return None

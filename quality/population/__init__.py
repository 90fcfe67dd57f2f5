"""A picture of a synthetic population: one page, made of counts, with a few invented lives told."""

from pathlib import Path

from linkage.catalogue import Catalogue, shipped
from linkage.engine import connect, scratch_folder
from quality import disclosure
from quality.disclosure import Cell, Disclosure
from quality.population import journeys
from quality.population.counting import Counts, count
from quality.population.holdings import files_section, records_section
from quality.population.lives import lives, written_down
from quality.population.naming import naming_section
from quality.population.people import people_section
from quality.population.reading import Population, open_population
from quality.population.slips import slips_section
from quality.population.working import journeys_section
from quality.report.document import document, template_text, write_page
from quality.report.names import Names
from quality.report.page import Headline, Section, Terms, Text

__all__ = ["render_population"]

PAGE = "population.html"


def render_population(folder: Path, catalogue: Catalogue | None = None) -> Path:
    """Write FOLDER/population.html, whole or not at all, and return it.

    Args:
        folder: what `leo synth` wrote. Of a large population the first 200,000 people are looked at.

    Raises:
        InputError: the folder holds no population, or a file of it is missing.
    """
    catalogue = catalogue or shipped()
    with scratch_folder() as scratch, connect("duckdb") as engine:
        population = open_population(engine, catalogue, folder, scratch)
        page = _page(population, catalogue)
    return write_page(page, folder / PAGE)


def _page(population: Population, catalogue: Catalogue) -> str:
    d, names = Disclosure(disclosure.load()), Names(catalogue)
    counts = count(population)
    sections = [
        people_section(counts, d),
        naming_section(counts, d),
        records_section(counts, names, d),
        journeys_section(journeys.activity(population), journeys.earnings(population), lives(population), d),
        slips_section(counts, written_down(population), names, d),
        files_section(population),
        _making_section(population, counts, d),
    ]
    return document(
        "A synthetic population",
        _statement(population, counts),
        _headlines(population, counts, d),
        [section for section in sections if section is not None],
        style=template_text("quality.population", "population.css"),
    )


def _statement(population: Population, counts: Counts) -> str:
    everybody = int(population.manifest["people"])
    years = [int(row["year"]) for row in counts.births]
    bodies = len({place.split("/")[-2] for place in population.manifest["rows"] if "sources/" in place})
    looked = f" This page is drawn from the first {counts.people:,} of them." if counts.people < everybody else ""
    return (
        f"{everybody:,} invented people, born from {min(years)} to {max(years)}, and what {bodies} public bodies hold "
        f"of them. None of them lives; together they are like what is published of those who do.{looked}"
    )


def _headlines(population: Population, counts: Counts, d: Disclosure) -> list[Headline]:
    manifest = population.manifest
    rows = {place: number for place, number in manifest["rows"].items() if "sources/" in place}
    records, wrong = (sum(int(row[name]) for row in counts.touched) for name in ("records", "wrong"))
    keys = manifest["rows"].get("truth/entities", 0)
    size = sum(population.sizes.values())
    return [
        Headline("People", Cell(f"{manifest['people']:,}"), "", "invented"),
        Headline("Source rows", Cell(f"{sum(rows.values()):,}"), "", f"in {len(rows)} tables"),
        Headline("Keys", Cell(f"{keys:,}"), "", "of people, in all bodies that hold names"),
        Headline("With a mistake", d.percent(wrong, records), "%", "of the records that hold names"),
        Headline("Size", Cell(f"{size / 1e6:,.0f} MB" if size >= 1e6 else f"{size / 1e3:,.0f} kB"), "", "of all files"),
    ]


def _making_section(population: Population, counts: Counts, d: Disclosure) -> Section:
    manifest = population.manifest
    again = f"leo synth --people {manifest['people']} --seed {manifest['seed']} --preset {manifest['preset']} --out DIR"
    facts = [
        ("People", f"{manifest['people']:,}; this page looks at {counts.people:,}"),
        *((name.capitalize(), str(manifest[name])) for name in ("seed", "preset", "tables", "releases", "format")),
        ("Version", f"leo-linkage {manifest['version']}"),
        ("The same again", again),
    ]
    told = Text(
        f"Counts are shown as if the people were real. {d.profile.of_counts}. The lives and the names are invented, "
        "and shown for that reason. The figures "
        "behind the population come from public sources, mostly under the Open Government Licence v3.0: "
        "datapackage.json beside the tables names them all. Contains public sector information licensed under the "
        "Open Government Licence v3.0."
    )
    return Section("making", "How it was made", [Terms(facts), told])

"""Pages of an application, in the report's form, from templates."""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from quality.report.document import environment


class Pages:
    """Templates of an application, of all applications, and of the report.

    Args:
        package: whose templates/ holds the application's own.
        shared: further packages of which it shows templates.
        application: its name, as the top of each page shows it.
        links: text and address of what the top leads to.
    """

    def __init__(self, package: str, application: str, links: Mapping[str, str], shared: Sequence[str] = ()) -> None:
        self._environment = environment(package, *shared, "quality.web")
        self._about = {"application": application, "links": links}

    def render(self, template: str, **values: Any) -> str:
        """A page as HTML."""
        return self._environment.get_template(template).render(**self._about, **values)

    def refusal(self, status: int, why: str) -> str:
        """A page that says no."""
        said = {403: "You cannot do this", 404: "Page not found", 400: "Something is missing"}
        return self.render("refusal.html.j2", title=said.get(status, "Something went wrong"), why=why)


@cache
def asset(package: str, name: str) -> str:
    """A style or script of a package's templates."""
    return resources.files(package).joinpath("templates", name).read_text(encoding="utf-8")

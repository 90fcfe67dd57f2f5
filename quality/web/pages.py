"""Pages of an application, in GOV.UK Frontend's form where that is built and in the report's where not."""

from collections.abc import Mapping, Sequence
from typing import Any

from linkage.config.resources import assets_dir
from quality.report.document import environment, template_text

_BUILT = ("govuk-frontend.css", "govuk-frontend.js", "htmx.js")  # of other makers
_DRESSED = {"blocks.css": "quality.report", "govuk.css": "quality.web", "application.js": "quality.web"}
_PLAIN = {"blocks.css": "quality.report", "report.css": "quality.report", "application.css": "quality.web"}
_KINDS = {"css": "text/css", "js": "text/javascript"}


class Pages:
    """Templates of an application, of all applications, and of the report.

    Args:
        package: whose templates/ holds the application's own.
        application: its name, as the top of each page shows it.
        links: text and address of what the top leads to.
        own: styles and scripts beside those of all applications: file to the package whose templates/ holds it.
        shared: further packages of which it shows templates.

    Attributes:
        assets: styles and scripts by name: their text and media type.
    """

    def __init__(
        self,
        package: str,
        application: str,
        links: Mapping[str, str],
        own: Mapping[str, str],
        shared: Sequence[str] = (),
    ) -> None:
        built = {name: assets_dir() / name for name in _BUILT}
        is_dressed = all(path.is_file() for path in built.values())
        texts = {name: path.read_text(encoding="utf-8") for name, path in built.items()} if is_dressed else {}
        for name, holder in {**(_DRESSED if is_dressed else _PLAIN), **own}.items():
            texts[name] = template_text(holder, name)
        self.assets = {name: (text, _KINDS[name.rpartition(".")[2]]) for name, text in texts.items()}
        self._environment = environment(package, *shared, "quality.web", is_dressed=is_dressed)
        self._about = {
            "application": application,
            "links": links,
            "is_dressed": is_dressed,
            "sheets": [name for name in texts if name.endswith(".css")],
            "scripts": [name for name in texts if name.endswith(".js") and name != "govuk-frontend.js"],  # imported
        }

    def render(self, template: str, **values: Any) -> str:
        """A page as HTML."""
        return self._environment.get_template(template).render(**self._about, **values)

    def refusal(self, status: int, why: str) -> str:
        """A page that says no.

        Args:
            why: a line for each paragraph.
        """
        said = {403: "You cannot do this", 404: "Page not found", 400: "Something is missing"}
        return self.render("refusal.html.j2", title=said.get(status, "Something went wrong"), why=why.splitlines())

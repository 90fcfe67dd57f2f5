"""Hooks of the documentation site: reference pages generated from the code, and pages and files outside docs/."""

import posixpath
import re
from pathlib import Path
from typing import Any

import typer
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from pydantic import BaseModel
from typer.cli import get_docs_for_click

from linkage.cli.app import app
from linkage.config import RunConfig

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("benchmarks/RESULTS.md", "CHANGELOG.md")
"""Pages of the repository that the site has too."""
_LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: Any) -> Files:
    """Add the generated pages, and each file of the repository that a page links to."""
    pages = {
        "reference/command-line.md": command_line(),
        "reference/run-file.md": run_file(),
        "reference/python.md": PYTHON,
        **{name: (ROOT / name).read_text(encoding="utf-8") for name in PAGES},
    }
    texts = {file.src_uri: file.content_string for file in files if file.src_uri.endswith(".md")} | pages
    for name, content in pages.items():
        files.append(File.generated(config, name, content=content))
    for name, text in texts.items():
        for place, _ in _LINK.findall(text):
            target = outside(name, place)
            if target and (ROOT / target).is_file() and target not in PAGES and not files.get_file_from_path(target):
                files.append(File.generated(config, target, abs_src_path=str(ROOT / target)))
    return files


def on_page_markdown(markdown: str, page: Page, config: Any, files: Files) -> str:
    """Lead links that leave docs/ to the copy that the site has; name a folder without a link."""

    def rewritten(match: re.Match[str]) -> str:
        target = outside(page.file.src_uri, match.group(1))
        if not target:
            return match.group(0)
        if not files.get_file_from_path(target):
            return "]"
        here = posixpath.dirname(page.file.src_uri)
        return f"]({posixpath.relpath(target, here or '.')}{match.group(2) or ''})"

    return re.sub(r"\[([^\]]*)\]$", r"\1", _LINK.sub(rewritten, markdown))


def outside(page: str, link: str) -> str | None:
    """A link's target in the repository, where it leaves docs/ (or is of a page that lies outside)."""
    base = posixpath.dirname(page if page in PAGES else f"docs/{page}")
    target = posixpath.normpath(posixpath.join(base, link))
    if target.startswith("docs/"):
        return target.removeprefix("docs/") if page in PAGES else None
    return target


def command_line() -> str:
    """Every command with its options, from the command line itself."""
    command = typer.main.get_command(app)
    return get_docs_for_click(obj=command, ctx=typer.Context(command), name="leo", title="Command line")


def run_file() -> str:
    """Every key of a run's file, from the model that checks it."""
    lines = [
        "# Run file",
        "",
        "A run is described by one TOML file. `leo config check` names each key that is wrong.",
        "",
    ]
    tables: list[tuple[str, type[BaseModel]]] = [("", RunConfig)]
    done: set[type[BaseModel]] = set()
    while tables:
        name, model = tables.pop(0)
        if model in done:
            continue
        done.add(model)
        rows = []
        for key, field in model.model_fields.items():
            inner = models_of(field.annotation)
            tables += [(f"{name}.{key}".strip("."), one) for one in inner]
            default = "required" if field.is_required() else f"`{field.get_default(call_default_factory=True)!r}`"
            about = (field.description or "").replace("\n", " ").replace("|", "\\|")
            rows.append(f"| `{field.alias or key}` | {'a table' if inner else default} | {about} |")
        lines += [
            f"## `[{name}]`" if name else "## Tables",
            "",
            "| key | default | meaning |",
            "|---|---|---|",
            *rows,
            "",
        ]
    return "\n".join(lines)


def models_of(annotation: Any) -> list[type[BaseModel]]:
    """The models that an annotation names."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in models_of(part)]


PYTHON = """# Python API

`import linkage`. Errors are `linkage.errors.InputError` and `ConfigError`; neither holds a personal value.

::: linkage.api
    options:
      show_root_heading: false
      members:
        - link
        - dedupe
        - train
        - open_run
        - Run
"""

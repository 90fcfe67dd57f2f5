"""Reference pages of the documentation site that are generated from the code, and the JSON Schemas that they show.

`python docs/hooks.py` writes configs/schemas/. As hooks of MkDocs it adds the pages, and files outside docs/.
"""

import ast
import inspect
import itertools
import json
import re
import sys
import textwrap
from functools import partial
from pathlib import Path
from typing import Any

import typer
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema
from typer.cli import get_docs_for_click

from linkage.catalogue import Dataset, shipped
from linkage.cli.app import app
from linkage.config import RunConfig
from linkage.config.resources import definitions, shipped_dir
from linkage.errors import LeoError
from linkage.longitudinal.definitions import OutcomeDefinitions
from linkage.match.passes import PassFile, load
from linkage.model import load as load_model
from linkage.requests.request import Request
from linkage.spine.conflicts import ConflictFile
from quality.dashboard.outcomes import Rules
from quality.disclosure.outputs.schema import Schema
from quality.disclosure.profiles import Profile
from quality.measures.definitions import Definitions
from quality.measures.implausible import ImplausibleFile

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("benchmarks/RESULTS.md", "CHANGELOG.md", "SECURITY.md")
"""Pages of the repository that the site has too."""

SCHEMAS: dict[str, tuple[type[BaseModel], str, str]] = {
    "run": (
        RunConfig,
        "Run file",
        "One TOML file describes a run; `leo check` names each fault of it.",
    ),
    "passes": (
        PassFile,
        "Passes",
        "A step names its file of passes. A rule accepts pairs outright, before the model.",
    ),
    "outcomes": (
        OutcomeDefinitions,
        "Outcome definitions",
        "The key `outcomes` of a run's file names this file.",
    ),
    "request": (
        Request,
        "Request",
        "A project's request for data; `leo request check` names each fault of it.",
    ),
    "disclosure": (
        Profile,
        "Disclosure profile",
        "One body's rules for what may leave: configs/disclosure/NAME.toml.",
    ),
    "results": (
        Schema,
        "Table of results",
        "NAME.toml declares the columns of NAME.csv for `leo disclosure check`.",
    ),
    "evaluation": (
        Definitions,
        "Evaluation",
        "Groups and bands of the report: quality/evaluation.toml.",
    ),
    "implausible": (
        ImplausibleFile,
        "Implausible links",
        "What one person cannot do: quality/implausible.toml.",
    ),
    "conflicts": (
        ConflictFile,
        "Conflicts",
        "What one person has once: resolution/people.toml.",
    ),
    "comparisons": (
        Rules,
        "Compared outcomes",
        "How institutions are compared: outcomes/compared.toml.",
    ),
    "catalogue": (
        Dataset,
        "Catalogue",
        "One file for each dataset, in catalogue/ of your definitions.",
    ),
}
"""By the name of its file in configs/schemas/: the model, and the title and first sentence of its page."""


def field_docstrings(model: type[BaseModel]) -> dict[str, str]:
    """The text under each field of a model, by the field's key, with those that it inherits.

    Pydantic can read these itself, when a class is defined: in every process, a quarter of the start of `leo`.
    """
    texts = {}
    for part in reversed(model.__mro__):
        if issubclass(part, BaseModel) and part is not BaseModel:
            source = textwrap.dedent(inspect.getsource(part))
            statements = ast.parse(source).body[0].body  # type: ignore[attr-defined]
            for field, text in itertools.pairwise(statements):
                match (field, text):
                    case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(
                        value=ast.Constant(value=str(words))
                    ):
                        texts[name] = inspect.cleandoc(words)
    fields = model.model_fields
    return {
        fields[name].alias or name: text
        for name, text in texts.items()
        if name in fields
    }


class _Described(GenerateJsonSchema):
    """JSON Schema with the text under each field as its description."""

    def model_schema(self, schema: Any) -> Any:
        described = super().model_schema(schema)
        for key, text in field_docstrings(schema["cls"]).items():
            described["properties"][key].setdefault("description", text)
        return described


def schema_of(name: str) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a TOML file."""
    model, title, about = SCHEMAS[name]
    schema: dict[str, Any] = model.model_json_schema(schema_generator=_Described)
    for part in (schema, *schema.get("$defs", {}).values()):
        part.pop("title", None)
        if "description" in part:
            part["description"] = " ".join(part["description"].split())
        for field in part.get("properties", {}).values():
            field.pop("title", None)
            same = schema.get("$defs", {}).get(
                field.get("$ref", "").rpartition("/")[2], {}
            )  # pydantic writes it once
            field["description"] = " ".join(
                (field.get("description") or same.get("description", "")).split()
            )
        if (
            name == "run" and "required" in part
        ):  # a file that extends another need not repeat its keys
            part["x-required"] = part.pop("required")
    if name == "run":
        extends = {
            "type": "string",
            "description": "A run's file below this one: next to it, or shipped, `leo.toml`.",
        }
        schema["properties"] = {"extends": extends} | schema["properties"]
    if name == "catalogue":
        table = schema["$defs"]["TableDef"]  # its name is that of [table.NAME]
        del table["properties"]["name"]
        table["required"].remove("name")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        **schema,
        "description": about,
    }


def on_files(files: Any, config: Any) -> Any:
    """Add the generated pages, and pages of the repository that lie outside docs/."""
    from mkdocs.structure.files import File

    pages = {f"reference/{name}.md": page() for name, page in GENERATED.items()}
    for name, content in (
        pages | {name: (ROOT / name).read_text(encoding="utf-8") for name in PAGES}
    ).items():
        files.append(File.generated(config, name, content=content))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Lead links between docs/ and pages outside to their place in the site, whose root docs/ is."""
    markdown = re.sub(
        r"\]\(((?:\.\./)*)\.\./(benchmarks/RESULTS|CHANGELOG|SECURITY)\.md",
        r"](\1\2.md",
        markdown,
    )
    return markdown.replace("](docs/", "](")


def command_line() -> str:
    """Every command with its options, from the command line itself."""
    command = typer.main.get_command(app)
    return get_docs_for_click(
        obj=command, ctx=typer.Context(command), name="leo", title="Command line"
    )


def markdown_table(*rows: tuple[str, ...]) -> str:
    """A table: the first row is its head."""
    cells = [
        [" ".join(cell.split()).replace("|", "\\|") for cell in row] for row in rows
    ]
    return (
        "\n".join(
            f"| {' | '.join(row)} |"
            for row in (cells[0], ["---"] * len(cells[0]), *cells[1:])
        )
        + "\n"
    )


def schema_page(name: str) -> str:
    """Every key of a file: its type, default and meaning, from its JSON Schema."""
    schema = json.loads(
        (ROOT / "configs" / "schemas" / f"{name}.json").read_text(encoding="utf-8")
    )
    text = f"# {schema['title']}\n\n{schema['description']}\n\n"
    parts, seen = [("", schema)], set()
    while parts:
        place, part = parts.pop(0)
        rows = [("key", "type", "default", "meaning")]
        for key, field in part.get("properties", {}).items():
            required = key in part.get("required", part.get("x-required", []))
            default = field.get("default")
            empty = default is None or default == [] or isinstance(default, dict)
            shown = (
                "required" if required else "" if empty else f"`{json.dumps(default)}`"
            )
            rows.append((f"`{key}`", type_of(field), shown, field["description"]))
            for reference in dict.fromkeys(
                re.findall(r"#/\$defs/(\w+)", json.dumps(field))
            ):
                if reference not in seen:
                    seen.add(reference)
                    inner = f"{place}.{key}".strip(".")
                    parts.append(
                        (
                            f"{inner}.NAME"
                            if "additionalProperties" in field
                            else inner,
                            schema["$defs"][reference],
                        )
                    )
        head = (
            f"## `{place}`\n\n{part.get('description', '').partition(chr(10))[0]}\n\n"
            if place
            else ""
        )
        text += f"{head}{markdown_table(*rows)}\n"
    return text


def type_of(field: dict[str, Any]) -> str:
    """The type of a key in words."""
    if "anyOf" in field:
        return " or ".join(
            dict.fromkeys(
                type_of(one) for one in field["anyOf"] if one.get("type") != "null"
            )
        )
    if "enum" in field or "const" in field:
        return ", ".join(
            f"`{value}`" for value in field.get("enum", [field.get("const")])
        )
    if field.get("type") == "array":
        items = field.get("items") or next(iter(field.get("prefixItems", [])), {})
        return f"list of {type_of(items)}"
    kind = (
        field["type"][0]
        if isinstance(field.get("type"), list)
        else field.get("type", "object")
    )
    if kind == "object":
        return "table"
    if kind in ("integer", "number"):
        ends = [
            field.get("minimum", field.get("exclusiveMinimum")),
            field.get("maximum"),
        ]
        bounds = [
            f"{word} {end}"
            for word, end in zip(("from", "to"), ends, strict=True)
            if end is not None
        ]
        return " ".join(["whole number" if kind == "integer" else "number", *bounds])
    return "true or false" if kind == "boolean" else field.get("format", "text")


def shipped_models() -> str:
    """Models and passes that ship, and every other definition."""
    text = "# Models, passes and definitions\n\nFiles that ship in configs/. `leo config copy` copies one to change it.\n"
    for path in sorted((shipped_dir() / "passes").glob("*.toml")):
        rows = [
            (
                rule.name,
                ", ".join(rule.equal),
                ", ".join(rule.agree_any),
                rule.accept,
                rule.why,
            )
            for rule in load(path)
        ]
        text += f"\n## passes/{path.name}\n\n" + markdown_table(
            ("pass", "equal", "one of", "accept", "why"), *rows
        )
    for path in sorted((shipped_dir() / "models").glob("*[!g].json")):
        model = load_model(path)
        rows = [
            (
                level.label,
                f"{level.m:.2g}",
                f"{level.u:.2g}",
                f"{level.weight:+.1f}",
                "yes" if level.adjusted else "",
            )
            for comparison in model.fields
            for level in comparison.levels
            if level.m is not None and level.u is not None
        ]
        text += (
            f"\n## models/{path.name}\n\nPrior {model.prior:.1e}. Blocking rules:\n\n"
        )
        text += (
            "".join(f"- `{rule.condition}`\n" for rule in model.blocking_rules) + "\n"
        )
        text += markdown_table(("level", "m", "u", "weight", "term frequency"), *rows)
    rows = [(f"`{name}`", heading) for name, _, heading in definitions()]
    return f"{text}\n## All definitions\n\n" + markdown_table(
        ("file", "content"), *rows
    )


def extract_columns() -> str:
    """Tables and columns of the longitudinal dataset, from the catalogue."""
    text = "# Columns of the longitudinal tables\n\nTypes and codes of all datasets: `leo catalogue site --out FOLDER`.\n"
    for table in shipped().datasets["leo"].table.values():
        rows = [
            (f"`{v.name}`", v.type, v.rating, v.description) for v in table.variable
        ]
        text += f"\n## {table.name}\n\n{table.title}. One row: {table.grain}.\n\n"
        text += markdown_table(("column", "type", "rating", "meaning"), *rows)
    return text


def messages() -> str:
    """Exit codes, and every message of an error with what to do, from the code that raises it."""
    classes = {cls.__name__: cls for cls in LeoError.__subclasses__()}
    rows: set[tuple[str, str, str]] = set()
    for path in (
        path
        for package in ("linkage", "quality", "synthetic")
        for path in (ROOT / package).rglob("*.py")
    ):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Raise)
                and isinstance(node.exc, ast.Call)
                and node.exc.args
            ):
                name, message = ast.unparse(node.exc.func), node.exc.args[0]
                parts = (
                    message.values if isinstance(message, ast.JoinedStr) else [message]
                )
                text = "".join(
                    str(part.value) if isinstance(part, ast.Constant) else "…"
                    for part in parts
                )
                if name in classes and text.strip("… :"):
                    first, _, rest = text.partition("\n")
                    rows.add(
                        (
                            first.removeprefix("…: "),
                            rest,
                            str(int(classes[name].exit_code)),
                        )
                    )
    codes = [
        (str(int(cls.exit_code)), name, (cls.__doc__ or "").partition("\n")[0])
        for name, cls in classes.items()
    ]
    text = "# Exit codes and messages\n\n0 done, 1 failed, 2 usage or configuration, 3 a check or gate failed, 130 stopped.\n\n"
    text += (
        markdown_table(("exit code", "error", "meaning"), *sorted(codes))
        + "\n## Messages\n\n"
    )
    text += "A message begins with the file or key that it is about. … stands for a name or a number.\n\n"
    return text + markdown_table(("message", "what to do", "exit code"), *sorted(rows))


GENERATED = {
    "command-line": command_line,
    **{f"{name}-file": partial(schema_page, name) for name in (*SCHEMAS, "model")},
    "shipped": shipped_models,
    "messages": messages,
    "columns": extract_columns,
}
"""Name of a page of the reference, and what makes its text."""


if __name__ == "__main__":
    for name in SCHEMAS:
        text = json.dumps(schema_of(name), indent=2, ensure_ascii=False) + "\n"
        (ROOT / "configs" / "schemas" / f"{name}.json").write_text(
            text, encoding="utf-8"
        )
        sys.stdout.write(f"configs/schemas/{name}.json\n")

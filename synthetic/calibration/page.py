"""The check as a page to read, docs/calibration.md, and as data."""

import json
from dataclasses import asdict
from typing import Any

from synthetic.calibration.checking import Checked
from synthetic.calibration.targets import Bound, Figure, Theme, Unit, Unmeasured
from synthetic.calibration.verdicts import CHANCE, VERDICTS, Compared

_BOUNDS: dict[Bound, str] = {"equal": "", "at most": "at most ", "at least": "at least "}


def as_markdown(checked: Checked) -> str:
    """The page, as docs/calibration.md is."""
    parts = [_head(checked)]
    for theme, figures in checked.themes:
        parts += [f"## {theme.title}", theme.about.strip(), _table(figures), _sources(figures), _notes(figures)]
        if theme.unmeasured:
            parts.append(_unmeasured(theme.unmeasured))
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(checked: Checked) -> str:
    made = checked.made
    lines = [
        "# Calibration",
        "What is published, and what a synthetic population has, figure by figure: measured by SQL on the files that"
        " were written, with truth as the key. This page is made by the check itself; do not edit it.",
        f"| | |\n|---|---|\n| people | {made.people:,} |\n| seed | {made.seed} |\n| preset | {made.preset} |\n"
        f"| version | {made.version} |\n| command | `{made.command}` |",
        f"A figure is *outside* when it misses its target by more than the tolerance and {CHANCE} standard errors"
        " together: a small population differs from the large one it is drawn from by chance, and the standard error"
        " says how much. `n` is the number of people (or records, pairs, graduates) behind the figure. Shares are in"
        " per cent, and differences between them in points. Figures *for information* cannot be held against their"
        " source, for the reason beside them; what cannot be measured at all is named below each table.",
        "The targets are data: `configs/calibration/*.toml`.",
        _summary(checked),
    ]
    return "\n\n".join(lines)


def _summary(checked: Checked) -> str:
    """Figures of each theme by verdict."""
    themes = [(theme.title, figures) for theme, figures in checked.themes]
    themes.append(("All", [one for _, figures in themes for one in figures]))
    lines = [f"| | figures | {' | '.join(VERDICTS)} |", f"|---|--:|{'--:|' * len(VERDICTS)}"]
    for title, figures in themes:
        counts = [sum(one.verdict == verdict for one in figures) for verdict in VERDICTS]
        lines.append(f"| {title} | {len(figures):,} | {' | '.join(f'{count:,}' for count in counts)} |")
    return "\n".join(lines)


def _table(figures: list[Compared]) -> str:
    rows = [
        "| figure | target | achieved | difference | tolerance | s.e. | n | verdict |",
        "|---|--:|--:|--:|--:|--:|--:|---|",
    ]
    return "\n".join([*rows, *(_row(one) for one in figures)])


def _row(one: Compared) -> str:
    figure, achieved = one.figure, one.achieved
    room = _number(figure.tolerance.around(figure.target), figure)
    target = _BOUNDS[figure.bound] + _number(figure.target, figure)
    verdict = f"**{one.verdict}**" if one.verdict == "outside" else one.verdict
    cells = [figure.says, target, "", "", room, "", "0", verdict]
    if achieved:
        difference = ("+" if one.difference >= 0 else "−") + _number(abs(one.difference), figure)
        cells[2:4] = [_number(achieved.value, figure), difference]
        cells[5:7] = [_number(achieved.standard_error, figure), f"{achieved.people:,}"]
    return "| " + " | ".join(cells) + " |"


def in_words(one: Compared) -> str:
    """A figure in one line."""
    figure, achieved = one.figure, one.achieved
    target = _BOUNDS[figure.bound] + _number(figure.target, figure)
    reached = _number(achieved.value, figure) if achieved else "nobody"
    return f"{figure.says}: {reached}, published {target} ({figure.id})"


def _number(value: float, figure: Figure) -> str:
    """As many places as the target needs to be told from its neighbours."""
    unit: Unit = figure.unit
    if unit == "£":
        return f"£{value:,.0f}"
    small = abs(figure.target) < 1
    places = 4 if small and figure.target and abs(figure.target) < 0.1 else 3 if small and figure.target else 2
    if unit == "number":
        return f"{value:,.0f}" if abs(figure.target) >= 100 else f"{value:.{places}f}"
    return f"{value:.{places if places > 2 else (2 if abs(figure.target) < 10 else 1)}f} %"


def _sources(figures: list[Compared]) -> str:
    return "Source: " + "; ".join(dict.fromkeys(one.figure.source for one in figures)) + "."


def _notes(figures: list[Compared]) -> str:
    said: dict[str, list[str]] = {}
    for one in figures:
        for text in (one.figure.note, one.figure.for_information and f"for information: {one.figure.for_information}"):
            if text:
                said.setdefault(text, []).append(one.figure.says)
    return "\n".join(f"- {'; '.join(names)}: {text}" for text, names in said.items())


def _unmeasured(left_out: tuple[Unmeasured, ...]) -> str:
    return "Not measured:\n\n" + "\n".join(f"- {one.says} ({one.source}): {one.why}" for one in left_out)


def as_json(checked: Checked) -> str:
    """The same as data: header, themes, figures."""
    document = {
        "made": asdict(checked.made),
        "command": checked.made.command,
        "standard_errors_allowed": CHANCE,
        "themes": [_theme(theme, figures) for theme, figures in checked.themes],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _theme(theme: Theme, figures: list[Compared]) -> dict[str, Any]:
    return {
        "name": theme.name,
        "title": theme.title,
        "figures": [
            {
                "id": one.figure.id, "says": one.figure.says, "unit": one.figure.unit, "target": one.figure.target,
                "bound": one.figure.bound, "tolerance": one.figure.tolerance.around(one.figure.target),
                "achieved": one.achieved and one.achieved.value,
                "standard_error": one.achieved and one.achieved.standard_error,
                "people": one.achieved.people if one.achieved else 0, "verdict": one.verdict,
                "source": one.figure.source, "note": one.figure.note, "for_information": one.figure.for_information,
            }
            for one in figures
        ],
        "unmeasured": [one.model_dump() for one in theme.unmeasured],
    }  # fmt: skip

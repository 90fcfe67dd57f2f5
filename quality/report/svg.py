"""A chart's SVG with no more markup than its picture takes: a report has dozens of charts, each for two widths.

Vega writes each line of a grid as an element with all its properties, in groups within groups, each with a place of its
own. Here lines of one look are one path, what all of a group have is said once, of the group, places are those of the
drawing, and groups that say nothing are gone. The picture is the same to a tenth of a pixel.
"""

import html
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

# The picture as a whole has a name and a description; a name on every mark would only bury them.
_UNSEEN = re.compile(r"role|aria-.+|version|class|pointer-events")
_UNSAID = {"font-weight": "normal", "opacity": "1", "stroke-width": "1", "text-anchor": "start"}
_OF_STROKES = {"stroke", "stroke-dasharray", "stroke-miterlimit", "stroke-width"}
_HANDED_DOWN = {"fill", "font-family", "font-size", "font-weight", "text-anchor"} | _OF_STROKES
_GROUNDS = ("background", "foreground")
_NAMESPACES = re.compile(r' xmlns(?::xlink)?="[^"]*"')
_PLACED = re.compile(r"translate\(([^,()]+),([^,()]+)\)\s*")
_LONG = re.compile(r"-?\d+\.\d{2,}")  # a tenth of a pixel is fine enough
_STRETCH = re.compile(r"M([-\d.]+),([-\d.]+)((?:[hvl][-\d.,]+|Z)*)")
_STRETCHES = re.compile(f"(?:{_STRETCH.pattern})+")
_CORNER = re.compile(r"([-\d.]+),([-\d.]+)")
_CORNERS = re.compile(rf"M{_CORNER.pattern}(?:L{_CORNER.pattern})+Z?")
_CIRCLE = re.compile(r"M([\d.]+),0A\1,\1,0,1,1,-\1,0A\1,\1,0,1,1,\1,0Z?")


@dataclass
class _Part:
    """A group or a mark.

    Attributes:
        x, y: its place in the group around it.
        stretches: of a path, where each starts and the steps from there; none where it is written otherwise.
    """

    tag: str
    look: dict[str, str]
    x: float = 0.0
    y: float = 0.0
    words: str = ""
    parts: list["_Part"] = field(default_factory=list)
    stretches: list[tuple[float, float, str]] = field(default_factory=list)


def read(drawn: str) -> Element:
    """What Vega drew."""
    return ElementTree.fromstring(_NAMESPACES.sub("", drawn))


def slim(svg: Element, name: str = "") -> str:
    """The drawing as a page holds it.

    Args:
        name: the id of the group that holds all of it, where paper shows that through windows.
    """
    common: dict[str, str] = {}
    for said in ("font-family", "font-size"):
        found = Counter(text.get(said, "") for text in svg.iter("text")).most_common(1)
        if found and found[0][0]:
            common[said] = found[0][0]
    parts = [part for child in svg for part in _slimmed(child, common)]
    whole = parts[0] if len(parts) == 1 and parts[0].tag == "g" else _Part("g", {}, parts=parts)
    whole.look = ({"id": name} if name else {}) | common | whole.look
    size = {side: svg.attrib[side] for side in ("width", "height", "viewBox")} | ({"class": "tall"} if name else {})
    return _written(_Part("svg", {"aria-hidden": "true", "focusable": "false"} | size, parts=[whole]))


def _slimmed(node: Element, common: dict[str, str]) -> list[_Part]:
    """What stands in an element's place: nothing, itself, or what it holds."""
    look = {key: value for key, value in node.items() if not _UNSEEN.fullmatch(key) and _UNSAID.get(key) != value}
    part = _Part(node.tag, look, words=node.text or "")
    if placed := _PLACED.match(look.get("transform", "")):
        part.x, part.y = float(placed[1]), float(placed[2])
        look["transform"] = look["transform"][placed.end() :]
    if not look.get("transform"):
        look.pop("transform", None)
    if node.tag == "g":
        part.parts = _put_together([inner for child in node for inner in _slimmed(child, common)])
        return _opened(part)
    is_ground = node.get("class") in _GROUNDS and not look.keys() & {"fill", "stroke"}
    if is_ground or look.get("display") == "none" or (node.tag == "path" and not look.get("d")):
        return []
    part.parts = [_as_it_is(child) for child in node]
    if node.tag == "text":
        part.look = {key: value for key, value in look.items() if common.get(key) != value}
    if node.tag == "line":
        part.tag, part.stretches = "path", [_line(look)]
    if node.tag == "path":
        _simplify(part)
    return [part]


def _as_it_is(node: Element) -> _Part:
    return _Part(node.tag, dict(node.items()), words=node.text or "", parts=[_as_it_is(child) for child in node])


def _line(look: dict[str, str]) -> tuple[float, float, str]:
    x1, x2, y1, y2 = (float(look.pop(end, 0)) for end in ("x1", "x2", "y1", "y2"))
    return x1, y1, _step(x2 - x1, y2 - y1)


def _simplify(path: _Part) -> None:
    """Write a path as steps from its start, or as a circle."""
    text = path.look.pop("d")
    if circle := _CIRCLE.fullmatch(text):
        path.tag, path.look["r"] = "circle", _short(circle[1])
    elif _CORNERS.fullmatch(text):
        corners = [(round(float(x), 1), round(float(y), 1)) for x, y in _CORNER.findall(text)]
        steps = "".join(_step(to[0] - here[0], to[1] - here[1]) for here, to in pairwise(corners))
        path.stretches = [(*corners[0], steps + "Z" * text.endswith("Z"))]
    elif _STRETCHES.fullmatch(text):
        path.stretches = [(float(x), float(y), _short(steps)) for x, y, steps in _STRETCH.findall(text)]
    else:
        path.look["d"] = _short(text)


def _opened(group: _Part) -> list[_Part]:
    """A group, or its parts where they can say by themselves what it says."""
    parts = group.parts
    if not parts:
        return []
    if not group.look.keys() <= _HANDED_DOWN:
        return [group]
    for key in sorted(_HANDED_DOWN - group.look.keys() if len(parts) > 1 else ()):
        said = {part.look.get(key) for part in parts}
        if len(said) == 1 and (value := said.pop()) is not None:
            group.look[key] = value
            for part in parts:
                del part.look[key]
    if group.look and len(parts) > 1:
        return [group]
    for part in parts:
        part.look = group.look | part.look
        part.x, part.y = part.x + group.x, part.y + group.y
    return parts


def _put_together(parts: Sequence[_Part]) -> list[_Part]:
    """Lines of one look that follow each other as one path. Those that may be seen through stay by themselves."""
    found: list[_Part] = []
    for part in parts:
        last = found[-1] if found else part
        are_lines = bool(last.stretches and part.stretches) and part.look.keys() <= _OF_STROKES
        if last is not part and are_lines and last.look == part.look:
            last.stretches += [(x + part.x - last.x, y + part.y - last.y, steps) for x, y, steps in part.stretches]
        else:
            found.append(part)
    return found


def _written(part: _Part, x: float = 0.0, y: float = 0.0) -> str:
    """A part as SVG.

    Args:
        x, y: where the group around it is, unless that says so itself.
    """
    look, x, y = dict(part.look), x + part.x, y + part.y
    inside = (0.0, 0.0)
    if part.stretches:
        look["d"] = "".join(f"M{_pair(x + start, y + top)}{steps}" for start, top, steps in part.stretches)
    elif part.tag == "circle":
        look |= {"cx": _number(x), "cy": _number(y)}
    elif part.tag == "text" and not part.parts and "transform" not in look:
        look |= {"x": _number(x), "y": _number(y)}
    elif part.tag == "g" and look.keys() <= _HANDED_DOWN | {"id"}:
        inside = (x, y)
    elif x or y:
        look["transform"] = f"translate({_number(x)},{_number(y)}){look.get('transform', '')}"
    said = "".join(f' {key}="{html.escape(value)}"' for key, value in look.items())
    content = html.escape(part.words, quote=False) + "".join(_written(inner, *inside) for inner in part.parts)
    return f"<{part.tag}{said}>{content}</{part.tag}>" if content else f"<{part.tag}{said}/>"


def _step(across: float, down: float) -> str:
    if not down:
        return f"h{_number(across)}"
    return f"l{_pair(across, down)}" if across else f"v{_number(down)}"


def _pair(x: float, y: float) -> str:
    return f"{_number(x)},{_number(y)}".replace(",-", "-")


def _number(value: float) -> str:
    """A number to a tenth, without what may be left out."""
    text = f"{value:.1f}".removesuffix(".0")
    return {"-0": "0"}.get(text, re.sub(r"^(-?)0\.", r"\1.", text))


def _short(text: str) -> str:
    return _LONG.sub(lambda number: _number(float(number[0])), text)

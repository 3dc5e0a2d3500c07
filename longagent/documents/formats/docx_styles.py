"""What the styles and lists of a Word document make of a paragraph: a heading of a level, and its number."""

import re
from dataclasses import dataclass, field
from typing import NamedTuple
from xml.etree.ElementTree import Element

from longagent.documents.formats.ooxml import W

_HEADING = re.compile(r"heading ?([1-9])", re.IGNORECASE)
_LEVEL = re.compile("%([1-9])")
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"))
_ROMAN_SMALL = ((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))
_DEEPEST = 9


def value(parent: Element | None, *path: str) -> str | None:
    """Return the `w:val` of a descendant, named by a path of local names."""
    for name in path:
        if parent is None:
            return None
        parent = parent.find(W + name)
    return None if parent is None else parent.get(f"{W}val", "")


def number(parent: Element | None, *path: str) -> int | None:
    """Return such a value as a number; `None` also where it is none."""
    text = value(parent, *path) or ""
    return int(text) if text.isdecimal() else None


def is_on(parent: Element | None, name: str) -> bool:
    """Whether a property such as bold is set."""
    return value(parent, name) not in {None, "0", "false", "off"}


def _all(parent: Element | None, name: str) -> list[Element]:
    return [] if parent is None else parent.findall(W + name)


class _Style(NamedTuple):
    base: str | None
    level: int | None
    list: str | None
    depth: int | None


class Styles:
    """The styles of a document, by id."""

    def __init__(self, root: Element | None) -> None:
        self._styles = {style.get(f"{W}styleId", ""): _style(style) for style in _all(root, "style")}

    def level(self, properties: Element | None) -> int | None:
        """Return the level of the heading that a paragraph is; 1 is the highest."""
        outline = number(properties, "outlineLvl")
        if outline is not None:
            return outline + 1 if outline < _DEEPEST else None
        style = value(properties, "pStyle") or ""
        if style and style not in self._styles:
            return _named_level(style)
        return next((one.level for one in self._chain(style) if one.level), None)

    def list_of(self, properties: Element | None) -> tuple[str, int] | None:
        """Return the list a paragraph belongs to, and how deep in it."""
        chain = self._chain(value(properties, "pStyle") or "")
        name = value(properties, "numPr", "numId") or next((style.list for style in chain if style.list), None)
        depth = number(properties, "numPr", "ilvl")
        if depth is None:
            depth = next((style.depth for style in chain if style.depth is not None), 0)
        return (name, min(depth, _DEEPEST - 1)) if name and name != "0" else None

    def list_of_style(self, style: str) -> str | None:
        """Return the list that a style stands for."""
        return next((one.list for one in self._chain(style) if one.list), None)

    def _chain(self, name: str | None) -> list[_Style]:
        chain: list[_Style] = []
        while name in self._styles and len(chain) < 20:  # damaged files have loops
            chain.append(self._styles[name])
            name = chain[-1].base
        return chain


def _style(style: Element) -> _Style:
    properties = style.find(f"{W}pPr")
    outline = number(properties, "outlineLvl")
    level = outline + 1 if outline is not None and outline < _DEEPEST else _named_level(value(style, "name") or "")
    lists, depth = value(properties, "numPr", "numId"), number(properties, "numPr", "ilvl")
    return _Style(value(style, "basedOn"), level, lists, depth)


def _named_level(name: str) -> int | None:
    """The built-in names are the same in every language of the program."""
    if name.lower() == "title":
        return 1
    match = _HEADING.fullmatch(name)
    return int(match[1]) if match else None


class _Level(NamedTuple):
    form: str
    text: str
    start: int
    restarts: bool
    legal: bool


@dataclass
class _List:
    levels: dict[int, _Level]
    counts: dict[int, int] = field(default_factory=dict)


class Numbers:
    """Counts the lists of a document as Word does: `4.2`, `(b)`, `iv.`."""

    def __init__(self, root: Element | None, styles: Styles) -> None:
        self._abstract: dict[str, _List] = {}
        self._lists: dict[str, tuple[_List, dict[int, int]]] = {}
        links: dict[str, str] = {}
        for item in _all(root, "abstractNum"):
            name = item.get(f"{W}abstractNumId", "")
            self._abstract[name] = _List({int(one.get(f"{W}ilvl", "0")): _level(one) for one in _all(item, "lvl")})
            if link := value(item, "numStyleLink"):
                links[name] = link
        numbers = _all(root, "num")
        behind = {item.get(f"{W}numId", ""): value(item, "abstractNumId") or "" for item in numbers}
        for item in numbers:
            name = item.get(f"{W}numId", "")
            abstract = behind[name]
            if abstract in links:  # a list style: its levels stand with the list that the style names
                abstract = behind.get(styles.list_of_style(links[abstract]) or "", abstract)
            if abstract in self._abstract:
                self._lists[name] = self._with_changes(self._abstract[abstract], item)

    def next(self, name: str, depth: int) -> str:
        """Return the number of the next paragraph of a list, or a bullet; empty if it shows none."""
        if name not in self._lists:
            return ""
        one, starts = self._lists[name]
        level = one.levels.get(depth)
        if level is None:
            return ""
        if depth in starts:
            one.counts[depth] = starts.pop(depth)
        else:
            one.counts[depth] = one.counts.get(depth, level.start - 1) + 1
        for deeper in [other for other in one.counts if other > depth]:
            if deeper not in one.levels or one.levels[deeper].restarts:
                del one.counts[deeper]
        if level.form == "bullet":
            return "•"
        return "" if level.form == "none" else _LEVEL.sub(lambda mark: _shown(one, int(mark[1]) - 1, level), level.text)

    def _with_changes(self, one: _List, item: Element) -> tuple[_List, dict[int, int]]:
        starts: dict[int, int] = {}
        changed: dict[int, _Level] = {}
        for override in _all(item, "lvlOverride"):
            depth = int(override.get(f"{W}ilvl", "0"))
            start, level = number(override, "startOverride"), override.find(f"{W}lvl")
            if start is not None:
                starts[depth] = start
            if level is not None:
                changed[depth] = _level(level)
        # Lists with one definition count on together, unless they have levels of their own.
        return (_List(one.levels | changed) if changed else one), starts


def _level(item: Element) -> _Level:
    start = number(item, "start")
    form, text = value(item, "numFmt") or "decimal", value(item, "lvlText") or ""
    restarts = value(item, "lvlRestart") != "0"
    return _Level(form, text, 1 if start is None else start, restarts, is_on(item, "isLgl"))


def _shown(one: _List, depth: int, shown_in: _Level) -> str:
    level = one.levels.get(depth)
    if level is None:
        return ""
    count = one.counts.setdefault(depth, level.start)
    return written(count, "decimal" if shown_in.legal else level.form)


def written(count: int, form: str) -> str:
    """Write the number of a list item: in letters, in Roman or in common figures."""
    if form in {"lowerLetter", "upperLetter"} and 0 < count < 1000:
        text = chr(ord("a") + (count - 1) % 26) * ((count - 1) // 26 + 1)
    elif form in {"lowerRoman", "upperRoman"} and 0 < count < 4000:
        text = ""
        for size, letters in _ROMAN + _ROMAN_SMALL:
            text += letters * (count // size)
            count %= size
    else:
        return f"{count:02}" if form == "decimalZero" else str(count)
    return text.upper() if form.startswith("upper") else text

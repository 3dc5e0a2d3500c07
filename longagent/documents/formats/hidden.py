"""What of a web page is not there to be read: elements that are hidden, and menus."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

_HIDDEN = (
    '[hidden]:not([hidden="until-found"])',
    "dialog:not([open])",
    '[style*="display:none" i]',
    '[style*="display: none" i]',
    '[style*="visibility:hidden" i]',
    '[style*="visibility: hidden" i]',
)
_MENUS = ("nav", '[role="navigation"]', '[role="search"]')
_HIDES = re.compile(r"(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_SHOWS = re.compile(r"(?:^|[;\s])(?:display|visibility)\s*:", re.IGNORECASE)
_NAME = re.compile(r"[.#][A-Za-z_][\w-]*")
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)


def left_out(tree: "LexborHTMLParser") -> frozenset[int]:
    """Return the ids of elements that are not to be read, as far as the page itself says so without scripts."""
    found = _ids(tree, ", ".join((*_HIDDEN, *_MENUS)))
    if names := _hiding_names(tree):
        found |= _ids(tree, ", ".join(sorted(names)))
    # The page as a whole is hidden only until its scripts have run.
    return found - _ids(tree, "html, body")


def _ids(tree: "LexborHTMLParser", selector: str) -> frozenset[int]:
    return frozenset(node.mem_id for node in tree.css(selector))


def _hiding_names(tree: "LexborHTMLParser") -> set[str]:
    """Classes and ids that the page's style sheets hide, and under no condition show."""
    hidden: set[str] = set()
    shown: set[str] = set()
    for style in tree.css("style"):
        # What follows an at-rule may hold on some screens only, so there names count as shown.
        plain, _, conditional = _COMMENT.sub("", style.text()).partition("@")
        for selectors, body in _rules(plain):
            hides, shows = _HIDES.search(body), _SHOWS.search(body)
            for selector in map(str.strip, selectors.split(",")):
                if hides and _NAME.fullmatch(selector):
                    hidden.add(selector)
                elif shows:
                    shown.update(_NAME.findall(selector))
        shown.update(_NAME.findall(conditional))
    return hidden - shown


def _rules(sheet: str) -> Iterator[tuple[str, str]]:
    """Yield selectors and body of each rule; in linear time, unlike a regular expression that looks for the brace."""
    for rule in sheet.split("}")[:-1]:
        before, brace, body = rule.rpartition("{")
        if brace:
            yield before.rpartition("{")[2], body

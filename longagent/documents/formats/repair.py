"""Mends markup before it is parsed: elements closed in XML's way, and nesting that no page has."""

import re

_DEEPEST = 250
"""Blocks within each other. Building a tree takes time with the square of that; browsers stop at 512."""

_SINGLE = re.compile(r"<([A-Za-z][\w:.-]*)((?:\s[^<>]*)?)/>")
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())  # noqa: SIM905
_DOCTYPE = re.compile("<!DOCTYPE", re.IGNORECASE)
_SUBSET = re.compile(r"<!DOCTYPE[^<>\[]*\[[^\]]*\]\s*>", re.IGNORECASE)
_TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<(?:script|style)\b.*?(?:</(?:script|style)|\Z)"
    r"|<(?P<end>/?)(?P<name>address|article|aside|blockquote|center|details|dialog|dir|div|dl|fieldset|figure|footer"
    r"|form|h[1-6]|header|hgroup|main|menu|nav|ol|pre|section|summary|table|ul)\b[^<>]*>?",
    re.DOTALL | re.IGNORECASE,
)


def closed(source: str) -> str:
    """Write elements that XML closes at once (`<title/>`) as HTML needs them, and take out a DTD: it is not obeyed."""

    def whole(match: re.Match[str]) -> str:
        name, rest = match.groups()
        return match[0] if name.lower() in _VOID else f"<{name}{rest}></{name}>"

    first = _DOCTYPE.search(source)
    if first and (declared := _SUBSET.match(source, first.start())):
        source = source[: first.start()] + source[declared.end() :]
    return _SINGLE.sub(whole, source)


def flattened(source: str) -> str:
    """Take out the tags of blocks that are nested too deep, with line breaks in their place."""
    depth = 0

    def limited(match: re.Match[str]) -> str:
        nonlocal depth
        if not match["name"]:
            return match[0]
        if not match["end"]:
            depth += 1
            return match[0] if depth <= _DEEPEST else "<br>"
        depth = max(0, depth - 1)
        return match[0] if depth < _DEEPEST else "<br>"

    return _TAG.sub(limited, source)

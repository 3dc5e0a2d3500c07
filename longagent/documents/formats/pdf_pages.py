"""What becomes of the pages of a PDF once all of them are read: the verdict on those without text."""

from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from itertools import pairwise

from longagent.documents.parsed import Parsed, UnreadableError


def judged(shares: Sequence[Parsed], *, ocr: bool) -> Parsed:
    """Join the shares of a PDF, in order, and say what its pages without text mean.

    Args:
        shares: whose `states` tell why a page has no text: `blank` (nothing is drawn on it), `empty`, `garbled`, or
            `broken`; of one with text it is "".
        ocr: whether OCR reads such pages afterwards.

    Raises:
        UnreadableError: no page has text, and OCR is not to read any.
    """
    parts = tuple(part for share in shares for part in share.parts)
    states = [state for share in shares for state in share.states]
    if not parts:
        raise UnreadableError("has no pages.", "Try to open it in a viewer and save it again.")
    without = {state: {number for number, each in enumerate(states, 1) if each == state} for state in set(states)}
    empty, garbled = without.get("empty", set()), without.get("garbled", set())
    unread = empty | garbled if ocr else set[int]()
    if not any(part.text for part in parts) and not unread:
        raise _no_text(len(parts), garbled=bool(garbled), blank=len(without.get("blank", ())) == len(parts))
    warnings = [
        f"{page_list(numbers)} {'has' if len(numbers) == 1 else 'have'} {what}"
        for numbers, what in (
            (empty - unread, f"no text (scanned images?) and could not be read. {ocr_hint()}"),
            (garbled - unread, f"an unreadable text layer and could not be read. {ocr_hint()}"),
            (without.get("broken", set()), "damaged content and could not be read"),
        )
        if numbers
    ]
    return Parsed(parts, paged=True, warnings=tuple(warnings), unread=tuple(sorted(unread)))


def _no_text(count: int, *, garbled: bool, blank: bool) -> UnreadableError:
    size = "1 page" if count == 1 else f"{count} pages"
    if garbled:
        problem = f"has a text layer that is unreadable ({size}; its fonts don't say which letters they draw)."
        return UnreadableError(problem, ocr_hint())
    if blank:
        return UnreadableError(f"has no text: {size}, all blank.")
    return UnreadableError(f"looks scanned: {size} without text.", ocr_hint())


def ocr_hint() -> str:
    """Say what would read a page without text."""
    if find_spec("rapidocr"):
        return "OCR would read it, but is switched off."
    return "OCR would read it: pip install 'longagent[ocr]'."


def page_list(numbers: Iterable[int]) -> str:
    """Write page numbers for people: `pages 2, 5-7`."""
    ordered = sorted(numbers)
    starts = [ordered[0], *(b for a, b in pairwise(ordered) if b != a + 1)]
    ends = [*(a for a, b in pairwise(ordered) if b != a + 1), ordered[-1]]
    runs = ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in zip(starts, ends, strict=True))
    return f"{'page' if len(ordered) == 1 else 'pages'} {runs}"

"""What the reader of a format makes of a file: plain data, which can cross from one process to another."""

from collections.abc import Iterable
from typing import Any, NamedTuple


class Heading(NamedTuple):
    """A heading of a document: what stands under it reaches to the next one of its level or a higher one."""

    start: int
    """Code point where it stands: in a `Part`, of the part's text; in a `Document`, of the document's."""
    level: int
    """1 is the highest."""
    title: str


class Part(NamedTuple):
    """A page, slide, sheet, chapter or section."""

    text: str
    title: str | None = None
    label: str | None = None
    """What is printed on the page as its number, where the file tells, such as `iv` or `A-3`; of a sheet or table, its
    rows, such as `rows 1-200`."""
    headings: tuple[Heading, ...] = ()
    """In order; their words stand in the text, too."""


class Parsed(NamedTuple):
    """A file as text."""

    parts: tuple[Part, ...]
    paged: bool = False
    """Whether the parts are real pages (slides count as such); else they are sections."""
    warnings: tuple[str, ...] = ()
    """What people should know, such as pages that could not be read; without the file's name."""
    unread: tuple[int, ...] = ()
    """Parts, counted from 1, that OCR is to read; only where `Options.ocr` asks for it."""
    format: str = ""
    """Which it turned out to be, where the bytes do not tell, as they are encrypted."""
    states: tuple[str, ...] = ()
    """Of a share of a PDF, for each part: why it has no text."""


def checked(fields: Iterable[Any]) -> Parsed:
    """Return a file as text from the fields of `Parsed` as plain JSON, as another process or the disk gave them.

    Raises:
        TypeError: something is of another type than it should be.
        ValueError: something has too many parts, or too few.
    """
    parts, paged, warnings, unread, form, states = fields
    read = tuple(
        Part(
            _text(text),
            None if title is None else _text(title),
            None if label is None else _text(label),
            tuple(Heading(int(start), int(level), _text(name)) for start, level, name in headings),
        )
        for text, title, label, headings in parts
    )
    said, state = tuple(map(_text, warnings)), tuple(map(_text, states))
    return Parsed(read, bool(paged), said, tuple(map(int, unread)), _text(form), state)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"not a text: {type(value).__name__}")
    return value


class Options(NamedTuple):
    """What the user wants of readers."""

    password: str | None = None
    ocr: bool = False
    """Whether what has no text of its own is read by OCR afterwards: it is told as `Parsed.unread`, and no error."""
    pages: tuple[int, ...] = ()
    """For OCR: which to read, counted from 1."""
    share: tuple[int, int] = (0, 1)
    """Of a PDF: which share of the pages to read, counted from 0, and into how many shares they are divided."""


USUAL = Options()


class UnreadableError(Exception):
    """A file that cannot be read.

    Args:
        problem: goes on from the file's name, such as `is password-protected.`
        hint: what to do, in a sentence; may be empty.
    """

    def __init__(self, problem: str, hint: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.hint = hint


class LockedError(UnreadableError):
    """A file that is encrypted, with the password missing or wrong."""

    def __init__(self, *, given: bool) -> None:
        if given:
            super().__init__("is password-protected, and the password is wrong.", "Check it.")
        else:
            super().__init__("is password-protected.", "Give its password: --password, or password= in Python.")

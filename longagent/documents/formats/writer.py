"""Writes text bit by bit, with white space as a browser would show it, and notes where headings stand."""

from longagent.documents.formats.text import clean
from longagent.documents.parsed import Heading

_GAPS = ("", " ", "\n", "\n\n")


class Writer:
    """A text in the making. What separates two bits is only written when the second one comes."""

    __slots__ = ("_gap", "_heading", "_length", "_level", "_mark", "_pieces", "headings")

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self._gap = 0
        self._mark = ""
        self._level: int | None = None
        self._heading: tuple[int, int] | None = None
        self.headings: list[Heading] = []

    @property
    def text(self) -> str:
        """All that was written."""
        return "".join(self._pieces)

    def __len__(self) -> int:
        return self._length

    @property
    def last(self) -> str:
        """The last character, if the next word is to follow on it."""
        return self._pieces[-1][-1:] if self._pieces and not self._gap and not self._mark else ""

    def has_just(self, text: str) -> bool:
        """Whether a text was the last bit that was written."""
        return bool(self._pieces) and self._pieces[-1] == text

    def words(self, text: str) -> None:
        """Write words of running text; runs of white space in it count as one space."""
        words = text.split()
        if not words:
            self._gap = max(self._gap, 1) if text else self._gap
            return
        if text[0].isspace():
            self._gap = max(self._gap, 1)
        joined = " ".join(words)
        # Soft hyphens say where a word may be broken; in a quote nobody would type them.
        self._put(joined if joined.isprintable() else clean(joined).replace("\u00ad", ""))
        self._gap = int(text[-1].isspace())

    def verbatim(self, text: str) -> None:
        """Write text whose white space counts."""
        if text:
            self._put(clean(text))
            self._gap = 0

    def line(self) -> None:
        """Begin a new line; twice in a row, a paragraph."""
        self._gap = 3 if self._gap >= 2 else 2

    def block(self, *, close: bool = False) -> None:
        """Begin a paragraph, or, if `close`, what stands right below the one before it."""
        if not self._mark:
            self._gap = max(self._gap, 2 if close else 3)

    def item(self, mark: str) -> None:
        """Begin an item of a list with its mark."""
        self._gap = max(self._gap, 2)
        self._mark = mark

    def end_item(self) -> None:
        """End an item, which may have been empty."""
        self._mark, self._gap = "", 2

    def begin_heading(self, level: int) -> None:
        """Say that the words to come are a heading; one within another ends that."""
        self.end_heading()
        self._level, self._heading = level, None

    def end_heading(self) -> None:
        """Say that the heading ends here."""
        if self._level is not None and self._heading is not None:
            start, piece = self._heading
            title = " ".join("".join(self._pieces[piece:]).split())
            self.headings.append(Heading(start, self._level, title))
        self._level = self._heading = None

    def append(self, other: "Writer") -> None:
        """Write what another one has written."""
        if not len(other):
            return
        if other.headings:
            self.end_heading()
        self._put(other.text)
        start = self._length - other._length
        self.headings += [heading._replace(start=start + heading.start) for heading in other.headings]

    def _put(self, text: str) -> None:
        before = (_GAPS[self._gap] if self._length else "") + self._mark
        self._gap, self._mark = 0, ""
        self._pieces += [before, text] if before else [text]
        self._length += len(before) + len(text)
        if self._level is not None and self._heading is None:
            self._heading = self._length - len(text), len(self._pieces) - 1

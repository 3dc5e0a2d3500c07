"""What was made of a document before, kept for the next time: its text, and where it was cut."""

from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from re import match
from typing import Any, Protocol

from longagent.documents.chunking import Piece
from longagent.documents.document import Document
from longagent.documents.parsed import Options, Parsed, checked


class Kept(Protocol):
    """Keeps plain JSON by key, for other processes too; it never fails, but may forget."""

    async def get(self, key: bytes) -> dict[str, Any] | None:
        """Return the record last put under this key, or `None`."""
        ...

    async def put(self, key: bytes, record: Mapping[str, Any]) -> None:
        """Keep a record, if it is worth it."""
        ...


@cache
def made_by() -> str:
    """Return what stands for the code that reads and cuts: a hash of it, and of the libraries it may use.

    No version number that somebody would have to think of: a text that another reader made would give citations that
    point to the wrong places. Slow the first time (some 20 ms).
    """
    state = sha256()
    for file in sorted(Path(__file__).parent.rglob("*.py")):
        state.update(file.read_bytes())
    for name in ("longagent", *_libraries()):
        try:
            state.update(f"{name} {version(name)}\n".encode())
        except PackageNotFoundError:
            continue
    return state.hexdigest()


def _libraries() -> list[str]:
    try:
        needed = requires("longagent") or []
    except PackageNotFoundError:
        return []
    return sorted({found.group() for line in needed if (found := match(r"[\w.-]+", line))})


def document_key(hash_: str, form: str, options: Options) -> bytes:
    """Return what stands for a file's content, what it was taken for, and how it was to be read."""
    wanted = options._replace(password=None)
    return sha256(repr(("document", made_by(), hash_, form, wanted)).encode()).digest()


def cut_key(document: Document, *, tokens: int, fill: float) -> bytes:
    """Return what stands for all that decides where a document is cut. Slow for a long one: its text is hashed."""
    state = sha256(document.text.encode("utf-8", "surrogatepass"))
    state.update(repr(([(page.start, page.end) for page in document.pages], document.headings)).encode())
    return sha256(repr(("cut", made_by(), state.hexdigest(), tokens, fill)).encode()).digest()


def parsed_record(parsed: Parsed) -> dict[str, Any]:
    """Return a file's text as plain JSON."""
    return parsed._asdict()


def parsed_from(record: Mapping[str, Any]) -> Parsed | None:
    """Return the text that a record holds; `None` where it is not as it should be."""
    try:
        return checked(record[field] for field in Parsed._fields)
    except (KeyError, TypeError, ValueError):
        return None


def cut_record(pieces: Sequence[Piece]) -> dict[str, Any]:
    """Return where a document was cut as plain JSON."""
    return {"pieces": pieces}


def cut_from(record: Mapping[str, Any], document: Document) -> list[Piece] | None:
    """Return the pieces that a record holds; `None` where they are none of this document."""
    try:
        pieces = [Piece(int(start), int(end), int(tokens)) for start, end, tokens in record["pieces"]]
    except (KeyError, TypeError, ValueError):
        return None
    position = 0
    for piece in pieces:
        if not position <= piece.start < piece.end <= len(document.text):
            return None
        position = piece.end
    return pieces

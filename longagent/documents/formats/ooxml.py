"""Packages of Word, PowerPoint and Excel: a zip of XML parts that refer to each other, and what may be wrong with one.

Their XML is read as it stands, not by python-docx, python-pptx or openpyxl: those write files well, but pass over text
boxes, notes, comments, insertions and list numbers, refuse files in strict mode, and bring 20 MB of lxml.
"""

import posixpath
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import IO, NamedTuple
from xml.etree.ElementTree import Element, ParseError, iterparse, parse
from xml.parsers.expat import ExpatError, ParserCreate
from zipfile import BadZipFile, ZipFile, ZipInfo
from zlib import error as ZlibError  # noqa: N812

from longagent.documents.parsed import UnreadableError

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"

_STRICT = b"http://purl.oclc.org/ooxml/"
_SAME = (
    (b"officeDocument/relationships", b"officeDocument/2006/relationships"),
    (b"officeDocument/math", b"officeDocument/2006/math"),
    (b"wordprocessingml/main", b"wordprocessingml/2006/main"),
    (b"presentationml/main", b"presentationml/2006/main"),
    (b"spreadsheetml/main", b"spreadsheetml/2006/main"),
    (b"drawingml/", b"drawingml/2006/"),
)
"""Namespaces of strict mode and their usual names."""

_LARGEST = 192 * 1024 * 1024
"""Bytes of a part that is held as a whole."""
_LONGEST = 2 * 1024 * 1024 * 1024
"""Bytes of XML read from one file."""
_RATIO = 250
"""Real parts shrink to a tenth, sheets of zeros to a hundredth; made-up ones to a thousandth."""
_SMALL = 8 * 1024 * 1024
"""Bytes that may be packed however tightly."""

_SAVE = "Try to open it in its program and save it again."

_BROKEN = (
    BadZipFile,
    ZlibError,
    EOFError,
    OSError,
    NotImplementedError,
    ParseError,
    ExpatError,
    ValueError,
    OverflowError,
    LookupError,
)
"""What the libraries raise, and numbers that are too large; the last for encodings that nobody knows."""


class Relation(NamedTuple):
    """What one part says about another: the last word of the relation's type, and the other's name."""

    kind: str
    target: str


class Package:
    """An Office file. Nothing of it is written to disk, and nothing outside of it is ever opened.

    Raises:
        UnreadableError: it is no whole zip; so do all methods, for parts that are broken, or made to fill the memory.
    """

    def __init__(self, data: bytes) -> None:
        with told("is damaged or incomplete: it is not a whole Office file."):
            self._zip = ZipFile(BytesIO(data))
        # Names differ in case between the parts and the references to them, and some writers use backslashes.
        self._members = {_key(info.filename): info for info in reversed(self._zip.infolist())}
        self._opened: set[str] = set()
        self._left = _LONGEST

    def __contains__(self, name: str) -> bool:
        return _key(name) in self._members

    def main(self, usual: str) -> str:
        """Return the name of the part that everything hangs on.

        Args:
            usual: its name when the file does not tell.

        Raises:
            UnreadableError: there is none.
        """
        found = [relation.target for relation in self.relations("").values() if relation.kind == "officeDocument"]
        for name in [*found, usual]:
            if name in self:
                return name
        raise UnreadableError(f"is damaged or incomplete: it has no {usual}.", _SAVE)

    def relations(self, part: str) -> dict[str, Relation]:
        """Return what a part refers to within the file, by id; links to the outside are left out."""
        folder, name = posixpath.split(part)
        listing = posixpath.join(folder, "_rels", f"{name}.rels")
        if listing not in self:
            return {}
        found: dict[str, Relation] = {}
        for item in self.xml(listing):
            if item.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/", folder, item.get("Target", ""))).lstrip("/")
                found[item.get("Id", "")] = Relation(posixpath.basename(item.get("Type", "")), target)
        return found

    def related(self, part: str, kind: str) -> list[str]:
        """Return the parts of a kind that a part refers to and that are there."""
        return [other.target for other in self.relations(part).values() if other.kind == kind and other.target in self]

    def size(self, name: str) -> int:
        """Return how many bytes a part says it has."""
        return self._member(name).file_size

    def read(self, name: str) -> bytes:
        """Return a part as it stands."""
        info = self._member(name)
        if info.file_size > _LARGEST:
            raise _too_large(name, info)
        with told(f"is damaged: {name} cannot be unpacked."):
            return self._zip.read(info)

    def xml(self, name: str) -> Element:
        """Parse a part."""
        refuse_entities(self.open(name), name)
        with told(f"is damaged: {name} is not readable XML."), self.open(name) as stream:
            return parse(stream).getroot()  # noqa: S314 - without declarations XML is harmless

    def elements(self, name: str, *, depth: int) -> Iterator[Element]:
        """Yield the elements that lie so deep (the root lies at 0); each is gone once the next is asked for."""
        refuse_entities(self.open(name), name)
        above: list[Element] = []
        level = 0
        with told(f"is damaged: {name} is not readable XML."), self.open(name) as stream:
            for event, element in iterparse(stream, ("start", "end")):  # noqa: S314
                if event == "start":
                    if level < depth:
                        above.append(element)
                    level += 1
                    continue
                level -= 1
                if level == depth:
                    yield element
                    above[-1].remove(element)
                elif level < depth:
                    above.pop()

    def open(self, name: str) -> IO[bytes]:
        """Open a part for reading piece by piece."""
        info = self._member(name)
        with told(f"is damaged: {name} cannot be unpacked."):
            with self._zip.open(info) as stream:
                strict = _STRICT in stream.read(4096)
            return BytesIO(_usual_names(self.read(name))) if strict else self._zip.open(info)

    def _member(self, name: str) -> ZipInfo:
        info = self._members.get(_key(name))
        if info is None:
            raise UnreadableError(f"is damaged or incomplete: it has no {name}.", _SAVE)
        if info.flag_bits & 1:
            raise UnreadableError("is a password-protected zip archive.", "Unpack it first.")
        if info.filename not in self._opened:
            self._opened.add(info.filename)
            self._left -= info.file_size
        packed = max(1, info.compress_size)
        if self._left < 0 or (info.file_size > _SMALL and info.file_size / packed > _RATIO):
            raise _too_large(name, info)
        return info


def refuse_entities(stream: IO[bytes], name: str) -> None:
    """Refuse XML that declares a document type: no Office program writes one, and entities live only there.

    Raises:
        UnreadableError: it does, or what comes before its first element is not XML.
    """
    done = False

    def refuse(*_: object) -> None:
        problem = f"declares XML entities (in {name}), which no Office program does."
        raise UnreadableError(problem, "It may be made to do harm.")

    def stop(*_: object) -> None:
        nonlocal done
        done = True

    parser = ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = stop
    with stream, told(f"is damaged: {name} is not readable XML."):
        while not done and (piece := stream.read(1024)):
            parser.Parse(piece)


@contextmanager
def told(problem: str) -> Iterator[None]:
    """Turn what zip and XML libraries raise, and numbers that are none, into one sentence for people."""
    try:
        yield
    except RecursionError as error:
        raise UnreadableError("is nested too deeply to be read.", _SAVE) from error
    except _BROKEN as error:
        raise UnreadableError(problem, _SAVE) from error


def _usual_names(data: bytes) -> bytes:
    for strict, usual in _SAME:
        data = data.replace(_STRICT + strict, b"http://schemas.openxmlformats.org/" + usual)
    return data


def _key(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()


def _too_large(name: str, info: ZipInfo) -> UnreadableError:
    sizes = f"{info.file_size / 1e6:,.0f} MB in {info.compress_size / 1e6:,.1f} MB"
    return UnreadableError(f"unpacks to too much: {name} holds {sizes}.", "Split it, or save it again.")

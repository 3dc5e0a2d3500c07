"""From a path, folder or pattern to files, and from a file to its bytes, with an error for people at every turn."""

import os
import re
import stat
from collections.abc import Iterator
from difflib import get_close_matches
from errno import EINVAL, ENAMETOOLONG, ENOENT, ENOTDIR
from glob import escape, glob
from os.path import realpath
from pathlib import Path
from typing import NamedTuple

from longagent.documents.archives import OLE
from longagent.documents.folders import is_document, is_litter, is_skipped, walk
from longagent.documents.sniff import sniff
from longagent.errors import SourceError, UsageError

LARGEST = 2 * 1024**3
"""Bytes; larger files are refused."""
_LARGE = 16 * 1024**2
"""Bytes beyond which the beginning must look like a document before the rest is read (folders hold films, too)."""

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://|file:|mailto:|www\.", re.IGNORECASE)


class File(NamedTuple):
    """A file to read."""

    path: Path
    name: str
    """As the user gave it; in a folder, the folder as given and the relative path."""
    sweep: str | None = None
    """The folder or pattern it was found by, if it was not named itself."""
    walked: bool = False
    """Whether that is a folder."""


class OtherKindError(SourceError):
    """A file in a folder that nobody would take for a document."""


def find(source: str) -> list[File]:
    """Return the files that a path, a folder (with all below it) or a pattern stands for.

    Raises:
        SourceError: there is no such file, or nothing that can be read in the folder.
        UsageError: it is a URL.
    """
    found = status(source)
    if found is None:
        return _match(source)
    if not stat.S_ISDIR(found.st_mode):
        return [File(Path(source), label(source))]
    files = [File(path, label(path), source, walked=True) for path in walk(source)]
    if not files:
        raise SourceError(source, "no documents in this folder.")
    return files


def status(source: str) -> os.stat_result | None:
    """Return what the system knows of a path, `None` if it does not exist (or cannot, as a name)."""
    try:
        return os.stat(source)  # noqa: PTH116 - Path would make "" the current folder
    except ValueError:  # a NUL in the name
        return None
    except OSError as error:
        if error.errno in {ENOENT, ENOTDIR, ENAMETOOLONG, EINVAL}:  # EINVAL: Windows, for a pattern or text
            return None
        raise SourceError(source, f"cannot be read: {_reason(error)}.") from error


def read_file(file: File) -> bytes:
    """Return the content of a file.

    Raises:
        SourceError: it is not a regular file, too large, not allowed to be read, or (if found in a folder) surely
            not a document.
    """
    name = file.name
    if file.walked:
        _check_walked(file)
    try:
        # Opening a pipe or a device could wait forever, so look first.
        found = file.path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise SourceError(name, "is not a regular file.", hint="To read from a pipe, pass - and pipe into it.")
        if found.st_size > LARGEST:
            raise SourceError(name, "is larger than 2 GiB, which is too large to read.", hint="Split it.")
        with file.path.open("rb") as stream:
            head = stream.read(_LARGE)
            # Of archives, the end may be needed to tell.
            if len(head) == _LARGE and not head.startswith((b"PK\x03\x04", OLE)):
                sniff(head, name=name)
            return head + stream.read(LARGEST)
    except OSError as error:
        raise SourceError(name, f"cannot be read: {_reason(error)}.") from error


def _check_walked(file: File) -> None:
    if not is_document(file.path):
        raise OtherKindError(file.name, "is not of a kind that is read from folders.", hint="Name it to read it.")
    # Whoever made the folder could otherwise have any file of the user read, and quoted to a model.
    if file.path.is_symlink() and not Path(realpath(file.path)).is_relative_to(realpath(file.sweep or ".")):
        raise SourceError(file.name, "is a link that leads out of the folder.", hint="Name it to read it.")


def label(path: str | Path) -> str:
    """Return a path as text that can be printed: file names may be bytes that are not Unicode."""
    return str(path).encode("utf-8", "replace").decode()


def _match(source: str) -> list[File]:
    if _URL.match(source):
        raise UsageError(f"{source}: URLs are not fetched.", hint="Download the file first and pass its path.")
    if not _is_pattern(source) or "\0" in source:
        raise _missing(source)
    matches = sorted(set(map(Path, _matches(Path(source)))))
    named = Path(source).parts
    files = [File(path, label(path), source) for path in matches if _is_meant(path, named) and not path.is_dir()]
    if not files:
        raise SourceError(source, "no documents match this pattern.", hint="Check its spelling and the folder.")
    return files


def _matches(pattern: Path) -> Iterator[str]:
    """Yield what matches a pattern. As `glob` does, but `**` follows no links, two of which can lead round forever."""
    if "**" not in pattern.parts:
        yield from glob(str(pattern))  # noqa: PTH207 - `Path.glob` needs a folder to begin in
        return
    place = pattern.parts.index("**")
    rest = pattern.parts[place + 1 :] or ("*",)
    for top in glob(str(Path(*pattern.parts[:place]))):  # noqa: PTH207
        for folder, folders, _ in os.walk(top):
            folders[:] = [name for name in folders if name[0] != "."]
            yield from _matches(Path(escape(folder), *rest))


def _is_meant(path: Path, named: tuple[str, ...]) -> bool:
    return not is_litter(path.name) and not any(is_skipped(part) and part not in named for part in path.parts)


def _is_pattern(source: str) -> bool:
    return any(character in source for character in "*?[")


def _missing(source: str) -> SourceError:
    path = Path(source)
    hint = ""
    try:
        close = get_close_matches(path.name, os.listdir(path.parent), 1)  # noqa: PTH208 - names are all we need
    except (OSError, ValueError):
        close = []
    if close:
        hint = f"Did you mean {str(path.with_name(close[0]))!r}?"
    elif " " in source:
        hint = "To ask about a text itself, pass Document.from_text(text), or pipe it in and pass -."
    return SourceError(label(source), "no such file or folder.", hint=hint)


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()

"""Tells by what lies in a zip archive, or in the container of old Office files, which program's file it is."""

from collections.abc import Iterator
from itertools import islice
from typing import Literal

OfficeFormat = Literal["docx", "pptx", "xlsx"]

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How files of Office before 2007 begin, and encrypted ones of today."""

_FOLDERS: tuple[tuple[str, OfficeFormat], ...] = (("word/", "docx"), ("ppt/", "pptx"), ("xl/", "xlsx"))
_SUFFIXES: dict[str, OfficeFormat] = {
    **dict.fromkeys((".docx", ".docm", ".dotx", ".dotm"), "docx"),
    **dict.fromkeys((".pptx", ".pptm", ".ppsx", ".ppsm", ".potx", ".potm"), "pptx"),
    **dict.fromkeys((".xlsx", ".xlsm", ".xltx", ".xltm"), "xlsx"),
}
_OPEN_DOCUMENT = b"mimetypeapplication/vnd.oasis.opendocument"
_OLD = (
    ("WordDocument", "an old Word document (.doc)", ".docx"),
    ("PowerPoint Document", "an old PowerPoint presentation (.ppt)", ".pptx"),
    ("__substg1.0_", "an Outlook message (.msg)", ".eml"),
    ("Workbook", "an old Excel workbook (.xls)", ".xlsx"),
    ("Book", "an old Excel workbook (.xls)", ".xlsx"),
)
"""Names of streams in the container, and what to save such a file as."""
_MOST_MEMBERS = 10_000
_LONGEST_NAME = 512
_LONGEST_END = 22 + 65535
"""Bytes of what ends an archive, with the comment that may follow it."""


def office_format(data: bytes, suffix: str = "") -> OfficeFormat | None:
    """Return which Office program wrote a zip archive, `None` if none did.

    Args:
        data: the archive; it may be cut off.
        suffix: of the file's name, which decides where the content is too damaged to tell.
    """
    members = list(_members(data))
    if members and "[content_types].xml" not in members:
        return None
    if "xl/workbook.bin" in members:
        return None
    for folder, form in _FOLDERS:
        if any(member.startswith(folder) for member in members):
            return form
    return _SUFFIXES.get(suffix)


def other_archive(data: bytes) -> str:
    """Return what a zip archive is that no reader takes, for people."""
    members = list(_members(data))
    if _OPEN_DOCUMENT in data[:200]:
        return "an OpenDocument file (odt, ods or odp)"
    if "xl/workbook.bin" in members:
        return "a binary Excel workbook (xlsb)"
    if any(member.endswith(".iwa") for member in members):
        return "an Apple iWork file (Pages, Numbers or Keynote)"
    return "a zip archive"


def is_locked(data: bytes) -> bool:
    """Whether a container of the old format holds an encrypted file of today's."""
    return data.startswith(OLE) and "EncryptedPackage".encode("utf-16-le") in data


def old_office(data: bytes) -> tuple[str, str]:
    """Return what a container of the old format is, for people, and what to save it as."""
    for stream, what, save_as in _OLD:
        if stream.encode("utf-16-le") in data:
            return what, save_as
    return "an old Office file", ".docx, .pptx or .xlsx"


def _members(data: bytes) -> Iterator[str]:
    """Yield the names of what an archive holds, in lower case; from the beginnings of the members if it is cut off."""
    names = list(islice(_listed_names(data), _MOST_MEMBERS)) or islice(_local_names(data), _MOST_MEMBERS)
    yield from (name.decode("utf-8", "replace").replace("\\", "/").lower() for name in names)


def _listed_names(data: bytes) -> Iterator[bytes]:
    """Yield the names in the list at the end of an archive; none if it is not where the archive says.

    By hand, since this is the user's own process: `zipfile` makes objects of all entries, and there may be millions.
    """
    end = data.rfind(b"PK\x05\x06", max(0, len(data) - _LONGEST_END))
    if end < 0:
        return
    # What stands before the archive, or is missing from it, moves the list, but not from its end.
    start = end - _number(data, end + 12, 4)
    while start >= 0 and data.startswith(b"PK\x01\x02", start):
        length, extra, comment = (_number(data, start + at, 2) for at in (28, 30, 32))
        yield data[start + 46 : start + 46 + min(length, _LONGEST_NAME)]
        start += 46 + length + extra + comment


def _local_names(data: bytes) -> Iterator[bytes]:
    start = data.find(b"PK\x03\x04")
    while start >= 0:
        yield data[start + 30 : start + 30 + min(_number(data, start + 26, 2), _LONGEST_NAME)]
        start = data.find(b"PK\x03\x04", start + 30)


def _number(data: bytes, start: int, size: int) -> int:
    return int.from_bytes(data[start : start + size], "little")

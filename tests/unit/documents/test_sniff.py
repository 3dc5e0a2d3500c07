import io
import struct
import time
import zipfile

import pytest
from support.office import package, zipped

from longagent.documents.archives import OLE
from longagent.documents.sniff import sniff
from longagent.errors import SourceError


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        (b"%PDF-1.7 ...", "a.txt", "pdf"),
        (b"HTTP/1.1 200 OK\r\n\r\n%PDF-1.7\n1 0 obj endobj", "a.pdf", "pdf"),
        (b"A PDF starts with %PDF-1.7, says the standard.", "a.txt", "text"),
        (b"# Title", "README.MD", "markdown"),
        (package("word/document.xml", {"word/document.xml": "<w/>"}), "a.zip", "docx"),
        (package("ppt/presentation.xml", {"ppt/presentation.xml": "<p/>"}), "a.docx", "pptx"),
        (package("xl/workbook.xml", {"XL\\workbook.xml": "<x/>"}), "a", "xlsx"),
        (package("word/document.xml", {"word/document.xml": "<w/>"})[:-40], "a.bin", "docx"),
        (zipped({"[Content_Types].xml": "<Types/>"}), "a.xlsm", "xlsx"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "a.xlsx", "locked"),
        (b"a,b\n1,2", "a.CSV", "csv"),
        (b"a\tb", "a.tsv", "csv"),
        (b"a,b\n1,2", "a.txt", "text"),
        (b"# Title", "notes.txt", "text"),
        (b"Use <html> for pages.", "a.txt", "text"),
        ("tekst bez znacznika".encode("utf-16-le"), "a.txt", "text"),
        (b"<!-- x --><!DOCTYPE HTML><p>", "a.txt", "html"),
        ("<html>".encode("utf-16"), "a.txt", "html"),
        (b"<p>of a page", "page.htm", "html"),
        (b"<p>from a pipe", "standard input", "html"),
        (b"<p align=center>Logo</p>\n# Title", "README.md", "markdown"),
        (b'<?xml version="1.0"?><data/>', "a.xml", "text"),
        (b"PK\x03\x04....mimetypeapplication/epub+zip", "a", "epub"),
        (b"From: a@b.c\nSubject: x\n\nHello", "a.eml", "email"),
        (b"Received: by x;\n with y\nFrom: a@b.c\n\nHello", "a.txt", "email"),
        (b"From a@b.c Mon Jan  1 10:00:00 2024\nFrom: a@b.c\n\nHello", "inbox", "email"),
        (b"From: the board\nTo: all\nSubject: lunch\n\nHello", "memo.txt", "text"),
        (b"From here on 10:30 was the time.\nSo: it is text.", "a.txt", "text"),
        (b"padded\x00\x00\x00\x00\x00\x00\x00\x00\x00", "a.txt", "text"),
    ],
)
def test_formats(data: bytes, name: str, expected: str) -> None:
    assert sniff(data, name=name) == expected


@pytest.mark.parametrize(
    ("data", "name", "cause"),
    [
        (b"", "a.pdf", "empty"),
        (b" \r\n\t", "a.txt", "empty"),
        (b"\x00" * 50, "a.txt", "empty"),
        (zipped({"a.txt": "a"}), "a.zip", "zip archive"),
        (zipped({"word/notes.txt": "a"}), "a.zip", "zip archive"),
        (b"PK\x03\x04....", "a.zip", "zip archive"),
        (zipped({"mimetype": "application/vnd.oasis.opendocument.text"}), "a.odt", "OpenDocument"),
        (zipped({"[Content_Types].xml": "", "xl/workbook.bin": ""}), "a.xlsb", "binary Excel"),
        (zipped({"Index/Document.iwa": ""}), "a.pages", "iWork"),
        (OLE + "WordDocument".encode("utf-16-le"), "a.doc", "old Word document (.doc), which is not supported"),
        (OLE + "Workbook".encode("utf-16-le"), "a", "Save it as .xlsx first."),
        (OLE, "a.doc", "old Office file"),
        (b"\x89PNG\r\n\x1a\n..", "a.pdf", "PNG"),
        (b"<!doctype html><h1>Not Found</h1>", "report.pdf", "is named .pdf but is a web page"),
        (b"{\\rtf1 text}", "a.rtf", "Rich Text"),
        (b"just text", "a.pdf", "not a PDF"),
        (bytes(range(256)) * 20, "a.txt", "binary"),
    ],
)
def test_refusals_name_the_file_and_the_cause(data: bytes, name: str, cause: str) -> None:
    with pytest.raises(SourceError) as caught:
        sniff(data, name=name)
    assert str(caught.value).startswith(f"{name}: ")
    assert cause in str(caught.value)


def test_a_row_of_comments_takes_no_time() -> None:
    begun = time.perf_counter()
    assert sniff(b"<!---->" * 200 + b"no page", name="a.txt") == "text"
    assert time.perf_counter() - begun < 1


def test_what_follows_a_long_text_may_be_binary() -> None:
    with pytest.raises(SourceError, match="binary data"):
        sniff(b"words " * 1000 + b"\x01" * 1000, name="a.txt")


def test_an_archive_of_very_many_files_is_looked_through_at_once() -> None:
    entry = struct.pack("<4s24xH16x", b"PK\x01\x02", 1) + b"a"
    listing = entry * 500_000
    end = struct.pack("<4s8xIIH", b"PK\x05\x06", len(listing), 4, 0)
    begun = time.perf_counter()
    with pytest.raises(SourceError, match="a zip archive"):
        sniff(b"PK\x03\x04" + listing + end, name="a.zip")
    assert time.perf_counter() - begun < 1


@pytest.mark.parametrize("around", [(b"", b""), (b"PK\x03\x04 stands before it", b""), (b"", b"a comment")])
def test_what_lies_packed_in_an_archive_says_nothing_of_it(around: tuple[bytes, bytes]) -> None:
    before, comment = around
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:  # not compressed, so that the names within can be seen
        archive.writestr("inner.docx", package("word/document.xml", {"word/document.xml": "<w/>"}))
        archive.comment = comment
    with pytest.raises(SourceError, match="a zip archive"):
        sniff(before + data.getvalue(), name="a.zip")

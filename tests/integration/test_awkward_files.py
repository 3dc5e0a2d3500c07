"""Files that cannot be read say so in one sentence; those that can be recovered are."""

import asyncio
from hashlib import md5
from pathlib import Path

import pytest

from longagent.documents import Document, load
from longagent.errors import SourceError

FILES = Path(__file__).parents[1] / "files"


def read(source: Path | bytes) -> Document:
    # Without OCR, whether or not it is installed.
    (document,) = asyncio.run(load([source], ocr=False)).documents
    return document


def pdf(content: bytes, *, pages: int = 1) -> bytes:
    """Write a PDF whose pages all draw the same."""
    kids = " ".join(f"{4 + number} 0 R" for number in range(pages))
    resources = b"/Resources << /Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 3 0 R %s >>" % resources
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>".encode(),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        *[page] * pages,
    ]
    out, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    xref = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return bytes(out + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, xref))


def rc4(key: bytes, data: bytes) -> bytes:
    state, j, out = list(range(256)), 0, bytearray()
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    i = j = 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)


def restricted(content: bytes) -> bytes:
    """Write a PDF that only forbids copying: encrypted, with an empty password for those who read it."""
    padding = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")
    key = md5(padding + bytes(32) + b"\x00" * 4 + b"id", usedforsecurity=False).digest()[:5]
    encrypted = rc4(md5(key + b"\3\0\0\0\0", usedforsecurity=False).digest()[:10], content)
    encryption = b"/ID [<6964> <6964>] /Encrypt << /Filter /Standard /V 1 /R 2 /P 0 /O <%s> /U <%s> >>"
    trailer = encryption % (b"00" * 32, rc4(key, padding).hex().encode())
    return pdf(encrypted).replace(b"/Root 1 0 R", b"/Root 1 0 R " + trailer)


TEXT = b"BT /F 12 Tf 20 100 Td (The harbour is old.) Tj ET"
SCAN = b"100 0 0 100 0 0 cm BI /W 2 /H 2 /BPC 8 /CS /G ID \x00\xff\xff\x00 EI"


@pytest.mark.parametrize(
    ("name", "problem"),
    [("encrypted.pdf", "password"), ("five_bytes.pdf", "is not a PDF"), ("no_pages.pdf", "not a readable PDF")],
)
def test_unreadable_pdfs_say_why(name: str, problem: str) -> None:
    with pytest.raises(SourceError, match=problem) as error:
        read(FILES / name)
    assert name in str(error.value)


def test_a_broken_pdf_is_recovered_where_it_can_be() -> None:
    assert "Hello, world!" in read(FILES / "bad_xref.pdf").text


def test_a_scan_is_recognised() -> None:
    with pytest.raises(SourceError, match="looks scanned: 3 pages"):
        read(pdf(SCAN, pages=3))


def test_blank_pages_are_not_a_scan() -> None:
    with pytest.raises(SourceError, match="2 pages, all blank"):
        read(pdf(b"", pages=2))


def test_a_real_page_is_read_and_half_a_file_is_not_answered_from() -> None:
    whole = pdf(TEXT)
    assert read(whole).text == "The harbour is old."
    with pytest.raises(SourceError):
        read(whole[: len(whole) // 3])


def test_one_bad_file_does_not_cost_the_others() -> None:
    loaded = asyncio.run(load([FILES / "encrypted.pdf", pdf(TEXT)]))
    assert [document.text for document in loaded.documents] == ["The harbour is old."]
    assert any("encrypted.pdf" in warning for warning in loaded.warnings)


@pytest.mark.parametrize("password", [None, "of another file"])
def test_a_password_for_others_shuts_no_file_that_opens_without(password: str | None) -> None:
    (document,) = asyncio.run(load([restricted(TEXT)], ocr=False, password=password)).documents
    assert document.text == "The harbour is old."


def test_a_wrong_password_is_told() -> None:
    with pytest.raises(SourceError, match="the password is wrong"):
        asyncio.run(load([FILES / "encrypted.pdf"], password="of another file"))

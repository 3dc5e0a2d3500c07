import base64
import time
from email.message import EmailMessage
from io import BytesIO

import pytest

from longagent.documents.formats import email
from longagent.documents.parsed import Options, UnreadableError


@pytest.fixture
def mail() -> EmailMessage:
    made = EmailMessage()
    made["From"] = "Jörg Müller <j@x.de>"
    made["To"] = "a@b.c"
    made["X-Mailer"] = "none"
    made["Date"] = "Mon, 01 Jan 2024 10:00:00 +0000"
    made["Subject"] = "Budget für 東京"
    made.set_content("Die Kosten wären 3 €.\n", charset="utf-8", cte="quoted-printable")
    return made


HEAD = "From: Jörg Müller <j@x.de>\nTo: a@b.c\nDate: Mon, 01 Jan 2024 10:00:00 +0000\nSubject: Budget für 東京"


def test_the_headers_people_read_come_first(mail: EmailMessage) -> None:
    (part,) = email.read(mail.as_bytes()).parts
    assert part.text == f"{HEAD}\n\nDie Kosten wären 3 €."
    assert part.title == "Budget für 東京"


def test_plain_text_is_preferred_and_html_read_as_a_page(mail: EmailMessage) -> None:
    mail.add_alternative("<style>x{}</style><p>Kosten <b>in HTML</b>", subtype="html")
    (part,) = email.read(mail.as_bytes()).parts
    assert "wären 3 €" in part.text
    assert "HTML" not in part.text
    mail.clear_content()
    mail.set_content("<p>Kosten <b>in</b> HTML", subtype="html")
    assert email.read(mail.as_bytes()).parts[0].text == f"{HEAD}\n\nKosten in HTML"


def test_attachments_are_named_and_read(mail: EmailMessage) -> None:
    mail.add_attachment("# Plan\n\nBuild it.\n", subtype="markdown", filename="plän.md")
    mail.add_attachment(b"\x89PNG\r\n\x1a\n", maintype="image", subtype="png", filename="logo.png")
    mail.add_attachment(b"PK\x03\x04 broken", maintype="application", subtype="epub+zip", filename="book.epub")
    parsed = email.read(mail.as_bytes())
    names = "Attachment: plän.md (text/markdown, 18 bytes)\nAttachment: logo.png (image/png, 8 bytes)\n"
    assert parsed.parts[0].text.endswith(f"3 €.\n\n{names}Attachment: book.epub (application/epub+zip, 11 bytes)")
    assert [(part.title, part.text) for part in parsed.parts[1:]] == [("plän.md: Plan", "# Plan\n\nBuild it.")]
    assert parsed.warnings == ("its attachment book.epub is damaged or incomplete: it is not a whole zip archive",)


def test_forwarded_messages_are_sections(mail: EmailMessage) -> None:
    outer = EmailMessage()
    outer["Subject"] = "Fwd"
    outer.set_content("See below.")
    outer.add_attachment(mail)
    parts = email.read(outer.as_bytes()).parts
    assert [part.title for part in parts] == ["Fwd", "Budget für 東京"]
    assert parts[1].text.startswith(HEAD)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"Subject: =?iso-2022-jp?B?GyRCRWw1fhsoQg==?=", "Subject: 東京"),
        (b"Subject: =?utf-8?q?f=C3=BCr?=\n =?utf-8?q?_alle?= (x)", "Subject: für alle (x)"),
        ("Subject: Größe".encode("cp1252"), "Subject: Größe"),
        (b"Subject: =?nonsense?B?YQ==?=", "Subject: a"),
        (b"Subject: =?utf-8?B?!!?=", "Subject: =?utf-8?B?!!?="),
        (b"Cc: a@b.c,\n\td@e.f\nCc: g@h.i", "Cc: a@b.c, d@e.f, g@h.i"),
    ],
)
def test_headers_are_decoded(header: bytes, expected: str) -> None:
    assert email.read(header + b"\n\nbody").parts[0].text.startswith(expected)


@pytest.mark.parametrize(
    ("fields", "body", "expected"),
    [
        (b"Content-Type: text/plain; charset=koi8-r", "Привет".encode("koi8-r"), "Привет"),
        (b"Content-Type: text/plain; charset=what", b"plain", "plain"),
        (b"Content-Type: text/plain; format=flowed", b"one \ntwo\n-- \nme", "one two\n-- \nme"),
        (b"Content-Type: multipart/mixed; boundary=X", b"no boundary here", "no boundary here"),
        (b"Content-Transfer-Encoding: base64", base64.b64encode("für".encode())[:-1], "für"),
        (b"Content-Transfer-Encoding: base64", b"not base64 at all!", "not base64 at all!"),
    ],
)
def test_bodies_are_read_although_their_headers_are_wrong(fields: bytes, body: bytes, expected: str) -> None:
    text = email.read(b"From: a@b.c\n" + fields + b"\n\n" + body).parts[0].text
    assert text.startswith("From: a@b.c")
    assert expected in text or b"base64" in fields


def test_what_is_attached_to_a_rendering_that_is_not_used_is_not_lost() -> None:
    raw = b"""From: a@b.c
Content-Type: multipart/alternative; boundary=A

--A
Content-Type: text/plain

Plain.
--A
Content-Type: multipart/mixed; boundary=B

--B
Content-Type: text/html

<p>Rich.
--B
Content-Type: text/csv; name=rates.csv

a,b
--B--
--A--
"""
    parts = email.read(raw).parts
    assert parts[0].text == "From: a@b.c\n\nPlain.\n\nAttachment: rates.csv (text/csv, 3 bytes)"
    assert "Rich" not in "".join(part.text for part in parts)


def test_a_mailbox_is_its_messages() -> None:
    raw = (
        b"From x Mon Jan  1 10:00:00 2024\nSubject: one\n\n>From here\n\n"
        b"From y Tue Jan  2 10:00:00 2024\nSubject: two\n\nb\n"
    )
    assert [part.text for part in email.read(raw).parts] == ["Subject: one\n\nFrom here", "Subject: two\n\nb"]
    begun = time.perf_counter()
    assert len(email.read(b"From x " + b"12:34" * 200_000 + b"\nSubject: x\n\n").parts) == 1
    assert time.perf_counter() - begun < 5


def test_endless_nesting_ends() -> None:
    inner = b"Content-Type: message/rfc822\n\n" * 200 + b"Subject: x\n\ndeep"
    assert email.read(b"Subject: top\n" + inner).warnings == ("messages within messages within it were left out",)
    parts = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3000))
    with pytest.raises(UnreadableError, match="parts within parts"):
        email.read(b"Subject: top\n" + parts + b"\ndeep")


def test_control_characters_in_the_kind_of_an_attachment_are_taken_out(mail: EmailMessage) -> None:
    mail.add_attachment(b"data", maintype="application", subtype="x", filename="a.txt")
    raw = mail.as_bytes().replace(b"application/x", b"application/\x1b[2jx")
    assert email.read(raw).parts[0].text.endswith("Attachment: a.txt (application/[2jx, 4 bytes)")


def test_an_attached_scan_is_told(mail: EmailMessage) -> None:
    from pypdfium2 import PdfDocument

    pdf, scan = PdfDocument.new(), BytesIO()
    pdf.new_page(100, 100)
    pdf.save(scan)
    mail.add_attachment(scan.getvalue(), maintype="application", subtype="pdf", filename="scan.pdf")
    parsed = email.read(mail.as_bytes(), Options(ocr=True))
    assert len(parsed.parts) == 1
    assert "its attachment scan.pdf" in parsed.warnings[0]

"""Writes examples/mixed: one small town's papers in ten formats, to ask a folder about.

    pip install python-docx python-pptx openpyxl && python examples/make_mixed.py

The files are part of the repository; run this only to change them.
"""

import csv
import io
import zipfile
from email.message import EmailMessage
from pathlib import Path

FOLDER = Path(__file__).parent / "mixed"

REPORT = [
    [
        "Harbour of Lindvig: annual report",
        "",
        "This report tells what the harbour office did in the past year, and what it leaves undone.",
        "It is written for the council, for the people of Lindvig and for everybody who keeps a boat here.",
        "Figures are those of the harbour master's own books. Where a figure was estimated, the report says so.",
        "The office has four people: the master, two pilots and a clerk. The clerk left in the autumn,",
        "and her place was not filled before the year was over. The office is open on weekdays until three.",
        "The pilots' boat was painted, and a new radio was put into the tower.",
    ],
    [
        "Traffic",
        "",
        "In the past year 1,204 ships called at Lindvig, most of them coasters with timber.",
        "The longest ship was the Aurora, a survey vessel of 96 metres, which stayed for nine days.",
        "Pilots were taken by every third ship. Nobody was hurt, and one anchor was lost and found again.",
        "Yachts came in smaller numbers than before, for the summer was cold and the wind stood in the north.",
        "Fishing boats are counted by the fish market and not by this office.",
    ],
    [
        "Repairs",
        "",
        "The east mole was repaired between March and June, by divers from Bergen and masons from the town.",
        "The repair of the east mole cost 482,000 crowns, which was less than expected.",
        "Two ladders on the timber quay were replaced, and the bollards there were painted white.",
        "The north pier waits for a diver's survey; until then, ships of more than 60 metres may not lie there.",
    ],
]
MINUTES = """# Minutes of the council of Lindvig

Present were nine of eleven members. The mayor was in the chair. The minutes of the last meeting were read and approved
without changes. The meeting began at seven in the evening and was over before ten. Four people from the town listened.

## Street lamps

The council spoke about the lamps between the church and the school, which are forty years old. Two makers had sent
samples, and both had been tried for a month in Mill Lane. The council chose lamps with yellow light, because the
observatory had asked for it. The lamps with yellow light cost 91,000 crowns, and are put up in spring.

## Library

The librarian told the council that more books were lent than ever, and that people stand before closed doors at the end
of the week. The council decided to open the library on Sundays from October. Mrs Halvorsen voted against it. The
librarian gets one more helper, whom the school pays for half the year.

## Bus

The bus to the hospital was late on most days of the month. The council writes a letter to the county.
"""
LOG = """Log of the lighthouse

The lamp was lit at dusk on every day of the month. Oil was brought on the second, and the stairs were scrubbed.

On the fourteenth the fog signal failed at four in the morning, and the keeper rang the bell by hand until the fog was
gone. Mending the fog signal took eleven hours. The smith found a dead gull in the pipe.

A whale was seen off the skerries on the twentieth. It was followed by some forty gulls, and stayed until the evening.

The glass was cleaned twice. A pane on the north side is cracked and should be replaced before winter.
"""
LEASE = [
    (
        "Lease of the boat shed",
        "The town of Lindvig lets boat shed number seven to the rowing club. The shed stands behind the fish market and has "
        "room for twelve boats. The club may paint the shed, but not in red, and keeps the road before it free of snow.",
    ),
    (
        "Rent",
        "The rent of the boat shed is 2,750 crowns a month, due on the first day. Water is part of the rent; electricity is "
        "paid by the club to the power company. The rent stays the same for three years.",
    ),
    (
        "Notice",
        "Either side may end the lease of the boat shed with a notice of nine months, in writing. If the shed burns down, "
        "the lease ends on the same day, and nobody owes anything.",
    ),
]
SLIDES = [
    ("A new ferry for Lindvig", "What we propose to the council, and what it costs the town and the county"),
    (
        "Why",
        "The old ferry was built in 1971 and breaks down every month. Spare parts are made by hand, and take weeks.",
    ),
    (
        "The ship",
        "The new ferry carries 340 passengers and 28 cars, and runs on batteries, which are charged at night.",
    ),
]
SHEETS = {
    "Berths": [["Berth", "Depth in metres", "Length in metres"], ["East 1", 5.5, 120], ["East 2", 7.25, 160]],
    "Fees": [["Kind of boat", "Fee in crowns a year"], ["Rowing boat", 310], ["Sailing boat", 1180], ["Trawler", 6400]],
}
CATCH = [["Year", "Herring in tonnes", "Cod in tonnes"], ["2021", 5120, 873], ["2022", 4380, 911], ["2023", 4665, 702]]
NOTICE = """<!doctype html>
<html lang="en"><head><title>Storm warning</title><style>p { color: red }</style></head>
<body><nav>Home | Harbour | Town hall</nav><main><h1>Storm warning</h1>
<p>A storm from the south-west is expected on Friday night. Waves of six metres are possible outside the mole. The school
closes at noon, and the market is held on Thursday instead.</p>
<h2>What to do</h2>
<p>During the storm the drawbridge stays closed from six in the evening until noon on Saturday. Boats should be taken out of
the water or moored with double lines. Whoever needs help calls the harbour office.</p></main>
<script>alert("not a part of the notice")</script></body></html>
"""
CHAPTERS = [
    (
        "The founding",
        "Lindvig was founded by three families of fishermen who had lost their houses in a flood. They built on the rock, "
        "where no water reaches, and their well is still there, behind the bakery.",
    ),
    (
        "The lighthouse",
        "The lighthouse of Lindvig was designed by the engineer Ottilie Brandt and lit first in 1868. She had built bridges "
        "before, and some say that one can see it. The first keeper was a sailor with one arm, who wrote poems.",
    ),
]
LETTER = (
    "Dear Mr Aas,\n\nthe crane on the timber quay is out of order since Easter, and ships have to use their own gear.\n"
    "The crane can be repaired in the third week of May, when the spare gearbox arrives.\nThe firm in Gdansk that made "
    "the crane sends a fitter for two days.\n\nYours sincerely,\nIngrid Moe\n"
)


def pdf(pages: list[list[str]]) -> bytes:
    """Return a PDF with a line of text for each line."""
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, lines in enumerate(pages):
        shown = "".join(f"({line}) Tj T* " for line in lines)
        content = f"BT /F1 10 Tf 14 TL 50 760 Td {shown}ET"
        resources = "/Resources << /Font << /F1 3 0 R >> >> /MediaBox [0 0 595 842]"
        objects.append(f"<< /Type /Page /Parent 2 0 R {resources} /Contents {5 + 2 * number} 0 R >>")
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
    out = "%PDF-1.4\n"
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    trailer = f"trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF\n"
    return f"{out}xref\n0 {size}\n0000000000 65535 f \n{table}{trailer}".encode("ascii")


def docx() -> bytes:
    """Return the lease as a Word document."""
    from docx import Document

    document = Document()
    for heading, text in LEASE:
        document.add_heading(heading, level=1)
        document.add_paragraph(text)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def pptx() -> bytes:
    """Return the plans for the ferry as slides."""
    from pptx import Presentation

    presentation = Presentation()
    for title, text in SLIDES:
        slide = presentation.slides.add_slide(presentation.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = text
    out = io.BytesIO()
    presentation.save(out)
    return out.getvalue()


def xlsx() -> bytes:
    """Return berths and fees as a workbook."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for name, rows in SHEETS.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def table() -> bytes:
    """Return the catch as CSV."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(CATCH)
    return out.getvalue().encode()


def epub() -> bytes:
    """Return the history of the town as a book."""
    names = [f"chapter{number}.xhtml" for number in range(1, len(CHAPTERS) + 1)]
    items = "".join(
        f'<item id="c{n}" href="{name}" media-type="application/xhtml+xml"/>' for n, name in enumerate(names)
    )
    spine = "".join(f'<itemref idref="c{number}"/>' for number in range(len(names)))
    package = (
        '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="id">lindvig</dc:identifier>'
        "<dc:title>A short history of Lindvig</dc:title><dc:language>en</dc:language></metadata>"
        f"<manifest>{items}</manifest><spine>{spine}</spine></package>"
    )
    container = (
        '<?xml version="1.0"?><container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as book:
        book.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        book.writestr("META-INF/container.xml", container)
        book.writestr("book.opf", package)
        for name, (title, text) in zip(names, CHAPTERS, strict=True):
            page = f"<head><title>{title}</title></head><body><h1>{title}</h1><p>{text}</p></body>"
            book.writestr(name, f'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">{page}</html>')
    return out.getvalue()


def letter() -> bytes:
    """Return a letter as e-mail."""
    message = EmailMessage()
    message["From"], message["To"] = "Ingrid Moe <moe@lindvig.example>", "Per Aas <aas@lindvig.example>"
    message["Date"], message["Subject"] = "Tue, 02 Apr 2024 09:30:00 +0200", "The crane on the timber quay"
    message.set_content(LETTER)
    return bytes(message)


def main() -> None:
    """Write the folder."""
    FOLDER.mkdir(exist_ok=True)
    for name, content in {
        "annual-report.pdf": pdf(REPORT),
        "boat-shed-lease.docx": docx(),
        "council-minutes.md": MINUTES.encode(),
        "crane.eml": letter(),
        "ferry.pptx": pptx(),
        "harbour.xlsx": xlsx(),
        "herring-and-cod.csv": table(),
        "history.epub": epub(),
        "lighthouse-log.txt": LOG.encode(),
        "storm-warning.html": NOTICE.encode(),
    }.items():
        (FOLDER / name).write_bytes(content)


if __name__ == "__main__":
    main()

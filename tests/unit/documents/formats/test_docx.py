"""Word documents: nothing that a reader of the page would see is lost, and nothing that was deleted comes back."""

from io import BytesIO
from xml.sax.saxutils import escape

import docx
from docx.enum.text import WD_BREAK
from hypothesis import given
from hypothesis import strategies as st
from support.office import package, paragraph, with_member, word

from longagent.documents import Document
from longagent.documents.formats.docx import read


def text_of(data: bytes) -> str:
    return "\n\n".join(part.text for part in read(data).parts)


def saved(document: "docx.document.Document") -> bytes:
    data = BytesIO()
    document.save(data)
    return data.getvalue()


def test_parts_begin_at_the_highest_headings_and_headings_have_levels() -> None:
    document = docx.Document()
    document.add_heading("The Contract", 0)
    document.add_heading("Definitions", 1)
    document.add_paragraph("A term is a word.")
    document.add_heading("Persons", 2)
    document.add_paragraph("A person is somebody.")
    document.add_heading("Payment", 1)
    document.add_paragraph("It is due.")
    parsed = read(saved(document))
    assert [part.title for part in parsed.parts] == ["Definitions", "Payment"]
    whole = Document.from_parsed(parsed, id="0", name="contract.docx")
    assert whole.path_at(whole.text.index("somebody")) == ("Definitions", "Persons")
    for heading in whole.headings:
        assert whole.text.startswith(heading.title, heading.start)
    assert not whole.paged


def test_levels_by_outline_and_by_inherited_styles() -> None:
    styles = (
        '<w:style w:styleId="Kopf"><w:name w:val="heading 1"/></w:style>'
        '<w:style w:styleId="Own"><w:basedOn w:val="Kopf"/></w:style>'
        '<w:style w:styleId="Loop"><w:basedOn w:val="Loop"/></w:style>'
    )
    body = (
        paragraph("One", '<w:pStyle w:val="Own"/>')
        + paragraph("Two", '<w:outlineLvl w:val="1"/>')
        + paragraph("Three", '<w:pStyle w:val="Heading3"/>')
        + paragraph("Four", '<w:pStyle w:val="Loop"/>')
        + paragraph("Five", '<w:pStyle w:val="Own"/><w:outlineLvl w:val="9"/>')
    )
    (part,) = read(word(body, styles=styles)).parts
    assert [(heading.title, heading.level) for heading in part.headings] == [("One", 1), ("Two", 2), ("Three", 3)]


def test_without_headings_parts_begin_where_the_author_began_a_page() -> None:
    document = docx.Document()
    document.add_paragraph("First page.").add_run().add_break(WD_BREAK.PAGE)
    document.add_paragraph("Second page.")
    third = document.add_paragraph("Third page.")
    third.paragraph_format.page_break_before = True
    document.add_section()
    document.add_paragraph("Fourth page.")
    assert [part.text for part in read(saved(document)).parts] == [
        "First page.",
        "Second page.",
        "Third page.",
        "Fourth page.",
    ]


def test_tables_say_their_columns_in_each_row() -> None:
    document = docx.Document()
    table = document.add_table(rows=3, cols=3)
    for row, texts in zip(
        table.rows, [("Region", "Year", "Sales"), ("North", "2023", "1,200"), ("", "2024", "")], strict=True
    ):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    assert text_of(saved(document)) == (
        "Region | Year | Sales\nRegion: North | Year: 2023 | Sales: 1,200\nRegion: North | Year: 2024"
    )


def test_a_table_cannot_be_wider_than_any_memory() -> None:
    cells = "".join(f"<w:tc>{paragraph(text)}</w:tc>" for text in ("a", "b"))
    before = '<w:trPr><w:gridBefore w:val="99999999999"/></w:trPr>'
    assert text_of(word(f"<w:tbl><w:tr>{before}{cells}</w:tr></w:tbl>")) == "a | b"


def test_a_form_is_no_table_with_a_header_and_nested_tables_are_kept() -> None:
    document = docx.Document()
    table = document.add_table(rows=2, cols=2)
    for row, texts in zip(table.rows, [("Name", "Anna Smith"), ("City", "")], strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    inner = table.cell(1, 1).add_table(rows=1, cols=2)
    inner.cell(0, 0).text, inner.cell(0, 1).text = "Berlin", "Bonn"
    assert text_of(saved(document)) == "Name | Anna Smith\nCity | Berlin | Bonn"


def test_a_table_for_the_layout_reads_as_its_paragraphs() -> None:
    document = docx.Document()
    table = document.add_table(rows=1, cols=2)
    table.cell(0, 0).text, table.cell(0, 1).text = "Left. " * 150, "Right."
    table.cell(0, 1).add_paragraph("More.")
    assert text_of(saved(document)).endswith("Left.\n\nRight.\n\nMore.")


def test_insertions_are_read_and_deletions_are_not() -> None:
    body = (
        "<w:p><w:r><w:t>The fee is </w:t></w:r>"
        "<w:del><w:r><w:delText>100</w:delText></w:r></w:del><w:ins><w:r><w:t>200</w:t></w:r></w:ins>"
        "<w:moveFrom><w:r><w:t> old place</w:t></w:r></w:moveFrom>"
        "<w:moveTo><w:r><w:t> euros</w:t></w:r></w:moveTo></w:p>"
        "<w:ins><w:p><w:r><w:t>New.</w:t></w:r></w:p></w:ins>"
        "<w:tbl><w:tr><w:trPr><w:del/></w:trPr><w:tc><w:p><w:r><w:t>gone</w:t></w:r></w:p></w:tc></w:tr>"
        f"<w:tr><w:tc>{paragraph('kept')}</w:tc><w:tc>{paragraph('too')}</w:tc></w:tr></w:tbl>"
    )
    assert text_of(word(body)) == "The fee is 200 euros\n\nNew.\n\nkept | too"


def test_text_boxes_links_and_content_controls_are_read_once() -> None:
    box = f"<w:txbxContent>{paragraph('In the box.')}</w:txbxContent>"
    body = (
        "<w:p><w:r><w:t>Before</w:t></w:r><w:r><mc:AlternateContent>"
        f"<mc:Choice><w:drawing><x>{box}</x></w:drawing></mc:Choice>"
        f"<mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict></mc:Fallback>"
        "</mc:AlternateContent></w:r><w:hyperlink><w:r><w:t> a link</w:t></w:r></w:hyperlink></w:p>"
        f"<w:sdt><w:sdtPr/><w:sdtContent>{paragraph('Controlled.')}</w:sdtContent></w:sdt>"
        "<w:p><w:sdt><w:sdtContent><w:r><w:t>Inline</w:t></w:r></w:sdtContent></w:sdt></w:p>"
    )
    assert text_of(word(body)) == "Before a link\n\nIn the box.\n\nControlled.\n\nInline"


def test_notes_and_comments_stand_after_their_paragraph() -> None:
    body = (
        '<w:p><w:r><w:t>Claim</w:t><w:footnoteReference w:id="2"/><w:t>.</w:t></w:r>'
        '<w:r><w:commentReference w:id="0"/></w:r></w:p>' + paragraph("Next.")
    )
    footnotes = f'<w:footnote w:id="2">{paragraph("See page 9.")}</w:footnote>'
    comments = f'<w:comment w:id="0" w:author="Anna">{paragraph("Really?")}</w:comment>'
    assert text_of(word(body, footnotes=footnotes, comments=comments)) == (
        "Claim[1].\n\n[1] See page 9.\n\nComment (Anna): Really?\n\nNext."
    )
    # Control characters that XML allows, and terminals obey.
    comments = comments.replace("Anna", "An&#x9b;na")
    assert "Comment (Anna): Really?" in text_of(word(body, comments=comments))


def test_headers_and_footers_stand_once_at_the_end_without_page_numbers() -> None:
    field = '<w:r><w:fldChar w:fldCharType="{}"/></w:r>'
    number = (
        f"<w:p><w:r><w:t>Page </w:t></w:r>{field.format('begin')}<w:r><w:instrText> PAGE </w:instrText></w:r>"
        f"{field.format('separate')}<w:r><w:t>7</w:t></w:r>{field.format('end')}</w:p>"
    )
    parsed = read(word(paragraph("Body."), header=paragraph("Draft 3"), footer=number))
    assert [(part.title, part.text) for part in parsed.parts] == [
        (None, "Body."),
        ("Headers and footers", "Header: Draft 3"),
    ]


def test_lists_are_numbered_as_word_does() -> None:
    def level(depth: int, form: str, text: str) -> str:
        return (
            f'<w:lvl w:ilvl="{depth}"><w:start w:val="1"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{text}"/></w:lvl>'
        )

    numbering = (
        f'<w:abstractNum w:abstractNumId="5">{level(0, "decimal", "%1.")}{level(1, "lowerLetter", "(%2)")}'
        f"{level(2, 'lowerRoman', '%1.%3')}</w:abstractNum>"
        f'<w:abstractNum w:abstractNumId="6">{level(0, "bullet", chr(0xF0B7))}</w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="5"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="6"/></w:num>'
        '<w:num w:numId="3"><w:abstractNumId w:val="5"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="9"/>'
        "</w:lvlOverride></w:num>"
    )

    def item(text: str, depth: int, name: int) -> str:
        return paragraph(text, f'<w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="{name}"/></w:numPr>')

    places = [(0, 1), (1, 1), (1, 1), (2, 1), (0, 1), (1, 1), (0, 2), (0, 3), (0, 3), (0, 0)]
    body = "".join(item("x", depth, name) for depth, name in places)
    assert text_of(word(body, numbering=numbering)).split("\n") == [
        *("1. x", "(a) x", "(b) x", "1.i x", "2. x", "(a) x", "• x", "9. x", "10. x"),
        *("", "x"),
    ]


def test_signs_symbols_and_formulas() -> None:
    body = (
        "<w:p><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:noBreakHyphen/><w:t>c</w:t><w:softHyphen/><w:br/>"
        '<w:sym w:font="Wingdings" w:char="F0FE"/><w:t> yes </w:t><w:sym w:char="00A7"/></w:r>'
        "<m:oMath><m:f><m:num><m:r><m:t>1</m:t></m:r></m:num><m:den><m:r><m:t>x+2</m:t></m:r></m:den></m:f></m:oMath></w:p>"
    )
    assert text_of(word(body)) == "a\tb-c\n☑ yes §1/(x+2)"


def test_hidden_text_is_left_out_and_said() -> None:
    body = "<w:p><w:r><w:t>Seen.</w:t></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t>Unseen.</w:t></w:r></w:p>"
    parsed = read(word(body))
    assert parsed.parts[0].text == "Seen."
    assert parsed.warnings == ("hidden text (7 characters) was left out",)


def test_strict_mode_is_read() -> None:
    namespace = "http://purl.oclc.org/ooxml/wordprocessingml/main"
    strict = f"<w:document xmlns:w='{namespace}'><w:body>{paragraph('Strict.')}</w:body></w:document>"
    assert text_of(package("word/document.xml", {"word/document.xml": strict})) == "Strict."


@given(st.lists(st.tuples(st.integers(0, 4), st.text("aé字\u200b \t\x07", max_size=8)), max_size=12))
def test_headings_stand_where_they_say(paragraphs: list[tuple[int, str]]) -> None:
    body = "".join(
        paragraph(escape(text.replace("\x07", "")), f'<w:outlineLvl w:val="{level}"/>' if level < 4 else "")
        for level, text in paragraphs
    )
    parsed = read(word(body))
    words = [" ".join(text.replace("\x07", "").split()) for _, text in paragraphs]
    assert [
        line for part in parsed.parts for block in part.text.split("\n\n") for line in [" ".join(block.split())]
    ] == [text for text in words if text]
    for part in parsed.parts:
        for heading in part.headings:
            assert " ".join(part.text[heading.start :].split()).startswith(heading.title)


def test_damaged_notes_and_footers_cost_only_themselves() -> None:
    data = word(paragraph("Body."), footer=paragraph("Foot."), header=paragraph("Head."), comments=paragraph("No."))
    parsed = read(with_member(with_member(data, "word/footer.xml"), "word/comments.xml"))
    assert [part.text for part in parsed.parts] == ["Body.", "Header: Head."]
    assert parsed.warnings == (
        "its comments are damaged and were not read",
        "its footers are damaged and were not read",
    )

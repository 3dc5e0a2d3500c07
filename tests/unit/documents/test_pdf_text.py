import pytest

from longagent.documents.formats import pdf, pdf_pages
from longagent.documents.formats.pdf import is_garbled, page_text
from longagent.documents.formats.pdf_pages import judged, ocr_hint, page_list
from longagent.documents.parsed import Heading, Parsed, Part, UnreadableError


def test_parted_words_keep_their_hyphen_and_line() -> None:
    assert page_text("lan\x02guage\r\nmodels, long\ufffe\r\nterm and first\xad\r\nclass") == (
        "lan-\nguage\nmodels, long-\nterm and first-\nclass"
    )


def test_bullets_of_symbol_fonts_and_control_characters() -> None:
    assert page_text("\uf0b7 item\x00\x1b[31m\r\n") == "• item[31m"


@pytest.mark.parametrize(
    ("text", "garbled"),
    [
        ("\ue001\ue002\ue003 abc", True),
        ("\x19\x12\x13", True),
        ('"7+%-', True),
        ("Contents ........ 5", False),
        ("a lan\x02guage", False),
        ("हिन्दी में पाठ", False),
        ("$ 1,093 (7) 34%", False),
        (" \r\n", False),
    ],
)
def test_garbled(text: str, garbled: bool) -> None:
    assert is_garbled(text) is garbled


@pytest.mark.parametrize(("installed", "hint"), [(None, "pip install 'longagent[ocr]'"), (object(), "switched off")])
def test_a_scan_says_what_would_read_it(installed: object, hint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_pages, "find_spec", lambda _name: installed)
    assert hint in ocr_hint()


def test_page_list() -> None:
    assert page_list([2]) == "page 2"
    assert page_list([7, 2, 5, 6]) == "pages 2, 5-7"


def test_broken_titles_and_labels_cost_only_themselves() -> None:
    drawn = b"BT /F1 12 Tf 72 700 Td (Words) Tj ET"
    objects = (
        b"<</Type/Catalog/Pages 2 0 R/Outlines 6 0 R/PageLabels<</Nums[0<</P <FEFFDC00>>>]>>>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(drawn), drawn),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</First 7 0 R/Last 8 0 R/Count 2>>",
        b"<</Title <FEFFD800>/Parent 6 0 R/Dest[3 0 R/Fit]/Next 8 0 R>>",
        b"<</Title (Words)/Parent 6 0 R/Dest[3 0 R/Fit]>>",
    )
    body = b"\n".join(b"%d 0 obj%sendobj" % (number, each) for number, each in enumerate(objects, 1))
    parsed = pdf.read(b"%PDF-1.7\n" + body + b"\ntrailer<</Root 1 0 R>>")
    assert parsed.parts == (Part("Words", headings=(Heading(0, 1, "Words"),)),)


def share(*pages: tuple[str, str]) -> Parsed:
    return Parsed(tuple(Part(text) for text, _ in pages), paged=True, states=tuple(state for _, state in pages))


def test_pages_without_text_are_judged_over_all_shares() -> None:
    shares = [share(("text", ""), ("", "empty")), share(("", "blank"), ("", "broken")), share(), share(("", "empty"))]
    joined = judged(shares, ocr=False)
    assert [part.text for part in joined.parts] == ["text", "", "", "", ""]
    empty, broken = joined.warnings
    assert empty.startswith("pages 2, 5 have no text (scanned images?)")
    assert broken == "page 4 has damaged content and could not be read"
    assert judged(shares, ocr=True).unread == (2, 5)


@pytest.mark.parametrize(
    ("shares", "problem"),
    [
        ([share(("", "blank")), share(("", "blank"))], "has no text: 2 pages, all blank."),
        ([share(("", "blank")), share(("", "empty"))], "looks scanned: 2 pages without text."),
        ([share(("", "garbled")), share(("", "empty"))], "has a text layer that is unreadable"),
        ([share()], "has no pages."),
    ],
)
def test_shares_without_any_text(shares: list[Parsed], problem: str) -> None:
    with pytest.raises(UnreadableError, match=problem):
        judged(shares, ocr=False)

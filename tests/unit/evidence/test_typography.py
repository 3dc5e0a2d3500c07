"""Quotes whose letters, marks and line breaks differ from the source's: still `exact`, at exactly their place."""

import unicodedata

import pytest

from longagent.documents.document import Document, Span
from longagent.evidence import find_quote

SOURCE = {
    "ligatures": ("The oﬃce ﬁnally conﬁrmed the ﬂow of aﬀairs.", "The office finally confirmed the flow of affairs"),
    "ligature said": ("The office finally confirmed it.", "The oﬃce ﬁnally conﬁrmed it"),
    "line-end hyphen": ("The reports were sub-\nmitted in time.", "The reports were submitted in time"),
    "hyphen kept": ("A well-\nknown result is used.", "A well-known result is used"),
    "hyphen lost": ("A wellknown result is used.", "A well-known result is used"),
    "suspended hyphen": ("The three-\nand nine-month periods ended.", "The three- and nine-month periods ended"),
    "hyphen and figure": ("Under COVID-\n19 rules it was shut.", "Under COVID-19 rules it was shut"),
    "range over a line": ("In the years 1990-\n2000 it grew.", "In the years 1990–2000 it grew"),
    "soft hyphen": ("The reports were sub\u00admitted in time.", "The reports were submitted in time"),
    "wrapped": ("It was  sold\nfor a\n   small sum.", "It was sold for a small sum"),
    "said wrapped": ("It was sold for a small sum.", "It was sold\n> for a small sum".replace("> ", "")),
    "no-break spaces": ("It\u00a0was sold\u202ffor a\u2009small sum.", "It was sold for a small sum"),
    "curly": ("He said: “It’s ‘fine’ as it is”.", "He said: \"It's 'fine' as it is\""),
    "straight": ('He said: "It\'s fine as it is".', "He said: “It’s fine as it is”"),
    "acute as apostrophe": ("It´s fine as it is.", "It's fine as it is"),
    "inches": ("A pipe of 5″ by 3′ is used.", "A pipe of 5\" by 3' is used"),
    "en dash between words": ("The Paris–Dakar race was held.", "The Paris-Dakar race was held"),
    "em dash": ("The race—a long one—was held.", "The race — a long one — was held"),
    "minus": ("It was −5 degrees outside.", "It was -5 degrees outside"),
    "ellipsis": ("And so on… it went.", "And so on... it went"),
    "composed": ("Jan Nova\u0301k z Brna to podepsal.", "Jan Novák z Brna to podepsal"),
    "composed, hyphen": ("The cafe\u0301-bar was shut down.", "The café-bar was shut down"),
    "full width": ("The ＡＢＣ company paid ４２ ％.", "The ABC company paid 42 %"),
    "fraction": ("It is 5½ feet long and wide.", "It is 5 1/2 feet long and wide"),
    "subscript": ("Emissions of CO₂ fell again.", "Emissions of CO2 fell again"),
    "spaced marks": ("Net loss was $\n( 5 ) in all , it said .", "Net loss was $(5) in all, it said."),
    "slash": ("They may read and/\nor write it.", "They may read and/or write it"),
    "footnote mark": ("It was made by Microsoft4 and sold.", "It was made by Microsoft"),
    "wrapped Chinese": ("总部设在上海。\n去年的收入为三百\n万元。", "总部设在上海。去年的收入为三百万元"),
    "Chinese comma": ("今天，天气很好很好。", "今天, 天气很好很好"),
    "half-width kana": ("ｶﾞﾗｽの工場が建てられた。", "ガラスの工場が建てられた"),
    "Hangul": (unicodedata.normalize("NFD", "서울에 본사를 둔 회사이다"), "서울에 본사를 둔 회사이다"),
    "Bengali": ("সে \u0995\u09c7\u09be\u09a8 কাজ করে না আজ", "সে \u0995\u09cb\u09a8 কাজ করে না আজ"),
    "zero-width": ("The na\u200bme was kept as it is.", "The name was kept as it is"),
}


@pytest.mark.parametrize("name", SOURCE)
@pytest.mark.parametrize("form", ["as it is", "NFC", "NFD"])
def test_typography_is_no_difference(name: str, form: str) -> None:
    source, said = SOURCE[name]
    said = said if form == "as it is" else unicodedata.normalize(form, said)
    document = Document.from_pages(["Cover.", f"Before it: {source} And after."], id="d", name="d.pdf", paged=True)
    found = find_quote(said, [Span(document, page.start, page.end) for page in document.pages])
    assert found is not None
    assert (found.status, found.span.page, found.span.page_end) == ("exact", 2, 2)
    begin = document.text.index(source)
    assert begin <= found.span.start < begin + 3
    assert found.span.end <= begin + len(source)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("It weighs 10² kilograms in all.", "It weighs 102 kilograms in all"),
        ("It is 5½ feet long and wide.", "It is 51/2 feet long and wide"),
        ("The rate is 0.5 percent; or 5 percent of the total.", ".5 percent of the total"),
        ("It was not able to pay at all.", "It was notable to pay at all"),
        ("It paid 12 000 crowns for that.", "In the end it paid 12"),
        ("The board can’t sell any of it.", "It seems that the board can"),
        ("In the B737 it was seen again.", "737 it was seen again"),
        ("It sold the Audi A4 to them.", "It sold the Audi A"),
        ("去年的收入为三百万元。", "百万元去年的收入"),
        ("去年的收入为三百万元。", "去年的收入为三百"),
        ("公司去年没有支付任何股息。", "支付任何股息"),
        (
            "公司总部设在上海。去年的收入为三百万元，职工有一千八百人左右。",
            "公司总部设在上海。去年的收入为三百万元，职工有一千七百人左右",
        ),
        ("Генеральный директор компании не подписал этот договор о продаже", "подписал этот договор о продаже"),
        ("يقع المقر الرئيسي للشركة الكبيرة في مدينة بيروت", "يقع المقر الرئيسي للشركة الكبيرة في مدينة بغداد"),
    ],
)
def test_what_looks_alike_is_not_the_same(source: str, said: str) -> None:
    document = Document.from_text(f"Before it. {source} And after.")
    assert find_quote(said, [Span(document, 0, len(document.text))]) is None


HEADER, FOOTER = "Annual report of the Sever brewery", "Sever brewery · page {}"
PARTS = ("The brewery was founded by", "Karel Havel and his brother, who had not be-", "fore sold any beer in", "Brno.")


def paged(*, header: str = "", footer: str = "") -> Document:
    texts = [
        "\n".join(part for part in (header.format(n), f"Filler {n}.", "Short line.", text, footer.format(n)) if part)
        for n, text in enumerate(("Nothing.", "Nothing.", "Nothing."), start=4)
    ]
    halves = [
        "\n".join(part for part in (header.format(n), text, footer.format(n)) if part)
        for n, text in ((1, "One.\n" + PARTS[0]), (2, "\n".join(PARTS[1:2])), (3, "\n".join(PARTS[2:])))
    ]
    return Document.from_pages([*halves, *texts], id=f"{header}{footer}", name="d.pdf", paged=True)


@pytest.mark.parametrize("header", ["", HEADER])
@pytest.mark.parametrize("footer", ["", FOOTER, "{}", "- {} -"])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_quote_may_cross_pages(header: str, footer: str, chunked: bool) -> None:
    document = paged(header=header, footer=footer)
    spans = [Span(document, 0, len(document.text))]
    if chunked:
        spans = [Span(document, page.start, page.end) for page in document.pages]
    for said, pages in (
        ("founded by Karel Havel and his brother", (1, 2)),
        ("who had not before sold any beer in Brno", (2, 3)),
        ("founded by Karel Havel and his brother, who had not before sold any beer", (1, 3)),
    ):
        found = find_quote(said, spans)
        assert found is not None, said
        assert (found.status, found.span.page, found.span.page_end) == ("exact", *pages)
        assert found.span.text.split()[0] == said.split()[0]
        assert found.span.text.split()[-1] == said.split()[-1]


def test_a_figure_at_the_edge_of_a_page_is_not_passed_over_for_a_page_number() -> None:
    document = Document.from_pages(
        ["One.\nProfit rose by\n17", "percent in that year.\nTwo.\n9", "Three.\nThree.\n4"],
        id="d",
        name="d",
        paged=True,
    )
    assert find_quote("Profit rose by percent in that year", [Span(document, 0, len(document.text))]) is None


def test_only_neighbours_are_joined() -> None:
    document = Document.from_text("It was founded by Karel. A long passage between. Havel sold beer in Brno.")
    apart = [Span(document, 0, 24), Span(document, 49, len(document.text))]
    assert find_quote("founded by Karel. Havel sold beer", apart) is None

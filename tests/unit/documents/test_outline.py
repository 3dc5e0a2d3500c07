from longagent.documents.document import Chunk, Document, Span
from longagent.documents.outline import LONGEST, Outline, line
from longagent.documents.parsed import Heading, Parsed, Part


def test_paths_follow_levels() -> None:
    levels = [("a", 1), ("b", 2), ("c", 4), ("d", 3), ("e", 1), ("f", 3)]
    outline = Outline([Heading(10 * n, level, title) for n, (title, level) in enumerate(levels)])
    paths = ["".join(heading.title for heading in outline.path(10 * n + 5)) for n in range(len(levels))]
    assert paths == ["a", "ab", "abc", "abd", "e", "ef"]
    assert outline.path(-1) == ()
    assert Outline([]).path(3) == ()


def test_ten_thousand_levels_cost_no_more_than_a_dozen() -> None:
    outline = Outline([Heading(n, n + 1, str(n)) for n in range(10_000)])
    assert [heading.title for heading in outline.path(9_999)] == [str(n) for n in range(9_988, 10_000)]


def test_a_chunk_stands_under_what_comes_before_it() -> None:
    text = "Report\nMoney\nFive.\nTime\nA day."
    headings = (Heading(0, 1, "Report"), Heading(7, 2, "Money"), Heading(19, 2, "Time"))
    document = Document.from_parsed(Parsed((Part(text, headings=headings),)), id="x", name="x")

    def chunk(words: str) -> Chunk:
        start = text.index(words)
        return Chunk(0, Span(document, start, start + len(words)), 1)

    assert chunk("Five.").headings == ("Report", "Money")
    assert chunk("Five.").search_text == "Report › Money\nFive."
    assert chunk("Time\nA").headings == ("Report",)
    assert chunk("Report\nMoney").search_text == "Report\nMoney"


def test_the_line_is_short_and_one_line() -> None:
    assert line(["A\n B", " ", "C\tD"]) == "A B › C D"
    assert line([]) == line(["", " \n"]) == ""
    # The nearest headings tell most.
    assert line(["x" * 100, "y" * 60, "z" * 60]) == "y" * 60 + " › " + "z" * 60
    for long in ("word " * 100, "\N{CJK UNIFIED IDEOGRAPH-4E00}" * 100, "😀" * 100, "\ud800" * 500):
        assert 0.9 * LONGEST < len(line(["top", long]).encode("utf-8", "replace")) <= LONGEST

"""Answers on a terminal: nothing a document or model says gets through as a control code."""

import io
from dataclasses import replace
from typing import Any

from rich.console import Console

from longagent.answer import Answer, Citation, Conflict, Coverage, Retrieval, Rival, Source, Usage
from longagent.render.terminal import dollars, footer, inert, megabytes, one_line, print_answer


def answer(text: str | None, *citations: Citation) -> Answer:
    usage = Usage(calls=1, prompt_tokens=700, completion_tokens=15)
    coverage = Coverage(chunks=78, read=2)
    made = {"question": "?", "strategy": "rag", "model": "local", "seconds": 5.26, "usage": usage, "coverage": coverage}
    return Answer(text=text, found=text is not None, citations=citations, **made)


def citation(quote: str | None, *, said: str | None = None, page_end: int = 6) -> Citation:
    place = (
        {"page": 6, "page_end": page_end, "start": 0, "end": 9}
        if quote
        else dict.fromkeys(("page", "page_end", "start", "end"))
    )
    status = "located" if quote else "unverified"
    return Citation(document="a\x1bb.pdf", document_id="0", quote=quote, said=said, status=status, **place)


def printed(found: Answer, *, width: int = 40, terminal: bool = False) -> str:
    out = io.StringIO()
    print_answer(found, Console(file=out, width=width, force_terminal=terminal, color_system=None))
    return out.getvalue()


def test_control_codes_are_shown_not_sent() -> None:
    text = "red \x1b[31m bell \x07 back \x08 c1 \x9b override \u202e tab\tline\n"
    assert inert(text) == "red \\x1b[31m bell \\x07 back \\x08 c1 \\x9b override \\x202e tab\tline\n"
    assert one_line("a\n b\t\x1bc") == "a b \\x1bc"
    shown = printed(answer("see \x1b]0;title\x07", citation("quoted \x1b[2J words")))
    assert "\x1b" not in shown
    assert "\x07" not in shown


def test_the_place_is_shown_in_the_words_of_its_document() -> None:
    cited = citation("a passage")
    assert "[1] p. 6  a" in printed(answer("x", cited), width=80)
    labelled = replace(cited, where="p. 6 (printed iv\x1b)")
    assert "[1] p. 6 (printed iv\\x1b)  a" in printed(answer("x", labelled), width=80)


def test_markup_of_a_document_is_text() -> None:
    assert "[bold]not bold[/bold] [link=http://x]y" in printed(answer("[bold]not bold[/bold] [link=http://x]y"))


def test_what_was_reasoned_is_printed_alone() -> None:
    reasoned = replace(answer("42"), coverage=Coverage(), traced=None, partial=True)
    assert printed(reasoned) == "42\n"
    assert printed(replace(reasoned, text=None, found=False)) == "No conclusion was reached.\n"
    assert "chunks" not in footer(reasoned)


def test_lines_are_wrapped_for_people_only() -> None:
    long = "word " * 40
    assert len(printed(answer(long.strip())).splitlines()) == 1
    assert all(len(line) <= 40 for line in printed(answer("x", citation(long)), terminal=True).splitlines())


def test_citations_name_pages_quote_and_status() -> None:
    shown = printed(answer("204", citation("the entire test set for evalua-\ntion"), citation("b", page_end=7)))
    assert "[1] p. 6  a\\x1bb.pdf  located" in shown
    assert "“the entire test set for evaluation”" in shown
    assert "[2] p. 6–7" in shown
    assert "“made up words” does not stand in the source" in printed(answer("x", citation(None, said="made up words")))


def test_what_was_not_checked_says_so() -> None:
    assert "Not traced to the source" in printed(replace(answer("204"), traced=False))
    assert "Not checked against the source." in printed(replace(answer("204"), traced=None, verify="off"))
    assert printed(answer("204")) == "204\n"


def rival(said: str, *pages: int, reason: str = "") -> Rival:
    sources = [Source(document="a.pdf", document_id="0", page=page, page_end=page, chunk=page) for page in pages]
    return Rival(answer=said, sources=tuple(sources), kept=not reason, reason=reason)


def test_answers_that_were_rejected_are_told_with_pages_and_reason() -> None:
    rivals = (rival("204", 6), rival("2\x1b04 \n thousand", 1, 1, 2, 3, 4, 5, reason="chunks 1 and 6 say: 204."))
    found = replace(answer("204"), conflicts=(Conflict(instruction="How many?", rivals=rivals),))
    assert printed(found) == "204\n\nRejected: “2\\x1b04 thousand” (p. 1, 2, 3, 4, …): chunks 1 and 6 say: 204.\n"
    many = tuple(rival(str(page), page, reason="r") for page in range(1, 6))
    assert printed(replace(found, text=None, conflicts=(Conflict(instruction="?", rivals=many),))).endswith(
        "Rejected: “3” (p. 3): r.\n2 more answers of single chunks; --json tells them all.\n"
    )


def test_answers_that_were_left_side_by_side_are_told_as_not_settled() -> None:
    open_ = Conflict(instruction="?", rivals=(rival("204", 6), rival("205", 7)))
    settled = Conflict(instruction="?", rivals=(rival("Ann", 1), rival("Bob", 2, reason="r")))
    assert "Not settled" not in printed(replace(answer("x"), conflicts=(settled, settled)))
    assert "Not settled: “204” (p. 6).\nNot settled: “205” (p. 7).\n" in printed(
        replace(answer("x"), conflicts=(open_,))
    )


def test_not_found_and_footer() -> None:
    assert printed(answer(None)) == "Not found in what was read (2 of 78 chunks).\n"
    assert footer(answer("x")) == "rag · local · 1 call · 700 + 15 tokens · read 2 of 78 chunks · 5.3 s"


def test_footer_tells_what_was_spared_failed_and_unknown() -> None:
    def told(failed: int = 0, **usage: Any) -> str:
        coverage = Coverage(chunks=120, read=118, failed=failed)
        return footer(replace(answer("x"), usage=Usage(**usage), coverage=coverage))

    assert told(calls=3, cached_calls=12, cost=0.0).startswith(
        "rag · local · 3 calls (12 cached) · 0 + 0 tokens · read"
    )
    assert "failed" not in told(calls=3)
    assert "read 118 of 120 chunks, 2 failed" in told(2, calls=3)
    assert "2 calls · tokens unknown · read" in told(calls=2, prompt_tokens=None)
    assert "0 calls (7 cached) · read" in told(cached_calls=7)
    assert " · $1.2500 · " in told(calls=1, cost=1.25)


def test_footer_tells_how_many_sentences_stand_in_the_source() -> None:
    def told(sentences: int, unverified: int) -> str:
        retrieval = Retrieval(sentences=sentences, verbatim=0, unverified=unverified)
        return footer(replace(answer("x"), retrieval=retrieval))

    assert told(12, 3).endswith(" · read 2 of 78 chunks · 12 sentences retrieved, 3 not in the source · 5.3 s")
    assert told(1, 0).endswith(" · read 2 of 78 chunks · 1 sentence retrieved · 5.3 s")
    assert "retrieved" not in told(0, 0)


def test_money_and_sizes() -> None:
    assert [dollars(cost) for cost in (None, 0.0, 0.00001, 0.0001, 1234.5)] == [
        *("unknown", "$0.0000", "<$0.0001", "$0.0001", "$1,234.5000")
    ]
    assert [megabytes(size) for size in (0, 1, 5000, 2**20, 1536 * 2**20)] == [
        *("0 kB", "1 kB", "5 kB", "1.0 MB", "1,536.0 MB")
    ]


def test_footer_tells_what_the_servers_cache_gave() -> None:
    def told(prompt: int | None, cached: int | None) -> str:
        usage = Usage(calls=2, prompt_tokens=prompt, completion_tokens=30, cached_prompt_tokens=cached)
        return footer(replace(answer("x"), usage=usage))

    assert " · 2 calls · 1000 + 30 tokens (71 % of the prompts from the server's cache) · read" in told(1000, 719)
    assert "(100 % of" in told(1000, 1000)
    for prompt, cached in ((1000, None), (1000, 0), (1000, 3), (None, 700), (0, 0), (1000, 1200)):
        assert "cache" not in told(prompt, cached)

"""An answer on a terminal. What documents and models say is escaped: it never reaches the terminal as control codes."""

import re
from collections.abc import Iterator

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from longagent.answer import Answer, Citation, Retrieval, Rival, Usage

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_PARTED = re.compile(r"(?<=[^\W\d_])-\n(?=[a-z])")
"""A word parted at the end of a line; shown in one piece, while the quote in the record stays as it is."""
_LONGEST_QUOTE = 320
_LONGEST_RIVAL = 120
_MOST_RIVALS = 3
_MOST_PAGES = 4

_STATUS_STYLE = {"exact": "green", "close": "green", "located": "cyan", "unverified": "yellow"}


def inert(text: str) -> str:
    """Return text with control characters (colours, cursor moves, direction overrides) made visible."""
    return _CONTROL.sub(lambda match: f"\\x{ord(match.group()):02x}", text)


def one_line(text: str) -> str:
    """Return text on one line, inert."""
    return inert(" ".join(text.split()))


def readable(quote: str) -> str:
    """Return a quote on one line, its parted words in one piece."""
    return one_line(_PARTED.sub("", quote))


def print_answer(answer: Answer, console: Console) -> None:
    """Print answer and citations. Lines are not wrapped when the output is not a terminal."""
    whole = not console.is_terminal
    if answer.text is None:
        console.print(Text(_says_nothing(answer), style="bold yellow"), soft_wrap=whole)
        _print_conflicts(answer, console)
        return
    console.print(Text(inert(answer.text), style="bold"), soft_wrap=whole)
    for doubt in _doubts(answer):
        console.print(Text(doubt, style="yellow"), soft_wrap=whole)
    for number, citation in enumerate(answer.citations, start=1):
        console.print()
        for line in _citation(number, citation):
            if console.is_terminal:
                console.print(Padding(line, (0, 0, 0, 2)))
            else:
                console.print(Text("  ") + line, soft_wrap=True)
    _print_conflicts(answer, console)


def _print_conflicts(answer: Answer, console: Console) -> None:
    lines = list(_contradicted(answer))
    if lines:
        console.print()
    for line in lines:
        console.print(Text(line, style="dim"), soft_wrap=not console.is_terminal)


def _contradicted(answer: Answer) -> Iterator[str]:
    """Yield what parts of the source said otherwise."""
    rivals = [rival for conflict in answer.conflicts for rival in conflict.rivals if not rival.kept]
    # One that was kept against all others is what was gone on with; several are not settled.
    kept = ([rival for rival in conflict.rivals if rival.kept] for conflict in answer.conflicts)
    open_ = [rival for left in kept if len(left) > 1 for rival in left]
    for rival in open_[:_MOST_RIVALS]:
        yield f"Not settled: “{_shortened(rival.answer, _LONGEST_RIVAL)}” ({_places(rival)})."
    for rival in rivals[:_MOST_RIVALS]:
        reason = _shortened(rival.reason.rstrip(". "), _LONGEST_RIVAL)
        yield f"Rejected: “{_shortened(rival.answer, _LONGEST_RIVAL)}” ({_places(rival)}): {reason}."
    if more := len(open_[_MOST_RIVALS:]) + len(rivals[_MOST_RIVALS:]):
        yield f"{more} more answer{'s'[: more != 1]} of single chunks; --json tells them all."


def _places(rival: Rival) -> str:
    places = list(dict.fromkeys((source.document, source.where or f"p. {source.page}") for source in rival.sources))
    several = len({document for document, _ in places}) > 1
    listed = [f"{document} {where}" if several else where for document, where in places[:_MOST_PAGES]]
    if not several and all(where.startswith("p. ") for where in listed):
        listed = [listed[0], *(where.removeprefix("p. ") for where in listed[1:])]
    return one_line(", ".join(listed)) + (", …" if len(places) > _MOST_PAGES else "")


def _says_nothing(answer: Answer) -> str:
    read, chunks = answer.coverage.read, answer.coverage.chunks
    if not answer.written:
        return f"No answer could be written within the limits; {read} of {chunks} chunks were read."
    if not chunks:
        return "No conclusion was reached."
    where = "the document" if read == chunks else f"what was read ({read} of {chunks} chunks)"
    return f"Not found in {where}." if read else "Nothing was read, so nothing was found."


def _doubts(answer: Answer) -> Iterator[str]:
    read, chunks = answer.coverage.read, answer.coverage.chunks
    # Without chunks it was reasoned, not read; there is nothing more to say of it.
    if chunks and answer.traced is None:
        yield "Not checked against the source."
    elif chunks and not answer.traced:
        yield "Not traced to the source: what was read does not carry this answer."
    if chunks and answer.partial:
        yield f"Partial: {read} of {chunks} chunks were read."


def _citation(number: int, citation: Citation) -> Iterator[Text]:
    status = (citation.status, _STATUS_STYLE[citation.status])
    if citation.quote is None or citation.page is None:
        yield Text.assemble(f"[{number}] ", status)
        yield Text(f"“{_shortened(citation.said or '')}” does not stand in the source.", style="italic")
        return
    where = one_line(citation.where or _pages(citation))
    yield Text.assemble(f"[{number}] ", (where, "bold"), f"  {one_line(citation.document)}  ", status)
    yield Text(f"“{_shortened(citation.quote)}”", style="italic")


def _pages(citation: Citation) -> str:
    """Return where it stands, for answers from before places had words."""
    pages = f"p. {citation.page}"
    return pages if citation.page == citation.page_end else f"{pages}–{citation.page_end}"


def _shortened(quote: str, most: int = _LONGEST_QUOTE) -> str:
    line = readable(quote)
    return line if len(line) <= most else line[: most - 1].rsplit(" ", 1)[0] + "…"


def footer(answer: Answer) -> str:
    """Return what the answer took, in one line."""
    usage, coverage = answer.usage, answer.coverage
    calls = "1 call" if usage.calls == 1 else f"{usage.calls} calls"
    took = [calls + (f" ({usage.cached_calls} cached)" if usage.cached_calls else "")]
    if usage.calls:
        took.append(_says_tokens(usage))
    if usage.cost:
        took.append(dollars(usage.cost))
    if coverage.chunks:
        failed = f", {coverage.failed} failed" if coverage.failed else ""
        took.append(f"read {coverage.read} of {coverage.chunks} chunks{failed}")
    if answer.ranking and answer.ranking != "bm25":
        took.append(f"ranked by {answer.ranking}")
    if answer.retrieval and answer.retrieval.sentences:
        took.append(_says_retrieved(answer.retrieval))
    return " · ".join([answer.strategy, answer.model, *took, f"{answer.seconds:.1f} s"])


def _says_tokens(usage: Usage) -> str:
    if usage.prompt_tokens is None or usage.completion_tokens is None:
        return "tokens unknown"
    tokens = f"{usage.prompt_tokens} + {usage.completion_tokens} tokens"
    # Rounded down: "100 %" is all of it.
    share = 100 * (usage.cached_prompt_tokens or 0) // (usage.prompt_tokens or 1)
    return f"{tokens} ({share} % of the prompts from the server's cache)" if 0 < share <= 100 else tokens


def _says_retrieved(retrieval: Retrieval) -> str:
    sentences = "1 sentence" if retrieval.sentences == 1 else f"{retrieval.sentences} sentences"
    missing = f", {retrieval.unverified} not in the source" if retrieval.unverified else ""
    return f"{sentences} retrieved{missing}"


def dollars(cost: float | None) -> str:
    """Return a price; four decimals, since a call may cost less than a cent."""
    if cost is None:
        return "unknown"
    return "<$0.0001" if 0 < cost < 0.0001 else f"${cost:,.4f}"


def megabytes(size: int) -> str:
    """Return a size on disk, given in bytes."""
    return f"{size / 2**20:,.1f} MB" if size >= 2**20 else f"{-(-size // 2**10)} kB"

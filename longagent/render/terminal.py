"""An answer on a terminal. What documents and models say is escaped: it never reaches the terminal as control codes."""

import re
from collections.abc import Iterator

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from longagent.answer import Answer, Citation

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_PARTED = re.compile(r"(?<=[^\W\d_])-\n(?=[a-z])")
"""A word parted at the end of a line; shown in one piece, while the quote in the record stays as it is."""
_LONGEST_QUOTE = 320

_STATUS_STYLE = {"exact": "green", "close": "green", "located": "cyan", "unverified": "yellow"}


def inert(text: str) -> str:
    """Return text with control characters (colours, cursor moves, direction overrides) made visible."""
    return _CONTROL.sub(lambda match: f"\\x{ord(match.group()):02x}", text)


def one_line(text: str) -> str:
    """Return text on one line, inert."""
    return inert(" ".join(text.split()))


def print_answer(answer: Answer, console: Console) -> None:
    """Print answer and citations. Lines are not wrapped when the output is not a terminal."""
    if answer.text is None:
        read, chunks = answer.coverage.read, answer.coverage.chunks
        where = "the document" if read == chunks else f"what was read ({read} of {chunks} chunks)"
        console.print(Text(f"Not found in {where}.", style="bold yellow"), soft_wrap=True)
        return
    console.print(Text(inert(answer.text), style="bold"), soft_wrap=True)
    for number, citation in enumerate(answer.citations, start=1):
        console.print()
        for line in _citation(number, citation):
            if console.is_terminal:
                console.print(Padding(line, (0, 0, 0, 2)))
            else:
                console.print(Text("  ") + line, soft_wrap=True)


def _citation(number: int, citation: Citation) -> Iterator[Text]:
    status = (citation.status, _STATUS_STYLE[citation.status])
    if citation.quote is None or citation.page is None:
        yield Text.assemble(f"[{number}] ", status)
        yield Text(f"“{_shortened(citation.said or '')}” does not stand in the source.", style="italic")
        return
    pages = f"p. {citation.page}" if citation.page == citation.page_end else f"p. {citation.page}–{citation.page_end}"
    yield Text.assemble(f"[{number}] ", (pages, "bold"), f"  {one_line(citation.document)}  ", status)
    yield Text(f"“{_shortened(citation.quote)}”", style="italic")


def _shortened(quote: str) -> str:
    line = one_line(_PARTED.sub("", quote))
    return line if len(line) <= _LONGEST_QUOTE else line[: _LONGEST_QUOTE - 1].rsplit(" ", 1)[0] + "…"


def footer(answer: Answer) -> str:
    """Return what the answer took, in one line."""
    usage, coverage = answer.usage, answer.coverage
    tokens = "tokens unknown"
    if usage.prompt_tokens is not None and usage.completion_tokens is not None:
        tokens = f"{usage.prompt_tokens} + {usage.completion_tokens} tokens"
    calls = "1 call" if usage.calls == 1 else f"{usage.calls} calls"
    cost = f" · ${usage.cost:.4f}" if usage.cost else ""
    read = f"read {coverage.read} of {coverage.chunks} chunks"
    return f"{answer.strategy} · {answer.model} · {calls} · {tokens}{cost} · {read} · {answer.seconds:.1f} s"

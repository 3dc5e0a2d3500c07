"""Our chunking beside maintained splitters with a core in Rust or C: time, borders, limits. Prints a Markdown table.

    pip install semantic-text-splitter chonkie chonkie-core
    python benchmarks/splitters.py ../shared/data/dev

All count in o200k tokens. A chunk begins mid-sentence if no full stop and no blank line stands before it, and it does
not begin with a capital, a figure or a bullet: a rule of this script alone, which none of the splitters follows. Each
splitter has a process of its own, and a minute for each text.
"""

import argparse
import asyncio
import multiprocessing
import re
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

LIMIT = 400
SECONDS = 60
SIZE = 1_000_000
_ENDED = re.compile(r"[.!?…。！？｡．؟۔।:]['\"’”»)\]」』）]*(?:\[\d{1,3}\])?\s*$")
_FRESH = re.compile(r"[\dA-ZÀ-Þ\"“‘'(\[•●▪■–—*$#-]")
_JAPANESE = (
    "{n}日の朝、測量士は北の砂丘を歩いて風と潮を記録した。",
    "「本当に{n}羽のカモメがいたのですか？」と記者は尋ねた。",
    "報告書の{n}ページによると、予算は前年より少し増えたが、原因はまだ分かっていない。",
    "彼は何も言わずに帰った！",
)

Spans = Sequence[tuple[int, int]]


def texts(folder: Path) -> dict[str, str]:
    """Return what is cut, by its name in the table."""
    docs = folder / "docs"
    prose = "".join(path.read_text("utf-8") for path in sorted((docs / "nocha").glob("*.txt")))
    dense = "".join(sha256(str(n).encode()).hexdigest() for n in range(SIZE // 64 + 1))
    chinese = (docs / "xquad/xquad_zh_dev.txt").read_text("utf-8") + (docs / "cmrc2018/cmrc_mix_dev.txt").read_text(
        "utf-8"
    )
    arabic = (docs / "xquad/xquad_ar_dev.txt").read_text("utf-8")
    japanese = "".join(line.format(n=n) + "\n\n" * (n % 7 == 0) for n in range(9_000) for line in _JAPANESE)
    return {
        "prose": _long(prose),
        "no white space": dense[:SIZE],
        "Chinese": _long(chinese),
        "Arabic": _long(arabic),
        "Japanese": japanese[:SIZE],
        "PDF": _long(asyncio.run(_pdf_text(sorted((docs / "financebench").glob("*.pdf"))))),
    }


def _long(text: str) -> str:
    return (text * (SIZE // len(text) + 1))[:SIZE]


async def _pdf_text(paths: Sequence[Path]) -> str:
    from longagent.documents import load

    return "\n\n".join(document.text for document in (await load(paths)).documents)


def ours(text: str) -> Spans:
    """`longagent.documents.chunk`."""
    from longagent.documents import Document, chunk

    return [(piece.span.start, piece.span.end) for piece in chunk([Document.from_text(text)], tokens=LIMIT)]


def semantic(text: str) -> Spans:
    """`semantic-text-splitter`, by tokens."""
    from semantic_text_splitter import TextSplitter

    splitter = TextSplitter.from_tiktoken_model("gpt-4o", LIMIT)
    return [(start, start + len(piece)) for start, piece in splitter.chunk_indices(text)]


def chonkie_sentence(text: str) -> Spans:
    """Chonkie's chunker of sentences, with its full stops and those of the scripts here."""
    from chonkie import SentenceChunker

    stops = [". ", "! ", "? ", "\n", "。", "！", "？", "؟ "]
    chunker = SentenceChunker(tokenizer=_tokenizer(), chunk_size=LIMIT, delim=stops, min_characters_per_sentence=1)
    return [(piece.start_index, piece.end_index) for piece in chunker.chunk(text)]


def chonkie_recursive(text: str) -> Spans:
    """Chonkie's recursive chunker, as it comes."""
    from chonkie import RecursiveChunker

    chunker = RecursiveChunker(tokenizer=_tokenizer(), chunk_size=LIMIT)
    return [(piece.start_index, piece.end_index) for piece in chunker.chunk(text)]


def _tokenizer() -> object:
    from longagent.documents.tokens import _encoding

    return _encoding()


SPLITTERS: dict[str, Callable[[str], Spans]] = {
    "longagent": ours,
    "semantic-text-splitter": semantic,
    "chonkie sentence": chonkie_sentence,
    "chonkie recursive": chonkie_recursive,
}


def cells(splitter: str, text: str) -> list[str]:
    """Return what the table says of one splitter on one text."""
    from longagent.documents.tokens import count_tokens

    cut = SPLITTERS[splitter]
    cut("Warm up. " * 10)
    begun = time.perf_counter()
    spans = cut(text)
    seconds = time.perf_counter() - begun
    over = sum(count_tokens(text[start:end].strip()) > LIMIT for start, end in spans)
    broken = sum(_is_mid_sentence(text, start) for start, end in spans if text[start:end].strip())
    # Offsets that lie, or text that is lost.
    position = lost = 0
    for start, end in spans:
        lost += len(text[position:start].strip()) if start >= position else position - start
        position = end
    lost += len(text[position:].strip())
    mean = sum(count_tokens(text[start:end]) for start, end in spans) / len(spans)
    return [
        f"{seconds:.2f} s",
        str(len(spans)),
        f"{mean:.0f}",
        f"{100 * broken / len(spans):.0f} %",
        str(over),
        str(lost),
    ]


def _is_mid_sentence(text: str, start: int) -> bool:
    while start < len(text) and text[start].isspace():
        start += 1
    before = text[max(0, start - 60) : start]
    gap = before[len(before.rstrip()) :]
    return bool(before.strip()) and gap.count("\n") < 2 and not _ENDED.search(before) and not _FRESH.match(text, start)


def _work(splitter: str, text: str, results: "multiprocessing.Queue[list[str]]") -> None:
    results.put(cells(splitter, text))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    of = parser.parse_args()
    print(
        "| text, 1M characters | splitter | time | chunks | mean tokens | begin mid-sentence | over the limit | lost |"
    )
    print("|---|---|---|---|---|---|---|---|")
    context = multiprocessing.get_context("spawn")
    for name, text in texts(of.folder).items():
        for splitter in SPLITTERS:
            results = context.Queue()
            process = context.Process(target=_work, args=(splitter, text, results))
            process.start()
            process.join(SECONDS)
            if process.is_alive():
                process.kill()
                told = [f"over {SECONDS} s", *"–––––"]
            else:
                told = results.get() if process.exitcode == 0 else ["fails", *"–––––"]
            print(f"| {name} | {splitter} | {' | '.join(told)} |", flush=True)


if __name__ == "__main__":
    main()

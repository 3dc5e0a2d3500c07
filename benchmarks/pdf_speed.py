"""PDF text, pages a second: ours in a warm guarded process (the file goes in, the text comes out), pypdf, PyMuPDF.

Run it where the folder of financebench's PDFs is, with the two others installed for this alone (PyMuPDF is under the
AGPL, and never a dependency):

    pip install "pypdf[crypto]" pymupdf
    python benchmarks/pdf_speed.py ../shared/data/dev/docs/financebench

Rounds alternate between the readers; the best of each counts, since other work on the machine only ever slows them.
"""

import argparse
import asyncio
import io
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from longagent.documents.guard import Pool
from longagent.documents.parsed import USUAL
from longagent.documents.shares import read_shares


def pypdf_pages(data: bytes) -> int:
    from pypdf import PdfReader

    return len([page.extract_text() for page in PdfReader(io.BytesIO(data)).pages])


def pymupdf_pages(data: bytes) -> int:
    import pymupdf

    with pymupdf.open(stream=data, filetype="pdf") as document:
        return len([page.get_text() for page in document])


async def ours(files: Sequence[bytes], *, processes: int, rounds: int) -> tuple[int, float]:
    best, pages = float("inf"), 0
    async with Pool(processes) as pool:
        await asyncio.gather(*(pool.read("pdf", min(files, key=len)) for _ in range(processes)))  # warms them
        for _ in range(rounds):
            started = time.perf_counter()
            parsed = await asyncio.gather(*(read_shares(pool, "pdf", data, options=USUAL) for data in files))
            best = min(best, time.perf_counter() - started)
            pages = sum(len(one.parts) for one in parsed)
    return pages, best


def plainly(read: Callable[[bytes], int], files: Sequence[bytes]) -> tuple[int, float]:
    started = time.perf_counter()
    return sum(map(read, files)), time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    files = [path.read_bytes() for path in sorted(options.folder.glob("*.pdf"))]
    taken: dict[str, list[tuple[int, float]]] = {}
    for number in range(options.rounds):
        rows = {
            "longagent, 1 warm guarded process": asyncio.run(ours(files, processes=1, rounds=1)),
            "longagent, 2 warm guarded processes": asyncio.run(ours(files, processes=2, rounds=1)),
            "PyMuPDF, in process": plainly(pymupdf_pages, files),
        }
        if number == 0:  # once: it takes far longer than all the rest
            rows["pypdf, in process"] = plainly(pypdf_pages, files)
        for name, row in rows.items():
            taken.setdefault(name, []).append(row)
    slowest = taken["pypdf, in process"][0]
    print("| reader | pages | seconds | pages/s | × pypdf |\n|---|---|---|---|---|")
    for name, results in taken.items():
        pages, seconds = min(results, key=lambda row: row[1])
        ratio = (pages / seconds) / (slowest[0] / slowest[1])
        print(f"| {name} | {pages} | {seconds:.2f} | {pages / seconds:.0f} | {ratio:.1f} |")


if __name__ == "__main__":
    main()

"""PDF pages without text, read from their picture by RapidOCR (the extra `ocr`), whose models are in its wheel."""

from functools import cache
from typing import Any

from longagent.documents.formats.boxes import Box, lines_of, tilt
from longagent.documents.formats.pdf import opened
from longagent.documents.formats.text import clean
from longagent.documents.parsed import USUAL, Options, Parsed, Part, UnreadableError

VERSION = "rapidocr-3/1"
"""What decides the text besides the page; pages that are kept are kept under it."""

_DPI = 150
_LONGEST = 2400
"""Pixels of a side; larger pages are drawn smaller."""
_SURE = 0.8
"""Mean confidence below which the page may stand on its head."""
_FEWEST = 3
"""Letters and digits; fewer are seen in pictures without any."""
_USABLE = 0.5
"""Confidence below which a line is noise, such as a photograph's."""


def read(data: bytes, options: Options = USUAL) -> Parsed:
    """Read the pages of `options.pages`; the parts are these pages, and no others."""
    with opened(data, options.password) as document:
        return Parsed(tuple(Part(_page(document, number)) for number in options.pages), paged=True)


def _page(document: Any, number: int) -> str:
    page = document[number - 1]
    try:
        scale = min(_DPI / 72, _LONGEST / max(page.get_size()))
        picture = page.render(scale=scale, rev_byteorder=False, prefer_bgrx=False).to_numpy()
    finally:
        page.close()
    text = clean("\n".join(lines_of(_recognised(picture))))
    return text if sum(map(str.isalnum, text)) >= _FEWEST else ""


def _recognised(picture: Any) -> list[Box]:
    """Return the words with their places, the page turned upright if need be."""
    import numpy

    if picture.ndim == 3 and picture.shape[2] == 1:
        picture = picture[:, :, 0]
    boxes = _run(picture)
    if not boxes:
        return []
    if tilt(boxes) == "sideways":
        picture = numpy.ascontiguousarray(numpy.rot90(picture))
        boxes = _run(picture)
    if _confidence(boxes) < _SURE:
        turned = _run(numpy.ascontiguousarray(numpy.rot90(picture, 2)))
        boxes = max(boxes, turned, key=_confidence)
    return [box for box in boxes if box.score >= _USABLE]


def _run(picture: Any) -> list[Box]:
    found = _engine()(picture, use_cls=False)
    if found.boxes is None or found.txts is None:
        return []
    return [
        Box(text, tuple((float(x), float(y)) for x, y in corners), float(score))
        for text, corners, score in zip(found.txts, found.boxes, found.scores, strict=True)
    ]


def _confidence(boxes: list[Box]) -> float:
    """Mean over characters, so that specks count little."""
    size = sum(len(box.text) for box in boxes)
    return sum(box.score * len(box.text) for box in boxes) / size if size else 0.0


@cache
def _engine() -> Any:
    try:
        from rapidocr import RapidOCR
    except ImportError as error:
        problem = "looks scanned, and OCR cannot start"
        raise UnreadableError(f"{problem} ({error}).", "Install it: pip install 'longagent[ocr]'.") from None
    # One thread and one line at a time: pages are read side by side, and padding to the longest line costs twice the
    # time. Of larger pictures than 1280 the detector finds no more, in four times the time (measured).
    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            "EngineConfig.onnxruntime.enable_cpu_mem_arena": False,
            "Det.limit_type": "max",
            "Det.limit_side_len": 1280,
            "Rec.rec_batch_num": 1,
        }
    )

"""One file per format. Each has `read(data, options) -> Parsed`, and imports its library inside of functions."""

from collections.abc import Mapping

READERS: Mapping[str, str] = {
    "pdf": "longagent.documents.formats.pdf",
    "markdown": "longagent.documents.formats.markdown",
    "text": "longagent.documents.formats.text",
    "pdf-ocr": "longagent.documents.formats.pdf_ocr",
}
"""Which module reads a format of `sniff.Format`, or pages by OCR; imported in the guarded process, when needed."""

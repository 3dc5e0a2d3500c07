"""One file per format. Each has `read(data, options) -> Parsed`, and imports its library inside of functions."""

from collections.abc import Mapping

READERS: Mapping[str, str] = {
    "email": "longagent.documents.formats.email",
    "epub": "longagent.documents.formats.epub",
    "html": "longagent.documents.formats.html",
    "pdf": "longagent.documents.formats.pdf",
    "docx": "longagent.documents.formats.docx",
    "pptx": "longagent.documents.formats.pptx",
    "xlsx": "longagent.documents.formats.xlsx",
    "locked": "longagent.documents.formats.locked",
    "csv": "longagent.documents.formats.csv",
    "markdown": "longagent.documents.formats.markdown",
    "text": "longagent.documents.formats.text",
    "pdf-ocr": "longagent.documents.formats.pdf_ocr",
}
"""Which module reads a format of `sniff.Format`, or pages by OCR; imported in the guarded process, when needed."""

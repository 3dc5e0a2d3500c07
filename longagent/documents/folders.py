"""What is taken from a folder, and what is left alone: a folder is named for the documents that people keep in it."""

import os
from collections.abc import Iterator
from pathlib import Path

_SUFFIXES = frozenset(
    {
        *("", ".pdf", ".txt", ".text", ".md", ".markdown", ".rst", ".adoc", ".org", ".tex", ".log"),
        *(".docx", ".docm", ".dotx", ".dotm", ".pptx", ".pptm", ".ppsx", ".ppsm", ".potx", ".potm"),
        *(".xlsx", ".xlsm", ".xltx", ".xltm", ".csv", ".tsv", ".tab", ".psv"),
        *(".html", ".htm", ".xhtml", ".xht", ".shtml", ".epub", ".eml", ".srt", ".vtt"),
        # Surely meant, and not readable: the reader's refusal says what they are, and what to do.
        *(".doc", ".ppt", ".xls", ".odt", ".odp", ".ods", ".msg"),
    }
)
_SKIPPED_FOLDERS = frozenset({"node_modules", "bower_components", "site-packages", "__pycache__", "__MACOSX", "CVS"})
_BUILT = frozenset({"build", "dist", "out", "target"})
_PROJECT = frozenset(
    {"pyproject.toml", "setup.py", "package.json", "Cargo.toml", "CMakeLists.txt", "pom.xml", "build.gradle"}
)
"""Beside one of these, `build` or `target` holds what a program made; elsewhere it may hold documents."""
_MARKS = frozenset({"pyvenv.cfg", "CACHEDIR.TAG"})
"""By one of these a virtual environment or a cache gives itself away, whatever it is called."""
_LITTER = frozenset({"Thumbs.db", "desktop.ini", "ehthumbs.db", "Icon\r"})


def is_document(path: Path) -> bool:
    """Whether a file in a folder is called like a document; one that is named may be called anything."""
    return path.suffix.lower() in _SUFFIXES


def is_skipped(folder: str) -> bool:
    """Whether nobody keeps documents in a folder of this name."""
    return folder in _SKIPPED_FOLDERS


def is_litter(name: str) -> bool:
    """Whether a file holds what a program keeps for itself."""
    # Office keeps "~$report.docx" beside a document that is open.
    return name.startswith("~$") or name in _LITTER


def walk(folder: str) -> Iterator[Path]:
    """Yield the files below a folder in a stable order; links to folders are not followed.

    Hidden files and folders are left out, what other programs leave behind, and environments, caches and builds.
    """
    for place, folders, files in os.walk(folder):
        built = _BUILT if _PROJECT.intersection(files) else frozenset()
        folders[:] = sorted(name for name in folders if name not in built and _is_entered(place, name))
        yield from (Path(place, name) for name in sorted(files) if name[0] != "." and not is_litter(name))


def _is_entered(place: str, name: str) -> bool:
    if name[0] in ".$" or is_skipped(name):
        return False
    return not any(os.path.exists(os.path.join(place, name, mark)) for mark in _MARKS)  # noqa: PTH110, PTH118

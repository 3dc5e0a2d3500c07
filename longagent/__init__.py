"""Ask documents that are longer than a model can read well; get answers whose page citations were checked."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from longagent.answer import Answer, Citation, Coverage, Usage
    from longagent.documents import Document
    from longagent.errors import LongagentError
    from longagent.finding import Found, afind, find
    from longagent.once import aask, areason, ask, reason
    from longagent.session import Session

__version__ = "0.1.0.dev0"

__all__ = [
    "Answer",
    "Citation",
    "Coverage",
    "Document",
    "Found",
    "LongagentError",
    "Session",
    "Usage",
    "aask",
    "afind",
    "areason",
    "ask",
    "find",
    "reason",
]

_HOMES = {
    "Answer": "answer",
    "Citation": "answer",
    "Coverage": "answer",
    "Usage": "answer",
    "Document": "documents",
    "Found": "finding",
    "LongagentError": "errors",
    "Session": "session",
    "aask": "once",
    "afind": "finding",
    "areason": "once",
    "ask": "once",
    "find": "finding",
    "reason": "once",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]

"""What became of sources: documents in the order given, and what the user should know about the others."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from longagent.documents.document import Document
from longagent.documents.paths import OtherKindError
from longagent.errors import SourceError

_MOST_TOLD = 12
"""Files of a folder that cannot be read and are told by name; a person will look after each."""
_MOST_EQUAL = 3
"""Sources with the content of others that are told by name."""


class Loaded(NamedTuple):
    """Documents in the order given, and everything the user should know about the sources."""

    documents: tuple[Document, ...]
    warnings: tuple[str, ...]


@dataclass
class Outcome:
    """What was read, and what was not; filled in the order of the sources."""

    documents: dict[str, Document] = field(default_factory=dict)
    failures: list[SourceError] = field(default_factory=list)
    """Of sources that were named."""
    swept: dict[str, list[SourceError]] = field(default_factory=dict)
    """Of files found in a folder or by a pattern."""
    repeated: list[tuple[str, str]] = field(default_factory=list)
    """Names of sources with the same content as another one, and the names of those."""

    def add(self, document: Document, name: str) -> None:
        """Take a document in, which the source of that name was read into."""
        if document.id in self.documents:
            self.repeated.append((name, self.documents[document.id].name))
        else:
            self.documents[document.id] = document

    def fail(self, error: SourceError, sweep: str | None) -> None:
        """Take down that a source cannot be read; `sweep` is the folder or pattern it was found by."""
        if sweep is None:
            self.failures.append(error)
        else:
            self.swept.setdefault(sweep, []).append(error)

    def finish(self) -> Loaded:
        """Return documents and warnings.

        Raises:
            SourceError: there is no document.
        """
        if not self.documents:
            raise self._nothing()
        documents = _told_apart(list(self.documents.values()))
        warnings = [f"{document.name}: {text}" for document in documents for text in document.warnings]
        warnings += [f"skipped: {error}" for error in self.failures]
        # In a folder other files are to be expected: one line for all of them.
        warnings += [f"skipped in {sweep}: {_listed(errors, sweep)}" for sweep, errors in self.swept.items()]
        return Loaded(tuple(documents), (*warnings, *_same(self.repeated)))

    def _nothing(self) -> SourceError:
        failures = [*self.failures]
        for sweep, errors in self.swept.items():
            failures.append(
                SourceError(sweep, "no documents in it that can be read.", hint=f"Skipped: {_listed(errors, sweep)}.")
            )
        first, others = failures[0], len(failures) - 1
        if not others:
            return first
        more = "1 more source" if others == 1 else f"{others} more sources"
        return SourceError(first.source, first.problem, hint=f"{first.hint} Nor could {more} be read.".strip())


def _told_apart(documents: list[Document]) -> list[Document]:
    """Number documents that are called the same, so that a citation names one of them."""
    given = {document.name for document in documents}
    last = Counter[str]()
    named: dict[str, Document] = {}
    for document in documents:
        name = document.name
        while name in named or (name != document.name and name in given):
            last[document.name] += 1
            name = f"{document.name} ({last[document.name] + 1})"
        named[name] = document if name == document.name else replace(document, name=name)
    return list(named.values())


def _same(repeated: Sequence[tuple[str, str]]) -> list[str]:
    told = repeated if len(repeated) <= _MOST_EQUAL + 1 else repeated[:_MOST_EQUAL]
    lines = [f"{name} has the same content as {known} and was read once" for name, known in told]
    if more := len(repeated) - len(told):
        lines.append(f"{more} more sources have the same content as others and were read once")
    return lines


def _listed(errors: list[SourceError], sweep: str) -> str:
    """Name the first few files that look like documents, and count the rest."""
    failed = [error for error in errors if not isinstance(error, OtherKindError)]
    told = failed[:_MOST_TOLD]
    parts = [f"{error.source.removeprefix(sweep).lstrip('/')} ({error.problem.rstrip('.')})" for error in told]
    if len(failed) > len(told):
        parts.append(f"{len(failed) - len(told)} more that cannot be read")
    if others := len(errors) - len(failed):
        parts.append("1 file of another kind" if others == 1 else f"{others} files of other kinds")
    return ", ".join(parts)

"""The sentences of documents and their words are kept, so that a second search cuts and reads nothing."""

import asyncio
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import numpy as np

from longagent.documents.document import Document
from longagent.documents.kept import cut_key
from longagent.retrievers import postings
from longagent.retrievers.postings import Postings, packed, unpacked
from longagent.retrievers.sentences import Sentenced, Sentences, sentenced
from longagent.store.index_store import IndexStore

_VERSION = 1
"""Of what is kept, and of which sentences count; the key holds that of words and of the code that finds sentences."""
_WORTH_KEEPING = 2_000
"""Code points from which looking up is faster than cutting."""


async def kept_sentences(documents: Sequence[Document], store: IndexStore | None) -> Sentences:
    """Return what ranks the sentences of documents: those that are kept, and the others found now, and kept."""
    if store is None:
        return await asyncio.to_thread(Sentences, documents)
    shelf = store.shelf("words")
    long = [document for document in documents if len(document.text) >= _WORTH_KEEPING]
    keys = dict(zip(map(id, long), await asyncio.to_thread(lambda: [*map(_key, long)]), strict=True))
    records = await shelf.get_many([*keys.values()])
    read: list[Sentenced] = []
    for document in documents:
        key = keys.get(id(document))
        record = records.pop(key, None) if key else None
        found = None if record is None else await asyncio.to_thread(_from_record, record, document)
        if found is None:
            found = await asyncio.to_thread(sentenced, document)
            if key:
                await shelf.put(key, await asyncio.to_thread(_to_record, found))
        read.append(found)
    return await asyncio.to_thread(Sentences, documents, read)


def _key(document: Document) -> bytes:
    about = f"sentences {_VERSION} {postings.VERSION}\0"
    return sha256(about.encode() + cut_key(document, tokens=0, fill=0)).digest()


def _to_record(read: Sentenced) -> dict[str, Any]:
    return {"starts": packed(read.starts), "ends": packed(read.ends), "words": read.words.to_record()}


def _from_record(record: dict[str, Any], document: Document) -> Sentenced | None:
    try:
        starts, ends = unpacked(record["starts"], np.int32), unpacked(record["ends"], np.int32)
        words = Postings.from_record(record["words"])
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        return None
    whole = len(starts) == len(ends) == len(words)
    if not whole or not np.all((starts >= 0) & (starts < ends) & (ends <= len(document.text))):
        return None
    return Sentenced(starts, ends, words)

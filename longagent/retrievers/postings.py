"""Which text has which word how often, as arrays: BM25 over many texts, quick to build, to ask and to keep.

The scores are those of rank-bm25's `BM25Plus` with delta 0, within the precision of 32 bits. rank-bm25 looks at every
text for every word of a query, 120 ms for 50,000 texts; bm25s answers as fast as this, but takes half as long again to
build, words included (`benchmarks/retrieval.py --speed`).
"""

from array import array
from base64 import b64decode, b64encode
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from longagent.evidence.words import keys

VERSION = 1
"""Of what is kept, to be raised with every change to it or to `evidence.words.keys`."""

_K1, _B = 1.5, 0.75


class Postings:
    """The texts that hold each term, term by term, and how often."""

    def __init__(
        self,
        terms: Mapping[str, int],
        *,
        starts: NDArray[np.int64],
        texts: NDArray[np.int32],
        counts: NDArray[np.int32],
        lengths: NDArray[np.int32],
    ) -> None:
        """Take the arrays.

        Args:
            terms: number of each term.
            starts: where the entries of each term begin, and at last where they end.
            texts: index of the text, for each entry.
            counts: how often the term stands in it, for each entry.
            lengths: number of terms in each text.
        """
        self._terms = terms
        self._starts = starts
        self._texts = texts
        self._counts = counts
        self._lengths = lengths
        # Without a single word the mean is zero, but then nothing is divided by it.
        relative = (lengths / (lengths.mean() or 1.0)).astype(np.float32) if len(lengths) else lengths
        found = np.diff(starts)
        rarity = np.log((len(lengths) + 1) / np.maximum(found, 1)).astype(np.float32)
        self._weights = np.repeat(rarity, found) * saturated(counts.astype(np.float32), relative[texts])

    @classmethod
    def of_texts(cls, texts: Iterable[str]) -> Self:
        """Read texts one by one; none is held."""
        terms: defaultdict[str, int] = defaultdict()
        terms.default_factory = terms.__len__
        flat, lengths = array("i"), array("i")
        for text in texts:
            found = keys(text)
            flat.extend(map(terms.__getitem__, found))
            lengths.append(len(found))
        size = max(1, len(lengths))
        # One number for term and text together: sorted, all entries of a term stand side by side, texts in order.
        pairs = np.frombuffer(flat, np.int32).astype(np.int64)
        pairs *= size
        pairs += np.repeat(np.arange(len(lengths), dtype=np.int32), np.frombuffer(lengths, np.int32))
        pairs.sort()
        firsts = np.flatnonzero(np.diff(pairs, prepend=-1))
        counts = np.diff(firsts, append=len(pairs)).astype(np.int32)
        numbers, of_text = np.divmod(pairs[firsts], size)
        return cls(
            dict(terms),
            starts=np.searchsorted(numbers, np.arange(len(terms) + 1)),
            texts=of_text.astype(np.int32),
            counts=counts,
            lengths=np.frombuffer(lengths, np.int32),
        )

    def __len__(self) -> int:
        return len(self._lengths)

    def scores(self, query: str) -> NDArray[np.float32]:
        """Return how well each text fits a query, 0 where it has no word of it."""
        scores = np.zeros(len(self), np.float32)
        for key in keys(query):
            number = self._terms.get(key)
            if number is not None:
                entries = slice(self._starts[number], self._starts[number + 1])
                scores[self._texts[entries]] += self._weights[entries]
        return scores

    @property
    def lengths(self) -> NDArray[np.int32]:
        """How many terms each text has."""
        return self._lengths

    def found(self, key: str) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return the texts that have a term, and how often each has it."""
        number = self._terms.get(key)
        entries = slice(0) if number is None else slice(self._starts[number], self._starts[number + 1])
        return self._texts[entries], self._counts[entries]

    def to_record(self) -> dict[str, Any]:
        """Return all of it as plain JSON."""
        return {
            "terms": "\n".join(self._terms),
            "starts": packed(self._starts),
            "texts": packed(self._texts),
            "counts": packed(self._counts),
            "lengths": packed(self._lengths),
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """Return what `to_record` was made from.

        Raises:
            ValueError, KeyError, TypeError: it is no such record.
        """
        terms = {term: number for number, term in enumerate(record["terms"].split("\n") if record["terms"] else [])}
        starts, texts = unpacked(record["starts"], np.int64), unpacked(record["texts"], np.int32)
        counts, lengths = unpacked(record["counts"], np.int32), unpacked(record["lengths"], np.int32)
        if len(starts) != len(terms) + 1 or starts[-1] != len(texts) or len(texts) != len(counts):
            raise ValueError("the arrays do not belong together")
        if len(texts) and not 0 <= texts.min() <= texts.max() < len(lengths):
            raise ValueError("an entry is of no text")
        return cls(terms, starts=starts, texts=texts, counts=counts, lengths=lengths)


def saturated(count: Any, length: Any) -> Any:
    """Return what a word counts for that stands so often in a text of such a length, the usual length being 1."""
    return count * (_K1 + 1) / (count + _K1 * (1 - _B + _B * length))


def packed(values: NDArray[Any]) -> str:
    """Return the bytes of an array, little-endian, as text."""
    return b64encode(values.astype(values.dtype.newbyteorder("<")).tobytes()).decode()


def unpacked(text: str, kind: Any) -> NDArray[Any]:
    """Return the array that `packed` was given."""
    return np.frombuffer(b64decode(text), np.dtype(kind).newbyteorder("<")).astype(kind)

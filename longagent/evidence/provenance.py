"""Which chunks each sentence of a rewritten text rests on, found by comparison, so that memories keep provenance."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple, TypedDict

from longagent.documents.sentences import sentences
from longagent.evidence.words import words

SAME = 0.5
"""Share of the old or of the new sentence's words that both must have for one to rest on the other."""
LIKE = 0.3
"""The same share where nothing else explains the new sentence: a free rewording is likelier than an invention."""
NEW = 0.5
"""Share of the words that are new against the old sentences which one place of the chunk must hold together."""
ABOUT = 0.3
"""Share of all the sentence's words which that place must hold: a single new word may stand anywhere."""
PLACE = 80
"""Words of a chunk that count as one place; places overlap by half."""

# Names and numbers are seldom reworded, and seldom shared by accident.
_WEIGHTS = {"word": 1, "name": 2, "number": 2}


class Sourced(TypedDict):
    """A sentence of a memory, with the chunks it rests on: plain JSON, as graph states want it."""

    text: str
    """The sentence and the white space after it: joined, the texts of a memory are the memory."""
    chunks: list[int]
    """Indices of chunks in ascending order; none for what nothing carries."""


def attribute(previous: Sequence[Sourced], unit: str, *, chunk: int, chunk_text: str) -> list[Sourced]:
    """Return the sentences of a memory that was written anew after a chunk, each with the chunks it rests on.

    A sentence inherits the chunks of the old ones it repeats, rewords or merges; if words that are new against those
    stand together in the chunk, it rests on the chunk too.

    Args:
        previous: The memory as the writer saw it.
        unit: The memory as it wrote it.
        chunk: Index of the chunk the writer saw.
        chunk_text: That chunk's text.
    """
    carried: dict[str, set[int]] = defaultdict(set)
    for old in previous:
        # What rested on nothing may rest on this chunk.
        if old["chunks"]:
            carried[old["text"].strip()].update(old["chunks"])
    attributed = []
    for text in _pieces(unit):
        sentence = text.strip()
        found = carried.get(sentence) or _origins(sentence, carried, chunk, chunk_text)
        attributed.append(Sourced(text=text, chunks=sorted(found)))
    return attributed


def _pieces(unit: str) -> Iterator[str]:
    """Yield the sentences with the white space that follows, so that nothing of the text is lost."""
    begins = [start for start, _ in sentences(unit)]
    for begin, end in zip([0, *begins[1:]], [*begins[1:], len(unit)], strict=True):
        if begins:
            yield unit[begin:end]


def _origins(sentence: str, previous: Mapping[str, set[int]], chunk: int, chunk_text: str) -> set[int]:
    wanted = _weights(sentence)
    rest = dict(wanted)
    found: set[int] = set()
    closest = _closest(wanted, previous)
    for share, old in closest:
        known = _weights(old)
        if share >= SAME and not rest.keys().isdisjoint(known):
            found |= previous[old]
            rest = {key: weight for key, weight in rest.items() if key not in known}
    if rest and _holds(_places(chunk_text), rest, wanted):
        found.add(chunk)
    if not found and closest and closest[0].share >= LIKE:
        found |= previous[closest[0].sentence]
    return found


class _Old(NamedTuple):
    share: float
    sentence: str


def _closest(wanted: Mapping[str, int], previous: Iterable[str]) -> list[_Old]:
    """Return the old sentences that share words with a new one, the most alike first."""
    total = sum(wanted.values())
    found = []
    for sentence in previous:
        known = _weights(sentence)
        shared = wanted.keys() & known.keys()
        # One word in common is chance, unless there is no other.
        if len(shared) < min(2, len(wanted), len(known)) or not shared:
            continue
        gain, size = sum(wanted[key] for key in shared), sum(known.values())
        share = max(gain / total, sum(known[key] for key in shared) / size)
        # Of two that hold all of it, the tighter one is the one it repeats.
        found.append((gain, -size, _Old(share, sentence)))
    return [old for *_, old in sorted(found, key=lambda item: item[:2], reverse=True)]


def _holds(places: Mapping[str, Sequence[int]], rest: Mapping[str, int], wanted: Mapping[str, int]) -> bool:
    """Whether one place of the chunk holds enough of what is new, and speaks of what the sentence speaks of."""
    new, held = Counter[int](), Counter[int]()
    for key, weight in wanted.items():
        for place in places.get(key, ()):
            held[place] += weight
            if key in rest:
                new[place] += weight
    least, about = NEW * sum(rest.values()), ABOUT * sum(wanted.values())
    return any(weight >= least and held[place] >= about for place, weight in new.items())


def index(chunk_text: str) -> None:
    """Do the part of `attribute` that depends on the chunk alone, while the writer is still writing."""
    _places(chunk_text)


@lru_cache(maxsize=64)
def _places(text: str) -> dict[str, list[int]]:
    """Return for each word of a chunk the places in which it stands."""
    found: dict[str, list[int]] = defaultdict(list)
    for position, word in enumerate(words(text)):
        half = position // (PLACE // 2)
        for key in (word.key, *word.parts):
            known = found[key]
            known.extend(place for place in (half - 1, half) if place >= 0 and place not in known[-2:])
    return found


@lru_cache(maxsize=4096)
def _weights(sentence: str) -> Mapping[str, int]:
    """Return what each word of a sentence counts."""
    return {key: _WEIGHTS[word.kind] for word in words(sentence) for key in (word.key, *word.parts)}

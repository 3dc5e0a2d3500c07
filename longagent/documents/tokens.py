"""Counts tokens offline, in the vocabulary in which chunks are measured (o200k, of OpenAI's GPT-4o and later)."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tiktoken import Encoding

_VOCABULARY = "litellm_core_utils/tokenizers/fb374d419588a4632f3f557e76b4b70aebbca790"
"""LiteLLM ships the file; the name is tiktoken's: sha1 of the address it would otherwise download from."""

_PATTERN = "|".join(
    (
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    )
)
_SLICE = 10_000
"""Code points encoded at a time: a run without white space takes time with the square of its length."""


def count_tokens(text: str) -> int:
    """Return the length of a text in o200k tokens; other models' tokenizers differ by some tens of percent."""
    encoding = _encoding()
    return sum(len(encoding.encode_ordinary(text[i : i + _SLICE])) for i in range(0, len(text), _SLICE))


@cache
def _encoding() -> "Encoding":
    """Load the vocabulary (half a second); tiktoken's own loader would download it, and copy it to a temp folder."""
    from base64 import b64decode

    from tiktoken import Encoding

    spec = find_spec("litellm")  # finds the package without importing it
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("litellm, which ships the tokenizer's vocabulary, is not installed")
    lines = (Path(spec.origin).parent / _VOCABULARY).read_bytes().splitlines()
    ranks = {b64decode(token): int(rank) for token, rank in map(bytes.split, lines)}
    return Encoding("o200k_base", pat_str=_PATTERN, mergeable_ranks=ranks, special_tokens={})

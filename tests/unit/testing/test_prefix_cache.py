from longagent.testing.server.prefix_cache import BLOCK_TOKENS, PrefixCache
from longagent.testing.server.protocol import CHARACTERS_PER_TOKEN

BLOCK = BLOCK_TOKENS * CHARACTERS_PER_TOKEN
A, B, C, D = (letter * BLOCK for letter in "abcd")


def test_the_blocks_two_prompts_begin_with_are_found() -> None:
    cache = PrefixCache(1000)
    assert cache.cached(A + B + C) == 0
    cache.keep(A + B + C)
    assert cache.cached(A + B + D) == 2 * BLOCK_TOKENS
    assert cache.cached(D + B + C) == 0
    assert cache.cached(A[:-1] + "x" + B) == 0


def test_only_whole_blocks_count_and_never_the_whole_prompt() -> None:
    cache = PrefixCache(1000)
    cache.keep(A + B[:-1])
    assert cache.cached(A + B) == BLOCK_TOKENS
    cache.keep(A + B)
    assert cache.cached(A + B) == BLOCK_TOKENS
    assert cache.cached(A + B + "tail") == 2 * BLOCK_TOKENS


def test_what_was_used_longest_ago_is_forgotten_from_its_end() -> None:
    cache = PrefixCache(3 * BLOCK_TOKENS)
    cache.keep(A + B)
    cache.keep(C + D)
    assert cache.cached(C + D + "tail") == 2 * BLOCK_TOKENS
    assert cache.cached(A + B + "tail") == BLOCK_TOKENS
    cache.keep(A)
    cache.keep(B)
    assert cache.cached(A + "tail") == cache.cached(B + "tail") == cache.cached(C + D) == BLOCK_TOKENS


def test_a_cache_without_room_is_off() -> None:
    cache = PrefixCache(0)
    cache.keep(A + B)
    assert cache.cached(A + B + C) == 0

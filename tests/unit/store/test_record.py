import pickle
import zlib

import pytest

from longagent.store.record import pack, unpack


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"text": "Ümlaut 漢字 🙂", "finish": "stop", "prompt_tokens": 3, "cached_prompt_tokens": None},
        {"text": "a lone \ud83d surrogate, and two \ud83d\ude00 that are no pair"},
        {"nested": {"list": [1, 2.5, True, None, "x\0y"]}},
    ],
)
def test_a_record_comes_back_as_it_was(record: dict[str, object]) -> None:
    assert unpack(pack(record)) == record


@pytest.mark.parametrize(
    "data",
    [b"", b"garbage", pack({"a": "b" * 100})[:-5], zlib.compress(b"[1, 2]"), zlib.compress(b"\xff"), pickle.dumps({})],
)
def test_bytes_that_hold_no_record_are_none(data: bytes) -> None:
    assert unpack(data) is None

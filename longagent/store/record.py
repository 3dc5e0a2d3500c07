"""What is kept of a reply, as bytes: compressed JSON, never pickle."""

import json
import zlib
from collections.abc import Mapping
from typing import Any

_LONG = 2**20
"""Bytes from which a record is compressed fast."""
_FAST = 1


def pack(record: Mapping[str, Any]) -> bytes:
    """Return the record as bytes; `TypeError` if it is not plain JSON."""
    # Models produce lone surrogates, which plain UTF-8 does not take.
    text = json.dumps(dict(record), ensure_ascii=False, separators=(",", ":"))
    data = text.encode("utf-8", "surrogatepass")
    return zlib.compress(data, _FAST if len(data) > _LONG else -1)


def unpack(data: bytes) -> dict[str, Any] | None:
    """Return the record, or `None` if these bytes hold none."""
    try:
        record = json.loads(zlib.decompress(data))
    except (zlib.error, ValueError, TypeError):
        return None
    return record if isinstance(record, dict) else None

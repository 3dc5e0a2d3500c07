"""The response cache: replies by what was asked, on disk, shared by all processes, within a size."""

from pathlib import Path

from longagent.store.entries import Entries


class ResponseCache(Entries):
    """Replies by key, the least recently used of them dropped when the file grows too large.

    Storage trouble is never raised: it is logged once as a warning, and the cache behaves as if it were empty.
    """

    def __init__(self, folder: Path, *, max_bytes: int = 512 * 2**20) -> None:
        """Name the cache's folder; nothing is opened yet. `max_bytes` bounds the file, without its log."""
        super().__init__(
            folder / "replies.db",
            table="replies",
            version=1,
            max_bytes=max_bytes,
            trouble=f"The response cache in {folder} cannot be used",
        )

"""The index store: what was read of each chunk for all questions, on disk, shared by all processes, within a size."""

from pathlib import Path

from longagent.store.entries import Entries


class IndexStore(Entries):
    """Plain JSON by key, an entry for each chunk of a document, whoever's index it is.

    A key is a hash of all that decides the entry: the chunk's text, who read it and how, and the version of what is
    kept. So a page that changed is another key, and an entry of another version is never met. Storage trouble is never
    raised: it is logged once as a warning, and nothing counts as indexed.
    """

    def __init__(self, folder: Path, *, max_bytes: int = 512 * 2**20) -> None:
        """Name the store's folder; nothing is opened yet. `max_bytes` bounds the file, without its log."""
        super().__init__(
            folder / "index.db",
            table="entries",
            version=1,
            max_bytes=max_bytes,
            trouble=f"The index in {folder} cannot be used",
        )

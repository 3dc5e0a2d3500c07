"""Zip archives of documents: looked through before anything is unpacked, and never unpacked to disk."""

from io import BytesIO
from zipfile import BadZipFile, ZipFile
from zlib import error as ZlibError  # noqa: N812 - an exception

from longagent.documents.parsed import UnreadableError

_MEMBERS = 20_000
_LARGEST = 1024 * 1024 * 1024
"""Bytes that all members may take unpacked."""
_SMALL = 64 * 1024 * 1024
"""Bytes below which it does not matter how well they were packed."""
_RATIO = 100
"""Text and markup shrink to a tenth, seldom to a fiftieth; what was made to fill memories to a thousandth."""


class Archive:
    """A zip archive. The names in it are only names: none is ever looked for on disk.

    Raises:
        UnreadableError: it is damaged, needs a password, or would unpack to far more than it is.
    """

    def __init__(self, data: bytes) -> None:
        try:
            self._zip = ZipFile(BytesIO(data))
        except (BadZipFile, ValueError, OSError, EOFError, NotImplementedError) as error:
            raise UnreadableError("is damaged or incomplete: it is not a whole zip archive.", _AGAIN) from error
        members = self._zip.infolist()
        size = sum(member.file_size for member in members)
        if len(members) > _MEMBERS:
            raise UnreadableError(f"holds {len(members):,} files, more than any document needs; it was not unpacked.")
        if size > _LARGEST or (size > _SMALL and size > _RATIO * len(data)):
            raise UnreadableError(f"would unpack to {size // 2**20:,} MiB, as made to fill memories; it was not read.")
        self.names = frozenset(member.filename for member in members)

    def read(self, name: str) -> bytes:
        """Return a member; never more than the size that was looked at before.

        Raises:
            UnreadableError: it is not there, or damaged, or encrypted.
        """
        try:
            return self._zip.read(name)
        except KeyError as error:
            raise UnreadableError(f"is incomplete: there is no {name} in it.", _AGAIN) from error
        except (BadZipFile, ZlibError, EOFError, OSError, ValueError, NotImplementedError) as error:
            raise UnreadableError(f"is damaged: {name} cannot be unpacked.", _AGAIN) from error
        except RuntimeError as error:
            raise UnreadableError("is password-protected.", "Save it without a password.") from error


_AGAIN = "Check that it was copied or downloaded completely."

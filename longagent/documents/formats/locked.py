"""Password-protected Word, PowerPoint and Excel files: the package lies encrypted in a container of the old format."""

from importlib import import_module
from io import BytesIO

from longagent.documents.archives import office_format
from longagent.documents.formats import READERS
from longagent.documents.parsed import USUAL, LockedError, Options, Parsed, UnreadableError

_EXCEL_DEFAULT = "VelvetSweatshop"
"""What Excel encrypts workbooks with that may be opened by everybody but not changed; it opens them without asking."""
_REMOVE = "Save a copy of it without a password."


def read(data: bytes, options: Options = USUAL) -> Parsed:
    """Decrypt a file with the password, and read it.

    Raises:
        LockedError: the password is missing or wrong.
        UnreadableError: what is inside cannot be read, or the library for it is not installed.
    """
    package = _opened(data, _EXCEL_DEFAULT) or _opened(data, options.password)
    if package is None:
        raise LockedError(given=bool(options.password))
    form = office_format(package)
    if form is None:
        raise UnreadableError("holds no Word, PowerPoint or Excel file that can be read.")
    parsed: Parsed = import_module(READERS[form]).read(package, options)
    return parsed._replace(format=form)


def _opened(data: bytes, password: str | None) -> bytes | None:
    """Return the decrypted package, `None` if it is not the password."""
    if not password:
        return None
    try:
        from msoffcrypto import OfficeFile
        from msoffcrypto.exceptions import InvalidKeyError
    except ImportError:
        hint = 'Save a copy without a password, or install what opens it: pip install "longagent[office]"'
        raise UnreadableError("is password-protected.", hint) from None
    package = BytesIO()
    try:
        file = OfficeFile(BytesIO(data))
        file.load_key(password=password, verify_password=True)
        file.decrypt(package)
    except InvalidKeyError:
        return None
    except Exception as error:  # of a damaged file, the library raises whatever went wrong within it
        raise UnreadableError("is password-protected in a way that cannot be read, or damaged.", _REMOVE) from error
    return package.getvalue()

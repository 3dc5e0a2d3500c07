"""Password-protected Office files."""

import sys
from io import BytesIO
from random import Random

import pytest
from msoffcrypto.format.ooxml import OOXMLFile
from support.office import paragraph, word

from longagent.documents.formats.locked import read
from longagent.documents.parsed import LockedError, Options, UnreadableError
from longagent.documents.sniff import sniff


def locked(password: str) -> bytes:
    data = BytesIO()
    # What the library encrypts wrongly is files below 4 kB.
    padding = Random(1).randbytes(6000).hex()
    OOXMLFile(BytesIO(word(paragraph("Secret.") + f"<!--{padding}-->"))).encrypt(password, data)
    return data.getvalue()


LOCKED = locked("open sesame")


def test_the_password_opens_it() -> None:
    assert sniff(LOCKED, name="a.docx") == "locked"
    assert read(LOCKED, Options(password="open sesame")).parts[0].text == "Secret."


@pytest.mark.parametrize(("password", "problem"), [(None, "is password-protected"), ("wrong", "the password is wrong")])
def test_a_missing_and_a_wrong_password_are_told_apart(password: str | None, problem: str) -> None:
    with pytest.raises(LockedError, match=problem):
        read(LOCKED, Options(password=password))


def test_what_may_be_read_by_everybody_needs_none() -> None:
    assert read(locked("VelvetSweatshop")).parts[0].text == "Secret."


def test_damaged_ones_are_told() -> None:
    with pytest.raises(UnreadableError, match="or damaged"):
        read(LOCKED[:3000], Options(password="open sesame"))


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "msoffcrypto", None)
    with pytest.raises(UnreadableError) as caught:
        read(LOCKED)
    assert "longagent[office]" in caught.value.hint

"""Packages that are broken, or made to do harm, are told in one sentence."""

import struct

import pytest
from support.office import WORD, package, paragraph, relations, word, zipped

from longagent.documents.formats.docx import read
from longagent.documents.formats.ooxml import Package
from longagent.documents.parsed import UnreadableError

GOOD = word(paragraph("Good."))


def document(xml: str | bytes) -> bytes:
    return package("word/document.xml", {"word/document.xml": xml})


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "not a whole Office file"),
        (GOOD[: len(GOOD) // 2], "not a whole Office file"),
        (zipped({"[Content_Types].xml": "<Types/>"}), "has no word/document.xml"),
        (document("<w:document><w:body>"), "not readable XML"),
        (document(b"\xff\xfe\x00"), "not readable XML"),
        (document('<!DOCTYPE d [<!ENTITY a "b">]><d>&a;</d>'), "declares XML entities"),
        (document('<!DOCTYPE d SYSTEM "file:///etc/hostname"><d/>'), "declares XML entities"),
        (document(f"<w:document {WORD}><!--{' ' * 9_000_000}--></w:document>"), "unpacks to too much"),
        (word("<w:tbl><w:tr><w:tc>" * 3000 + "</w:tc></w:tr></w:tbl>" * 3000), "nested too deeply"),
        (word(paragraph("x"), numbering='<w:abstractNum><w:lvl w:ilvl="x"/></w:abstractNum>'), "do not fit together"),
    ],
)
def test_bad_packages(data: bytes, problem: str) -> None:
    with pytest.raises(UnreadableError, match=problem) as caught:
        read(data)
    assert caught.value.hint


def test_a_part_that_says_it_is_small_is_not_unpacked_beyond_that() -> None:
    data = bytearray(document(f"<w:document {WORD}>{' ' * 100_000}</w:document>"))
    # The sizes stand in the entry of the member, and in the directory at the end.
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = data.rindex(mark)
        data[place + offset : place + offset + 4] = struct.pack("<I", 100)
    with pytest.raises(UnreadableError, match="damaged"):
        read(bytes(data))


def test_links_and_paths_out_of_the_package_lead_nowhere() -> None:
    links = relations(image="../../../../etc/hostname").replace(
        "</Relationships>",
        '<Relationship Id="x" Type="t/header" TargetMode="External" Target="file:///etc/hostname"/></Relationships>',
    )
    opened = Package(
        zipped({"_rels/.rels": relations(officeDocument="/a/b.xml"), "a/b.xml": "<b/>", "a/_rels/b.xml.rels": links})
    )
    assert opened.main("c.xml") == "a/b.xml"
    assert opened.related("a/b.xml", "image") == opened.related("a/b.xml", "header") == []
    assert [relation.target for relation in opened.relations("a/b.xml").values()] == ["etc/hostname"]


def test_names_may_differ_in_case_and_slashes() -> None:
    opened = Package(zipped({"WORD\\Document.xml": "<a>x</a>"}))
    assert opened.xml("word/document.xml").text == "x"

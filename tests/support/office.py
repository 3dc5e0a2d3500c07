"""Office files made by hand, for what the usual libraries do not write."""

from collections.abc import Mapping
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
WORD = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    f'xmlns:r="{RELATIONS}" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:v="urn:schemas-microsoft-com:vml"'
)
_TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'


def zipped(members: Mapping[str, str | bytes]) -> bytes:
    """Pack members as they are."""
    data = BytesIO()
    with ZipFile(data, "w", ZIP_DEFLATED) as archive:
        for name, content in members.items():
            # As the standards of OpenDocument and EPUB want it, so that it can be seen from outside.
            archive.writestr(name, content, ZIP_STORED if name == "mimetype" else ZIP_DEFLATED)
    return data.getvalue()


def relations(**targets: str) -> str:
    """Write a part's relations; each is called like its kind."""
    items = "".join(
        f'<Relationship Id="{kind}" Type="{RELATIONS}/{kind}" Target="{target}"/>' for kind, target in targets.items()
    )
    return (
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{items}</Relationships>'
    )


def package(main: str, parts: Mapping[str, str | bytes]) -> bytes:
    """Pack an Office file around its main part."""
    frame = {"[Content_Types].xml": _TYPES, "_rels/.rels": relations(officeDocument=main)}
    return zipped({**frame, **parts})


def word(body: str, **others: str) -> bytes:
    """Write a Word document.

    Args:
        body: what stands in it.
        others: what stands in other parts, such as `footnotes`, in their own root elements.
    """
    parts = {"word/document.xml": f"<w:document {WORD}><w:body>{body}</w:body></w:document>"}
    if others:
        parts["word/_rels/document.xml.rels"] = relations(**{kind: f"{kind}.xml" for kind in others})
    for kind, content in others.items():
        root = {"header": "hdr", "footer": "ftr"}.get(kind, kind)
        parts[f"word/{kind}.xml"] = f"<w:{root} {WORD}>{content}</w:{root}>"
    return package("word/document.xml", parts)


def paragraph(text: str, properties: str = "") -> str:
    """Write a paragraph of a Word document."""
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def with_member(data: bytes, name: str, content: str = "<damaged") -> bytes:
    """Replace a member of a file."""
    with ZipFile(BytesIO(data)) as archive:
        return zipped({member: archive.read(member) for member in archive.namelist()} | {name: content})

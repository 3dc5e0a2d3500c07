import asyncio
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from longagent.documents import Document, Loaded, load, paths
from longagent.documents.archives import OLE
from longagent.documents.reading import Reading
from longagent.errors import LongagentError, SourceError, UsageError
from longagent.events import DocumentLoaded, Event, Warned


def read(*sources: Any) -> Loaded:
    return asyncio.run(load(sources))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, content in {
        "docs/b.md": "# B\nbody",
        "docs/a.txt": "alpha",
        "docs/sub/c.txt": "gamma",
        "docs/.hidden.txt": "no",
        "docs/.git/x.txt": "no",
        "docs/node_modules/x.txt": "no",
        "docs/photo.jpg": "no",
        "docs/empty.txt": "",
        "report [1].txt": "bracket",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return tmp_path


def test_folder_is_read_in_order_with_one_warning(folder: Path) -> None:
    told: list[Event] = []
    result = asyncio.run(load(["docs"], emit=told.append))
    assert [document.name for document in result.documents] == ["docs/a.txt", "docs/b.md", "docs/sub/c.txt"]
    read = [event for event in told if isinstance(event, DocumentLoaded)]
    assert {event.name for event in read} == {document.name for document in result.documents}
    assert all(event.total == 5 for event in read)
    assert [event.message for event in told if isinstance(event, Warned)] == list(result.warnings)
    assert result.warnings == ("skipped in docs: empty.txt (is empty), 1 file of another kind",)


def test_patterns_and_names_with_brackets(folder: Path) -> None:
    assert [d.name for d in read("docs/**/*.txt", "report [1].txt").documents] == [
        "docs/a.txt",
        "docs/sub/c.txt",
        "report [1].txt",
    ]


def test_sources_in_python(folder: Path) -> None:
    document = Document.from_text("given", name="given")
    with (folder / "docs/a.txt").open("rb") as stream:
        result = read(
            document, b"raw bytes", io.BytesIO(b"from memory"), stream, "line one\nline two", Path("docs/b.md")
        )
    names = ["given", "document", "document (2)", stream.name, "text", "docs/b.md"]
    assert [d.name for d in result.documents] == names
    assert result.documents[4].text == "line one\nline two"


def test_equal_content_is_read_once(folder: Path) -> None:
    result = read("docs/a.txt", b"alpha", "docs/a.txt", "docs")
    assert [document.name for document in result.documents] == ["docs/a.txt", "docs/b.md", "docs/sub/c.txt"]
    same, skipped = sorted(result.warnings)
    assert same == "document has the same content as docs/a.txt and was read once"
    assert skipped.startswith("skipped in docs: ")


def test_the_first_given_of_equal_ones_counts_and_many_are_told_in_one_line(folder: Path) -> None:
    for number in range(9):
        (folder / f"docs/copy{number}.txt").write_text("alpha")
    result = read("docs/*.txt")
    assert [document.name for document in result.documents] == ["docs/a.txt"]
    assert result.warnings[-1] == "6 more sources have the same content as others and were read once"
    assert sum("same content" in warning for warning in result.warnings) == 4


def test_a_copy_is_read_by_its_own_name_where_the_other_cannot_be(folder: Path) -> None:
    (folder / "a.pdf").write_text("alpha beta")
    (folder / "b.txt").write_text("alpha beta")
    result = read("a.pdf", "b.txt")
    assert [document.name for document in result.documents] == ["b.txt"]
    assert len(result.warnings) == 1
    assert "is not a PDF" in result.warnings[0]


def test_files_of_the_same_name_are_told_apart(folder: Path) -> None:
    for place in ("north", "south"):
        (folder / place).mkdir()
        (folder / place / "report.txt").write_text(f"All quiet in the {place}.")
    assert [d.name for d in read("north", "south").documents] == ["north/report.txt", "south/report.txt"]
    texts = [Document.from_text(text, name="x") for text in ("a", "b", "c")]
    documents = read(*texts, Document.from_text("d", name="x (2)")).documents
    assert [document.name for document in documents] == ["x", "x (3)", "x (4)", "x (2)"]


def test_strict_stops_at_what_cannot_be_read(folder: Path) -> None:
    with pytest.raises(SourceError, match=r"^docs/empty.txt: is empty"):
        asyncio.run(load(["docs"], strict=True))
    (folder / "docs/empty.txt").unlink()
    assert len(asyncio.run(load(["docs"], strict=True)).documents) == 3  # a picture is no document


def test_files_are_read_at_the_same_time_and_stay_in_order(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"{number}.txt" for number in range(12)]
    for name in names:
        (folder / name).write_text(f"This is {name}.")
    running, most = 0, 0

    async def slow(_: Reading, data: bytes, *, name: str) -> Document:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.001 * (12 - int(name.removesuffix(".txt"))))
        running -= 1
        return Document.from_text(data.decode(), name=name)

    monkeypatch.setattr(Reading, "read", slow)
    monkeypatch.setattr(Reading, "width", 4)
    assert [document.name for document in read(*names).documents] == names
    assert most == 4


def test_one_failure_of_several_that_are_read_at_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[str] = []

    async def fails(_: Reading, data: bytes, *, name: str) -> Document:
        if name == "docs/b.md":
            raise SourceError(name, "is torn.")
        try:
            await asyncio.sleep(10)
        finally:
            ended.append(name)
        raise AssertionError

    monkeypatch.setattr(Reading, "read", fails)
    monkeypatch.setattr(Reading, "width", 3)
    with pytest.raises(SourceError, match=r"docs/b.md: is torn"):
        asyncio.run(load(["docs/a.txt", "docs/b.md", "docs/sub/c.txt"], strict=True))
    assert ended == ["docs/a.txt"]


@pytest.mark.parametrize(
    ("sources", "error", "message"),
    [
        (["docs/a.tx"], SourceError, "docs/a.tx: no such file or folder. Did you mean 'docs/a.txt'?"),
        (["docs/a.txt", "nowhere"], SourceError, "nowhere: no such file"),
        ([""], SourceError, "no such file"),
        (["What was revenue?"], SourceError, "no documents match"),
        (["a\0b"], SourceError, "no such file"),
        (["x" * 3000], SourceError, "no such file"),
        (["caf\udce9.txt"], SourceError, "no such file"),
        (["https://example.org/a.pdf"], UsageError, "URLs are not fetched"),
        (["file:///etc/hosts"], UsageError, "URLs are not fetched"),
        (["docs/*.nothing"], SourceError, "no documents match"),
        (["docs/empty.txt"], SourceError, "docs/empty.txt: is empty"),
        (
            ["docs/empty.txt", b"\x89PNG\r\n\x1a\n"],
            SourceError,
            "docs/empty.txt: is empty. Nor could 1 more source be read.",
        ),
        (["docs/.git/../node_modules/../../docs/photo.jpg/x"], SourceError, "no such file"),
        ([" \n"], SourceError, "text: is empty"),
        ([], UsageError, "No document was given"),
        ([12], UsageError, "int is not a document"),
    ],
)
def test_mistakes(folder: Path, sources: list[Any], error: type[LongagentError], message: str) -> None:
    with pytest.raises(error) as caught:
        read(*sources)
    assert message in str(caught.value)
    str(caught.value).encode()


def test_folder_without_documents(folder: Path) -> None:
    (folder / "pictures").mkdir()
    with pytest.raises(SourceError, match="pictures: no documents in this folder"):
        read("pictures")
    (folder / "pictures/a.jpg").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(SourceError, match="pictures: no documents .* 1 file of another kind"):
        read("pictures")


def test_one_failure_among_several_is_a_warning(folder: Path) -> None:
    result = read("docs/a.txt", "docs/empty.txt")
    assert result.warnings == ("skipped: docs/empty.txt: is empty.",)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_pipes_and_devices_are_not_opened(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    for name in ("pipe", "/dev/zero"):
        with pytest.raises(SourceError, match="not a regular file"):
            read(name)


def test_unreadable_file(folder: Path) -> None:
    path = folder / "docs/a.txt"
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("running as a user whom permissions don't stop")
    with pytest.raises(SourceError, match="cannot be read: permission denied"):
        read("docs/a.txt")


def test_files_of_many_gigabytes_are_refused(folder: Path) -> None:
    with (folder / "big.txt").open("wb") as stream:
        stream.truncate(3 * 1024**3)
    with pytest.raises(SourceError, match="larger than 2 GiB"):
        read("big.txt")


def test_standard_input() -> None:
    code = (
        "import asyncio; from longagent.documents import load;"
        "d = asyncio.run(load(['-'])).documents[0]; print(d.name, d.text)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=b"piped\r\ntext", capture_output=True, timeout=30, check=True
    )
    assert done.stdout.decode().splitlines() == ["standard input piped", "text"]
    assert done.stderr == b""


def test_importing_is_light() -> None:
    heavy = {"pypdfium2", "tiktoken", "sentencex", "chardetng_py", "selectolax", "pydantic", "litellm"}
    code = f"import sys, longagent.documents; print({heavy} & set(sys.modules) or 'none')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.strip() == "none"


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="needs links")
def test_what_is_not_taken_from_a_folder_is_read_if_it_is_named_as_well(folder: Path) -> None:
    (folder / "docs/data.xyz").write_text("of another kind")
    (folder / "outside.txt").write_text("outside")
    (folder / "docs/link.txt").symlink_to(folder / "outside.txt")
    names = [document.name for document in read("docs", "docs/data.xyz", "outside.txt").documents]
    assert names == ["docs/a.txt", "docs/b.md", "docs/data.xyz", "outside.txt", "docs/sub/c.txt"]


def test_what_is_read_in_another_way_is_refused() -> None:
    class Later:
        async def read(self) -> bytes:
            return b"text"

    with pytest.raises(UsageError, match="A Later is not a document"):
        read(Later())


def test_a_large_encrypted_file_is_known_by_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "_LARGE", 100)
    (tmp_path / "a.docx").write_bytes(OLE + b"." * 200 + "EncryptedPackage".encode("utf-16-le"))
    with pytest.raises(SourceError, match="password-protected"):
        read(tmp_path / "a.docx")


def test_a_file_object_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("Grenzübergang".encode("cp1252"))
    with path.open(encoding="utf-8") as stream, pytest.raises(SourceError, match=r'open\(path, "rb"\)'):
        asyncio.run(load([stream]))
    with pytest.raises(SourceError, match="closed file"):
        asyncio.run(load([stream]))

"""What is taken from a folder."""

import os
from pathlib import Path

import pytest

from longagent.documents.folders import walk
from longagent.documents.paths import OtherKindError, find, read_file
from longagent.errors import SourceError


def make(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def test_what_programs_leave_behind_is_left_out(tmp_path: Path) -> None:
    kept = ["README", "build/plan.txt", "env/notes.txt", "reports/2024/q1.docx", "target/sales.csv", "~home.txt"]
    make(tmp_path, *kept)
    make(
        tmp_path,
        *("~$q1.docx", ".DS_Store", "Thumbs.db", "desktop.ini", ".git/x.txt", ".svn/x.txt", "$RECYCLE.BIN/x.txt"),
        *("node_modules/x/readme.md", "a/__pycache__/x.txt", "__MACOSX/q1.docx"),
        *("python/pyvenv.cfg", "python/lib/x.txt", "cache/CACHEDIR.TAG", "cache/x.txt"),
        *("code/pyproject.toml", "code/build/x.txt", "code/dist/x.html"),
    )
    found = [str(path.relative_to(tmp_path)) for path in walk(str(tmp_path))]
    assert found == ["README", "~home.txt", "build/plan.txt", "code/pyproject.toml", *kept[2:5]]


def test_only_documents_are_taken_from_folders_and_anything_by_name(tmp_path: Path) -> None:
    make(tmp_path, "a.docx", "b.XLSX", "c.py", "d.jpg", "e.eml", "f [1]/g.py")
    taken = []
    for file in find(str(tmp_path)):
        try:
            read_file(file)
            taken.append(file.path.name)
        except OtherKindError:
            continue
    assert taken == ["a.docx", "b.XLSX", "e.eml"]
    assert read_file(find(str(tmp_path / "c.py"))[0]) == b"c.py"
    assert read_file(find(str(tmp_path / "*.py"))[0]) == b"c.py"
    # A folder with brackets in its name is a folder.
    with pytest.raises(OtherKindError):
        read_file(find(str(tmp_path / "f [1]"))[0])


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="needs links")
def test_links_lead_neither_out_nor_round(tmp_path: Path) -> None:
    make(tmp_path, "docs/a.txt", "docs/sub/b.txt", "secret.txt")
    docs = tmp_path / "docs"
    (docs / "sub/round").symlink_to(docs)
    (docs / "inside.txt").symlink_to("sub/b.txt")
    (docs / "out.txt").symlink_to(tmp_path / "secret.txt")
    (docs / "itself.txt").symlink_to("itself.txt")
    (docs / "gone.txt").symlink_to("nowhere.txt")
    contents: dict[str, str] = {}
    for file in find(str(docs)):
        try:
            contents[file.path.name] = read_file(file).decode()
        except SourceError as error:
            contents[file.path.name] = error.problem
    assert contents["a.txt"] == "docs/a.txt"
    assert contents["inside.txt"] == contents["b.txt"] == "docs/sub/b.txt"
    assert contents["out.txt"] == "is a link that leads out of the folder."
    assert contents["itself.txt"].startswith("cannot be read: ")
    assert contents["gone.txt"].startswith("cannot be read: ")
    assert len(contents) == 6
    assert read_file(find(str(docs / "out.txt"))[0]) == b"secret.txt"


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="needs links")
def test_patterns_go_through_folders_and_follow_no_links_round(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make(tmp_path, "a.txt", "docs/b.txt", "docs/sub/c.txt", "docs/.hidden/d.txt", "docs/[x]/e.txt")
    for name in ("round", "and round"):
        (tmp_path / "docs" / name).symlink_to(tmp_path / "docs")

    def found(pattern: str) -> list[str]:
        return [str(file.path) for file in find(pattern)]

    docs = ["docs/[x]/e.txt", "docs/b.txt", "docs/sub/c.txt"]
    assert found("**/*.txt") == ["a.txt", *docs]
    assert found("./docs/**") == found("d*/**/**/*.txt") == docs
    assert found(f"{tmp_path}/**/sub/*") == [f"{tmp_path}/docs/sub/c.txt"]

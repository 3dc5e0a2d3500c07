import sys
from pathlib import Path

import pytest

from longagent.errors import MissingExtraError, UsageError
from longagent.retrievers.faiss_build import import_faiss


def install(folder: Path, *names: str) -> None:
    for name in names:
        info = folder / f"{name.replace('-', '_')}-1.12.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.12.0\n")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on the path, beside the standard library."""
    stdlib = [entry for entry in sys.path if "-packages" not in entry]
    monkeypatch.setattr(sys, "path", [str(tmp_path), *stdlib])
    monkeypatch.delitem(sys.modules, "faiss", raising=False)
    (tmp_path / "faiss.py").write_text("build = 'fake'\n")
    return tmp_path


@pytest.mark.parametrize("gpu", ["faiss-gpu", "faiss-gpu-cu12", "faiss_gpu_cu12"])
def test_two_builds_are_refused_by_name(site: Path, gpu: str) -> None:
    install(site, "faiss-cpu", gpu)
    with pytest.raises(UsageError, match=f"faiss-cpu and {gpu.replace('_', '-')} .*pip uninstall faiss-cpu faiss-gpu"):
        import_faiss()


def test_no_build_names_the_extra(site: Path) -> None:
    with pytest.raises(MissingExtraError, match=r"longagent\[local\]"):
        import_faiss()


@pytest.mark.parametrize("name", ["faiss-cpu", "faiss-gpu", "faiss-gpu-cu12"])
def test_one_build_is_imported(site: Path, name: str) -> None:
    install(site, name)
    module = import_faiss()
    # Not by monkeypatch, which would bring it back in the end.
    del sys.modules["faiss"]
    assert module.build == "fake"

"""A hub of local folders: its cache has the real layout, and its errors are the client's own."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass, field
from fnmatch import fnmatch
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import huggingface_hub
from huggingface_hub import constants, errors

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def http_error(kind: type[Exception], status: int) -> Exception:
    """Make an error as the client does of an answer."""
    http = _http()
    request = http.Request("GET", "https://huggingface.co/api/models/owner/name")
    response = http.Response(status, request=request)
    return kind(f"{status} Client Error", response=response)


def connect_error() -> Exception:
    """Make the error of a machine without a network."""
    return _http().ConnectError("[Errno -2] Name or service not known")


def _http() -> Any:
    """Give the HTTP library that the client works by, whichever it is."""
    return import_module(errors.HfHubHTTPError.__mro__[1].__module__.split(".")[0])


@dataclass
class FakeHub:
    """Repositories by name; notes what was fetched."""

    cache: Path
    repositories: dict[str, Path] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    asked: int = 0
    failure: Exception | None = None
    fetch_failure: Exception | None = None

    def install(self, monkeypatch: Any) -> FakeHub:
        monkeypatch.setattr(huggingface_hub, "model_info", self.model_info)
        monkeypatch.setattr(huggingface_hub, "hf_hub_download", self.hf_hub_download)
        monkeypatch.setattr(huggingface_hub, "snapshot_download", self.snapshot_download)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(self.cache))
        return self

    def model_info(
        self, repo_id: str, *, revision: str | None = None, files_metadata: bool = False
    ) -> SimpleNamespace:
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        if repo_id not in self.repositories:
            raise http_error(errors.RepositoryNotFoundError, 401)
        if revision not in (None, "main", COMMIT):
            raise http_error(errors.RevisionNotFoundError, 404)
        root = self.repositories[repo_id]
        files = [path for path in sorted(root.rglob("*")) if path.is_file()]
        assert files_metadata
        named = [
            SimpleNamespace(rfilename=path.relative_to(root).as_posix(), size=path.stat().st_size)
            for path in files
        ]
        return SimpleNamespace(sha=COMMIT, siblings=named)

    def hf_hub_download(self, repo_id: str, filename: str, *, revision: str) -> str:
        if self.fetch_failure is not None:
            raise self.fetch_failure
        source = self.repositories[repo_id] / filename
        folder = self.cache / f"models--{repo_id.replace('/', '--')}"
        blob = folder / "blobs" / hashlib.sha256(source.read_bytes()).hexdigest()
        target = folder / "snapshots" / revision / filename
        for path in (blob, target, folder / "refs" / "main"):
            path.parent.mkdir(parents=True, exist_ok=True)
        (folder / "refs" / "main").write_text(revision, encoding="utf-8")
        if not target.exists():
            shutil.copyfile(source, blob)
            target.symlink_to(blob)
            self.fetched.append(filename)
        return str(target)

    def snapshot_download(self, repo_id: str, *, revision: str, allow_patterns: list[str]) -> str:
        for file in self.model_info(repo_id, revision=revision, files_metadata=True).siblings:
            if any(fnmatch(file.rfilename, pattern) for pattern in allow_patterns):
                self.hf_hub_download(repo_id, file.rfilename, revision=revision)
        return str(self.cache / f"models--{repo_id.replace('/', '--')}" / "snapshots" / revision)

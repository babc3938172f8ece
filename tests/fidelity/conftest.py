"""Seeded random weights for networks, made once."""

from pathlib import Path

import numpy as np
import pytest

SHARED = Path(__file__).parents[2].parent / "shared" / "data"


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Caches are empty, variables unset, and any connection is an error."""
    import socket

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("a test opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "create_connection", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("TORCH_HOME", "XDG_CACHE_HOME", "CCMEVAL_CACHE", "CCMEVAL_WEIGHTS_INCEPTION"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def inception_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random Inception weights under which activations neither vanish nor explode."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("torch_fidelity")
    from ccmeval.fidelity.extractors.inception import _bare_inception

    generator = torch.Generator().manual_seed(0)
    network = _bare_inception()
    for layer in network.modules():
        if isinstance(layer, torch.nn.Conv2d):
            fan_in = layer.weight[0].numel()
            layer.weight.copy_(torch.randn(layer.weight.shape, generator=generator) * (2 / fan_in) ** 0.5)
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.running_mean.copy_(torch.randn(layer.running_mean.shape, generator=generator) * 0.1)
            layer.running_var.copy_(torch.rand(layer.running_var.shape, generator=generator) + 0.5)
    path = tmp_path_factory.mktemp("weights") / "inception.pth"
    torch.save(network.state_dict(), path)
    return path


@pytest.fixture
def levels() -> np.ndarray:
    """Five 8-bit frames of 96 px with structure at several scales."""
    rng = np.random.default_rng(3)
    coarse = np.kron(rng.random((5, 12, 12)), np.ones((1, 8, 8)))
    return np.rint(255 * (0.7 * coarse + 0.3 * rng.random((5, 96, 96)))).astype(np.uint8)


@pytest.fixture
def shared_weights() -> Path:
    folder = SHARED / "weights"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not here")
    return folder

"""Base models of the foundation generators: where they are, whether they fit, and loading their parts."""

from ccmeval_generators.foundation.weights.finding import find_base
from ccmeval_generators.foundation.weights.fingerprints import fingerprint
from ccmeval_generators.foundation.weights.found import FoundBase
from ccmeval_generators.foundation.weights.kinds import (
    CLIP_IMAGE,
    QWEN_EDIT,
    SD15,
    SD21,
    BaseKind,
    PartKind,
)
from ccmeval_generators.foundation.weights.loading import load_network, load_plain, require_nf4
from ccmeval_generators.foundation.weights.memory import (
    free_memory_bytes,
    n_parameters,
    require_memory,
    weights_memory_bytes,
)

__all__ = [
    "CLIP_IMAGE",
    "QWEN_EDIT",
    "SD15",
    "SD21",
    "BaseKind",
    "FoundBase",
    "PartKind",
    "find_base",
    "fingerprint",
    "free_memory_bytes",
    "load_network",
    "load_plain",
    "n_parameters",
    "require_memory",
    "require_nf4",
    "weights_memory_bytes",
]

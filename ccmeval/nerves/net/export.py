"""From a trained network to an ONNX file, and back to weights that training can go on from.

The graph is written node by node, with each batch normalisation folded into its convolution: the bytes
depend on the weights and on nothing of torch's exporters.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ccmeval.arrays import FloatArray
from ccmeval.nerves.net.inputs import CHANNELS
from ccmeval.nerves.net.model import OUTPUTS
from ccmeval.nerves.net.settings import ModelSettings

_OPSET = 17
_IR = 8
INPUT, OUTPUT = "contrast_and_level", "logits_and_log_width"


def folded(state: Any, name: str) -> tuple[FloatArray, FloatArray]:
    """Fold a batch normalisation into the convolution before it.

    Parameters
    ----------
    state : mapping of str to tensor
        Of the network.
    name : str
        Of the pair.

    Returns
    -------
    weight, bias : float32 arrays
    """
    part = {key: state[f"{name}.{key}"].double().numpy() for key in ("0.weight", "0.bias", "1.weight",
            "1.bias", "1.running_mean", "1.running_var")}  # fmt: skip
    scale = part["1.weight"] / np.sqrt(part["1.running_var"] + 1e-5)
    weight = part["0.weight"] * scale[:, None, None, None]
    bias = (part["0.bias"] - part["1.running_mean"]) * scale + part["1.bias"]
    return weight.astype(np.float32), bias.astype(np.float32)


class _Graph:
    """Nodes and weights in the order in which they are written."""

    def __init__(self, state: Any) -> None:
        self.state = state
        self.nodes: list[Any] = []
        self.weights: list[Any] = []

    def add(self, kind: str, inputs: list[str], name: str, **attributes: Any) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def constant(self, name: str, values: FloatArray) -> str:
        from onnx import numpy_helper

        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def convolution(self, x: str, name: str, *, stride: int = 1, dilation: int = 1) -> str:
        weight, bias = folded(self.state, name)
        side = weight.shape[-1]
        padding = (side - stride) // 2 if stride > 1 else dilation * (side // 2)
        parts = [self.constant(f"{name}.weight", weight), self.constant(f"{name}.bias", bias)]
        return self.add(
            "Conv", [x, *parts], name, strides=[stride] * 2, dilations=[dilation] * 2, pads=[padding] * 4
        )

    def relu(self, x: str) -> str:
        return self.add("Relu", [x], f"{x}.relu")

    def block(self, x: str, name: str, dilation: int = 1) -> str:
        inner = self.relu(self.convolution(x, f"{name}.first", dilation=dilation))
        second = self.convolution(inner, f"{name}.second", dilation=dilation)
        return self.relu(self.add("Add", [x, second], f"{name}.sum"))

    def joined(self, x: str, aside: str, name: str) -> str:
        """Double the resolution and add what was kept from the way down."""
        wider = self.add(
            "Resize", [self.convolution(x, name), "", "twice"], f"{name}.doubled", mode="nearest",
            coordinate_transformation_mode="asymmetric", nearest_mode="floor",
        )  # fmt: skip
        return self.relu(self.add("Add", [aside, wider], f"{name}.sum"))


def _draw(graph: _Graph, settings: ModelSettings) -> None:
    graph.constant("twice", np.array([1, 1, 2, 2], dtype=np.float32))
    half = graph.relu(graph.convolution(INPUT, "stem", stride=2))
    for k in range(settings.blocks[0]):
        half = graph.block(half, f"at_half.{k}")
    quarter = graph.relu(graph.convolution(half, "down1", stride=2))
    for k in range(settings.blocks[1]):
        quarter = graph.block(quarter, f"at_quarter.{k}")
    x = graph.relu(graph.convolution(quarter, "down2", stride=2))
    for k, dilation in enumerate(settings.dilations):
        x = graph.block(x, f"at_eighth.{k}", dilation)
    x = graph.block(graph.joined(x, quarter, "up2"), "back_quarter")
    x = graph.block(graph.joined(x, half, "up1"), "back_half")
    weight, bias = (graph.state[f"head.{part}"].numpy() for part in ("weight", "bias"))
    parts = [graph.constant("head.weight", weight), graph.constant("head.bias", bias)]
    graph.add("Conv", [x, *parts], "head", pads=[1] * 4)
    graph.add("DepthToSpace", ["head"], OUTPUT, blocksize=2, mode="CRD")


def export_onnx(network: Any, settings: ModelSettings, path: Path, facts: dict[str, str]) -> None:
    """Write a network as ONNX.

    Parameters
    ----------
    network : torch.nn.Module
        From :func:`ccmeval.nerves.net.model.build_network`.
    settings : ModelSettings
        With which it was built.
    path : Path
    facts : dict of str to str
        What is noted in the file: recipe, seed, operating point.
    """
    import onnx
    from onnx import TensorProto, helper

    graph = _Graph({name: value.detach().cpu() for name, value in network.state_dict().items()})
    _draw(graph, settings)
    sides = ["frames", None, "height", "width"]
    given, made = ([*sides[:1], count, *sides[2:]] for count in (CHANNELS, OUTPUTS))
    whole = helper.make_graph(
        graph.nodes,
        "phantom-net",
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, given)],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, made)],
        graph.weights,
    )
    model = helper.make_model(whole, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR)
    helper.set_model_props(model, {**facts, "model": settings.model_dump_json()})
    onnx.checker.check_model(model)
    partial = path.with_suffix(".partial")
    partial.write_bytes(model.SerializeToString(deterministic=True))
    partial.replace(path)


def weights_of(path: Path) -> tuple[ModelSettings, Any]:
    """Read a network's weights back from ONNX, for fine-tuning.

    Parameters
    ----------
    path : Path
        Written by :func:`export_onnx`.

    Returns
    -------
    settings : ModelSettings
    state : dict of str to tensor
        For `load_state_dict`; the batch normalisations are neutral.
    """
    import onnx
    import torch
    from onnx import numpy_helper

    from ccmeval.nerves.net.model import build_network

    model = onnx.load(str(path))
    settings = ModelSettings.model_validate_json({p.key: p.value for p in model.metadata_props}["model"])
    kept = {w.name: torch.from_numpy(numpy_helper.to_array(w).copy()) for w in model.graph.initializer}
    state = build_network(settings).state_dict()
    for name in state:
        pair, _, last = name.rpartition(".")
        if pair.endswith(".0"):
            state[name] = kept[f"{pair[:-2]}.{last}"]
        elif pair == "head":
            state[name] = kept[name]
        elif last == "running_var":
            state[name] = torch.full_like(state[name], 1.0 - 1e-5)
    return settings, state

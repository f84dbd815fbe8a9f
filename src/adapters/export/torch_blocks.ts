/**
 * Parts of generated PyTorch modules, as Python. Their members have the names of the reference
 * implementations: what `state_dict()` calls them.
 */

/**
 * ReLU, convolution, normalization; of any kernel and stride, or pointwise where `pointwise` says
 * that there is no other.
 */
export function reluConvBn(pointwise: boolean): string {
  return `
class ReLUConvBN(nn.Module):
    def __init__(self, inputs, outputs${pointwise ? "" : ", kernel=1, stride=1"}):
        super().__init__()
        self.op = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(inputs, outputs, ${pointwise ? "1" : "kernel, stride=stride, padding=kernel // 2"}, bias=False),
            nn.BatchNorm2d(outputs),
        )

    def forward(self, x):
        return self.op(x)
`
}

/** Half the size by two 1×1 convolutions. */
export const FACTORIZED_REDUCE = `
class FactorizedReduce(nn.Module):
    """Halves the image: two 1x1 convolutions of stride 2, the second one shifted by a pixel."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv_1 = nn.Conv2d(inputs, outputs // 2, 1, stride=2, bias=False)
        self.conv_2 = nn.Conv2d(inputs, outputs - outputs // 2, 1, stride=2, bias=False)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x):
        x = nn.functional.pad(torch.relu(x), [0, x.shape[3] % 2, 0, x.shape[2] % 2])
        return self.bn(torch.cat([self.conv_1(x), self.conv_2(x[:, :, 1:, 1:])], dim=1))
`

/** A factorized reduction for each time that the image is halved. */
export const FACTORIZED_REDUCES = `
class FactorizedReduces(nn.Module):
    """Halves the image several times. The first time has its tensors beside the numbered others."""

    def __init__(self, inputs, outputs, times):
        super().__init__()
        first = FactorizedReduce(inputs, outputs)
        self.conv_1, self.conv_2, self.bn = first.conv_1, first.conv_2, first.bn
        for step in range(1, times):
            self.add_module(str(step), FactorizedReduce(outputs, outputs))

    def forward(self, x):
        x = nn.functional.pad(torch.relu(x), [0, x.shape[3] % 2, 0, x.shape[2] % 2])
        x = self.bn(torch.cat([self.conv_1(x), self.conv_2(x[:, :, 1:, 1:])], dim=1))
        for name, module in self.named_children():
            if name.isdigit():
                x = module(x)
        return x
`

/** Two depthwise separable convolutions. */
export const SEP_CONV = `
class SepConv(nn.Module):
    """A depthwise separable convolution, twice; the first one has the stride."""

    def __init__(self, channels, kernel, stride):
        super().__init__()
        padding = kernel // 2
        self.op = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(channels, channels, kernel, stride=stride, padding=padding, groups=channels, bias=False),
            nn.Conv2d(channels, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, channels, kernel, padding=padding, groups=channels, bias=False),
            nn.Conv2d(channels, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x):
        return self.op(x)
`

/** A dilated depthwise separable convolution. */
export const DIL_CONV = `
class DilConv(nn.Module):
    """A depthwise separable convolution with dilation 2."""

    def __init__(self, channels, kernel, stride):
        super().__init__()
        self.op = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(
                channels, channels, kernel, stride=stride, padding=kernel - 1, dilation=2, groups=channels, bias=False
            ),
            nn.Conv2d(channels, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x):
        return self.op(x)
`

/** A 7×7 convolution in two steps. */
export const FACTORIZED_7 = `
def conv_7x1_1x7(channels, stride):
    return nn.Sequential(
        nn.ReLU(),
        nn.Conv2d(channels, channels, (1, 7), stride=(1, stride), padding=(0, 3), bias=False),
        nn.Conv2d(channels, channels, (7, 1), stride=(stride, 1), padding=(3, 0), bias=False),
        nn.BatchNorm2d(channels),
    )
`

/** The block between two stages of NAS-Bench-201. */
export const RESIDUAL_BLOCK = `
class ResidualBlock(nn.Module):
    """Halves the image."""

    STRIDE = 2

    def __init__(self, sizes, channels):
        super().__init__()
        inputs, _ = sizes[-1]
        self.conv_a = ReLUConvBN(inputs, channels, 3, stride=2)
        self.conv_b = ReLUConvBN(channels, channels, 3)
        self.downsample = nn.Sequential(
            nn.AvgPool2d(2, stride=2, ceil_mode=True),
            nn.Conv2d(inputs, channels, 1, bias=False),
        )
        self.channels = channels

    def forward(self, states: List[torch.Tensor]):
        x = states[-1]
        return self.downsample(x) + self.conv_b(self.conv_a(x))
`

/** The imports of every generated module. */
export const IMPORTS = `
import json
from pathlib import Path
from typing import List

import torch
from torch import nn
`

/** Reading of the state file, without a package for it, and building of the network. */
export function buildFunctions(stateFile: string): string {
  return `
TYPES = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
    "I64": torch.int64, "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8,
}


def read_state(path):
    """The tensors of a safetensors file: 8 bytes with the length of a JSON header, the header, the data."""
    data = bytearray(Path(path).read_bytes())
    start = 8 + int.from_bytes(data[:8], "little")
    state = {}
    for name, entry in json.loads(data[8:start]).items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            if entry["dtype"] not in TYPES:
                raise ValueError(f"{path}: {name} is of the type {entry['dtype']}, known are {', '.join(TYPES)}")
            dtype = TYPES[entry["dtype"]]
            count = (end - begin) // dtype.itemsize
            tensor = torch.frombuffer(data, dtype=dtype, count=count, offset=start + begin)
            state[name] = tensor.reshape(entry["shape"])
    return state


def build(state=Path(__file__).with_name(${JSON.stringify(stateFile)})):
    """The network with the weights of a state file, ready to classify; without weights for \`None\`. Weights of another
    precision become those of the network, 32 bits."""
    network = Network()
    if state is not None:
        network.load_state_dict(read_state(state))
    return network.eval()
`
}

/**
 * Parts of generated PyTorch modules, as Python. Their members have the names of the reference implementations: what `state_dict()` calls them.
 */

/** ReLU, convolution, normalization, with the arguments after the channels that a family uses and its convolution. */
export function reluConvBn(argumentsAfter: string, convolution: string): string {
  return `
class ReLUConvBN(nn.Module):
    def __init__(self, inputs, outputs${argumentsAfter}):
        super().__init__()
        self.op = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(inputs, outputs, ${convolution}, bias=False),
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
        x = nn.functional.pad(torch.relu(x), (0, x.shape[3] % 2, 0, x.shape[2] % 2))
        return self.bn(torch.cat([self.conv_1(x), self.conv_2(x[:, :, 1:, 1:])], dim=1))
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

/** The absent edge of NAS-Bench-201. */
export const ZERO = `
class Zero(nn.Module):
    def forward(self, x):
        return torch.zeros_like(x)
`

/** An edge that adds nothing to a node of the DARTS family. */
export const ZERO_OF_STRIDE = `
class Zero(nn.Module):
    def __init__(self, stride):
        super().__init__()
        self.stride = stride

    def forward(self, x):
        return torch.zeros_like(x[:, :, :: self.stride, :: self.stride])
`

/** The block between two stages of NAS-Bench-201. */
export const RESIDUAL_BLOCK = `
class ResidualBlock(nn.Module):
    """Halves the image and doubles the channels."""

    def __init__(self, channels):
        super().__init__()
        self.conv_a = ReLUConvBN(channels, 2 * channels, 3, stride=2)
        self.conv_b = ReLUConvBN(2 * channels, 2 * channels, 3)
        self.downsample = nn.Sequential(
            nn.AvgPool2d(2, stride=2, ceil_mode=True),
            nn.Conv2d(channels, 2 * channels, 1, bias=False),
        )

    def forward(self, x):
        return self.downsample(x) + self.conv_b(self.conv_a(x))
`

/** The imports of every generated module. */
export const IMPORTS = `
import json
from pathlib import Path

import torch
from torch import nn
`

/** Reading of the state file, without a package for it, and building of the network. */
export function buildFunctions(stateFile: string): string {
  return `
def read_state(path):
    """The tensors of a safetensors file: 8 bytes with the length of a JSON header, the header, the data."""
    data = bytearray(Path(path).read_bytes())
    start = 8 + int.from_bytes(data[:8], "little")
    types = {"F32": torch.float32, "I64": torch.int64}
    state = {}
    for name, entry in json.loads(data[8:start]).items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            dtype = types[entry["dtype"]]
            count = (end - begin) // dtype.itemsize
            tensor = torch.frombuffer(data, dtype=dtype, count=count, offset=start + begin)
            state[name] = tensor.reshape(entry["shape"])
    return state


def build(state=Path(__file__).with_name(${JSON.stringify(stateFile)})):
    """The network with the weights of a state file, ready to classify; without weights for \`None\`."""
    network = Network()
    if state is not None:
        network.load_state_dict(read_state(state))
    return network.eval()
`
}

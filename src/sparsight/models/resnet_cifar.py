"""The small residual networks for small images (He et al. 2016, section 4.2), named as torchvision names its own.

A 3x3 stem, three stages of n two-convolution blocks with 16, 32 and 64 channels (depth 6n + 2), global average pooling
and one linear layer. Shortcuts across stages are option A of the paper: take every second pixel, fill the new channels
with zeros. They hold no weights, so pruning cannot cut them, and the parameter counts are the paper's.

References:
    K. He, X. Zhang, S. Ren, J. Sun. Deep Residual Learning for Image Recognition. CVPR 2016.
"""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

_WIDTHS = (16, 32, 64)


def _conv3x3(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel_size=3, stride=stride, padding=1, bias=False)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with batch norm, added to the shortcut of their input."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.new_channels = outputs - inputs
        self.conv1 = _conv3x3(inputs, outputs, stride)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = _conv3x3(outputs, outputs)
        self.bn2 = nn.BatchNorm2d(outputs)

    def forward(self, x: Float[Tensor, "b i h w"]) -> Float[Tensor, "b o h2 w2"]:
        """The block's output; height and width are divided by the stride, rounded up."""
        y = functional.relu(self.bn1(self.conv1(x)), inplace=True)
        y = self.bn2(self.conv2(y))
        y += self._shortcut(x)
        return functional.relu(y, inplace=True)

    def _shortcut(self, x: Tensor) -> Tensor:
        if self.stride == 1 and self.new_channels == 0:
            return x
        # Average pooling over single pixels is the slice x[:, :, ::stride, ::stride], but faster to train through.
        every_second = functional.avg_pool2d(x, kernel_size=1, stride=self.stride)
        return functional.pad(every_second, (0, 0, 0, 0, 0, self.new_channels))


class CifarResNet(nn.Module):
    """A CIFAR ResNet of depth 6n + 2. No norm scale starts at zero, so every block counts from the first step.

    Args:
        depth: 8, 14, 20, ...
        num_classes: width of the last layer.
        stem_stride: 1 as in the paper, 2 for images of twice the size.
    """

    def __init__(self, depth: int, num_classes: int, stem_stride: int = 1) -> None:
        super().__init__()
        blocks, rest = divmod(depth - 2, 6)
        if rest or blocks < 1:
            raise ValueError(f"a CIFAR ResNet has depth 6n + 2, not {depth}")
        self.conv1 = _conv3x3(3, _WIDTHS[0], stem_stride)
        self.bn1 = nn.BatchNorm2d(_WIDTHS[0])
        self.layer1 = _stage(_WIDTHS[0], _WIDTHS[0], blocks, stride=1)
        self.layer2 = _stage(_WIDTHS[0], _WIDTHS[1], blocks, stride=2)
        self.layer3 = _stage(_WIDTHS[1], _WIDTHS[2], blocks, stride=2)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(_WIDTHS[2], num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b k"]:
        """Logits of each image."""
        x = functional.relu(self.bn1(self.conv1(x)), inplace=True)
        x = self.layer3(self.layer2(self.layer1(x)))
        logits: Tensor = self.fc(self.avgpool(x).flatten(1))
        return logits


def _stage(inputs: int, outputs: int, blocks: int, stride: int) -> nn.Sequential:
    first = ResidualBlock(inputs, outputs, stride)
    return nn.Sequential(first, *(ResidualBlock(outputs, outputs, 1) for _ in range(blocks - 1)))

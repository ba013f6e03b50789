"""The classic: Johnson et al. 2016 with the changes of the PyTorch examples program.

Instance instead of batch normalization, nearest-neighbor upsampling instead of transposed convolutions, and
pixels in 0..255. It is here so that the many models trained by that program, and by its descendants, still run.
"""

from __future__ import annotations

import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from fnst_live.stylenet.layers import each_normalized, is_half_on_cpu, is_one_on_card, one_normalized, padded_for


class ConvLayer(nn.Module):
    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, stride: int = 1):
        super().__init__()
        self.pad = kernel_size // 2
        self.conv2d = nn.Conv2d(in_channels, out_channels, kernel_size, stride)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv2d(padded_for(self.conv2d.weight, x, self.pad, "reflect"))
        return y


class UpsampleConvLayer(ConvLayer):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(F.interpolate(x, scale_factor=2.0, mode="nearest"))


class InstanceNorm(nn.Module):
    """Affine instance normalization with float32 statistics, whatever the network's precision."""

    def __init__(self, channels: int):
        super().__init__()
        self.weight = nn.Parameter(Tensor(channels).fill_(1.0))
        self.bias = nn.Parameter(Tensor(channels).zero_())
        self.eps = 1e-5

    def forward(self, x: Tensor) -> Tensor:
        if is_half_on_cpu(x):
            scale, shift = (values.expand(len(x), -1) for values in (self.weight, self.bias))
            return each_normalized(x, scale, shift, self.eps)
        if is_one_on_card(x):
            return one_normalized(x, self.weight, self.bias, self.eps)
        y = F.instance_norm(x.float(), weight=self.weight.float(), bias=self.bias.float(), eps=self.eps)
        return y.to(x.dtype)


class ResidualBlock(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.conv1 = ConvLayer(channels, channels, 3)
        self.in1 = InstanceNorm(channels)
        self.conv2 = ConvLayer(channels, channels, 3)
        self.in2 = InstanceNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = x + self.in2(self.conv2(F.relu(self.in1(self.conv1(x)))))
        return y


class JohnsonNet(nn.Module):
    """A network of one fixed style.

    `forward(image, style)` as `TransformerNet`, but style is (N, 0): there is nothing to choose. Parameter names
    are those of the PyTorch examples program, so that its state dicts load as they are. Any size from 16x16;
    a size that is no multiple of 4 comes out rounded up to one, and the caller crops.
    """

    multiple_of = 1
    min_side = 16

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = ConvLayer(3, 32, 9)
        self.in1 = InstanceNorm(32)
        self.conv2 = ConvLayer(32, 64, 3, stride=2)
        self.in2 = InstanceNorm(64)
        self.conv3 = ConvLayer(64, 128, 3, stride=2)
        self.in3 = InstanceNorm(128)
        self.res1 = ResidualBlock(128)
        self.res2 = ResidualBlock(128)
        self.res3 = ResidualBlock(128)
        self.res4 = ResidualBlock(128)
        self.res5 = ResidualBlock(128)
        self.deconv1 = UpsampleConvLayer(128, 64, 3)
        self.in4 = InstanceNorm(64)
        self.deconv2 = UpsampleConvLayer(64, 32, 3)
        self.in5 = InstanceNorm(32)
        self.deconv3 = ConvLayer(32, 3, 9)

    def forward(self, image: Tensor, style: Tensor) -> Tensor:  # noqa: ARG002  (same signature as TransformerNet)
        x = F.relu(self.in1(self.conv1(image * 255.0)))   # (N, 32, H, W)
        x = F.relu(self.in2(self.conv2(x)))               # (N, 64, H/2, W/2)
        x = F.relu(self.in3(self.conv3(x)))               # (N, 128, H/4, W/4)
        for block in (self.res1, self.res2, self.res3, self.res4, self.res5):
            x = block(x)
        x = F.relu(self.in4(self.deconv1(x)))             # (N, 64, H/2, W/2)
        x = F.relu(self.in5(self.deconv2(x)))             # (N, 32, H, W)
        y: Tensor = self.deconv3(x) / 255.0               # (N, 3, H, W)
        return y

    def set_norm_eps(self, eps: float) -> None:
        """The first models of that program were trained with 1e-9 where torch's own layer has 1e-5."""
        for module in self.modules():
            if isinstance(module, InstanceNorm):
                module.eps = eps

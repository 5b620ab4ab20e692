"""Conv-TasNet as ordinary modules, to compare with; attributes bear the names of two libraries.

Written from the paper and from the lists of names in published state dicts, independently of
``model_server.audio.conv_tasnet``: ``nn.GroupNorm``, ``nn.Sequential`` and padding inside
``Conv1d`` where that one has functions.
"""

from __future__ import annotations

import torch  # noqa: TID253
from torch import nn  # noqa: TID253


class Torchaudio(nn.Module):
    """``torchaudio.models.ConvTasNet``'s names: padding at both ends, sigmoid."""

    def __init__(self, *, sources, filters, length, neck, hidden, blocks, repeats):
        super().__init__()
        self.sources, self.step = sources, length // 2
        ends = {"stride": self.step, "padding": self.step, "bias": False}
        self.encoder = nn.Conv1d(1, filters, length, **ends)
        self.decoder = nn.ConvTranspose1d(filters, 1, length, **ends)
        self.mask_generator = nn.Module()
        mask = self.mask_generator
        mask.input_norm = nn.GroupNorm(1, filters, eps=1e-8)
        mask.input_conv = nn.Conv1d(filters, neck, 1)
        mask.conv_layers = nn.ModuleList(
            self.block(neck, hidden, 2 ** (n % blocks), last=n == blocks * repeats - 1)
            for n in range(blocks * repeats)
        )
        mask.output_prelu = nn.PReLU()
        mask.output_conv = nn.Conv1d(neck, filters * sources, 1)
        shaken(self)

    @staticmethod
    def block(neck, hidden, dilation, *, last):
        block = nn.Module()
        block.conv_layers = nn.Sequential(
            nn.Conv1d(neck, hidden, 1),
            nn.PReLU(),
            nn.GroupNorm(1, hidden, eps=1e-8),
            nn.Conv1d(hidden, hidden, 3, padding=dilation, dilation=dilation, groups=hidden),
            nn.PReLU(),
            nn.GroupNorm(1, hidden, eps=1e-8),
        )
        if not last:
            block.res_out = nn.Conv1d(hidden, neck, 1)
        block.skip_out = nn.Conv1d(hidden, neck, 1)
        return block

    def forward(self, sound):
        short = -len(sound) % self.step
        frames = self.encoder(nn.functional.pad(sound, (0, short)).view(1, 1, -1))
        mask = self.mask_generator
        x, total = mask.input_conv(mask.input_norm(frames)), 0
        for block in mask.conv_layers:
            y = block.conv_layers(x)
            total = total + block.skip_out(y)
            x = x + block.res_out(y) if hasattr(block, "res_out") else x
        masks = torch.sigmoid(mask.output_conv(mask.output_prelu(total)))
        masked = masks.view(self.sources, -1, frames.shape[-1]) * frames
        return self.decoder(masked)[:, 0, : len(sound)]


class Scaled(nn.Module):
    """asteroid's norms: ``gamma`` and ``beta``."""

    def __init__(self, channels, kind):
        super().__init__()
        self.gamma, self.beta = (nn.Parameter(x(channels)) for x in (torch.ones, torch.zeros))
        self.kind = kind

    def forward(self, x):
        if self.kind == "gLN":
            return nn.functional.group_norm(x, 1, self.gamma, self.beta, eps=1e-8)
        rows = nn.functional.layer_norm(x.mT, (x.shape[1],), self.gamma, self.beta, eps=1e-8)
        return rows.mT


class Chopped(nn.Conv1d):
    """A convolution that sees only the past, without the frames beyond the end."""

    def forward(self, x):
        return super().forward(x)[..., : -self.padding[0]]


class Asteroid(nn.Module):
    """``asteroid.models.ConvTasNet``'s names: no padding, relu twice."""

    def __init__(
        self, *, sources, skip, norm, causal, filters, length, neck, hidden, blocks, repeats
    ):
        super().__init__()
        self.sources, self.step, self.skip = sources, length // 2, skip
        for side in ("encoder", "decoder"):
            bank = nn.Module()
            bank._filters = nn.Parameter(0.3 * torch.randn(filters, 1, length))
            outer = nn.Module()
            outer.filterbank = bank
            setattr(self, side, outer)
        self.masker = nn.Module()
        self.masker.bottleneck = nn.Sequential(Scaled(filters, norm), nn.Conv1d(filters, neck, 1))
        self.masker.TCN = nn.ModuleList(
            self.block(neck, hidden, skip, 2 ** (n % blocks), norm, causal)
            for n in range(blocks * repeats)
        )
        out = nn.Conv1d(skip or neck, filters * sources, 1)
        self.masker.mask_net = nn.Sequential(nn.PReLU(), out)
        shaken(self)

    @staticmethod
    def block(neck, hidden, skip, dilation, norm, causal):  # noqa: PLR0917
        block = nn.Module()
        kind, reach = (Chopped, 2) if causal else (nn.Conv1d, 1)
        depth = kind(hidden, hidden, 3, padding=reach * dilation, dilation=dilation, groups=hidden)
        block.shared_block = nn.Sequential(
            nn.Conv1d(neck, hidden, 1),
            nn.PReLU(),
            Scaled(hidden, norm),
            nn.Sequential(depth) if causal else depth,
            nn.PReLU(),
            Scaled(hidden, norm),
        )
        block.res_conv = nn.Conv1d(hidden, neck, 1)
        if skip:
            block.skip_conv = nn.Conv1d(hidden, skip, 1)
        return block

    def forward(self, sound):
        bank = self.encoder.filterbank._filters
        frames = torch.relu(nn.functional.conv1d(sound.view(1, 1, -1), bank, stride=self.step))
        x, total = self.masker.bottleneck(frames), 0
        for block in self.masker.TCN:
            y = block.shared_block(x)
            total = total + block.skip_conv(y) if self.skip else 0
            x = x + block.res_conv(y)
        masks = torch.relu(self.masker.mask_net(total if self.skip else x))
        masked = masks.view(self.sources, -1, frames.shape[-1]) * frames
        bank = self.decoder.filterbank._filters
        out = nn.functional.conv_transpose1d(masked, bank, stride=self.step)[:, 0]
        return nn.functional.pad(out, (0, len(sound) - out.shape[-1]))


def shaken(module):
    """Move what begins at 0 or 1 away from it: a norm left out would go unseen."""
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.ndim == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))

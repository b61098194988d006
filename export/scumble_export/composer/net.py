"""The net: a decoder transformer with rotary positions whose keys and values are kept from step to step."""

from __future__ import annotations

import dataclasses
import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclasses.dataclass(frozen=True)
class Size:
    """What a net is made of: words, width, layers, heads, and the longest sequence it is run on."""

    words: int
    width: int = 256
    layers: int = 6
    heads: int = 8
    context: int = 512


class Layer(nn.Module):
    """Attention and a perceptron, each after its norm and added to what came in."""

    def __init__(self, size: Size, dropout: float) -> None:
        super().__init__()
        self.heads = size.heads
        self.first, self.second = nn.LayerNorm(size.width), nn.LayerNorm(size.width)
        self.asked = nn.Linear(size.width, 3 * size.width, bias=False)
        self.answered = nn.Linear(size.width, size.width, bias=False)
        self.wide = nn.Linear(size.width, 4 * size.width)
        self.narrow = nn.Linear(4 * size.width, size.width)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, x: Tensor, turns: tuple[Tensor, Tensor], past: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, ...]:
        """Takes (batch, n, width); returns it changed, and the keys and values of these n, (batch, n, width) each."""
        batch, count, width = x.shape
        query, key, value = self.asked(self.first(x)).chunk(3, dim=-1)
        query, key = self.turned(query, turns), self.turned(key, turns)
        if past is None:
            asked, known, answers = self.split(query), self.split(key), self.split(value)
            heard = F.scaled_dot_product_attention(asked, known, answers, is_causal=True)
        else:
            keys, values = torch.cat([past[0], key], dim=1), torch.cat([past[1], value], dim=1)
            heard = self.attend(self.split(query), self.split(keys), self.split(values))
        x = x + self.dropout(self.answered(heard.transpose(1, 2).reshape(batch, count, width)))
        x = x + self.dropout(self.narrow(F.gelu(self.wide(self.second(x)))))
        return x, key, value

    def split(self, x: Tensor) -> Tensor:
        """Returns (batch, heads, n, width of a head)."""
        return x.reshape(x.shape[0], x.shape[1], self.heads, -1).transpose(1, 2)

    def turned(self, x: Tensor, turns: tuple[Tensor, Tensor]) -> Tensor:
        """Turns pairs of numbers by their place: Su et al. 2021, "RoFormer"."""
        cosine, sine = turns
        left, right = x.reshape(*x.shape[:2], self.heads, 2, -1).unbind(-2)
        return torch.stack([left * cosine - right * sine, left * sine + right * cosine], dim=-2).flatten(-3)

    @staticmethod
    def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """The last places attend to all before them and themselves, written out for export."""
        scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
        count, whole = query.shape[-2], key.shape[-2]
        places = torch.arange(whole, device=query.device)
        hidden = places[None, :] > places[whole - count :, None]
        return (scores + hidden.to(scores.dtype) * -1e9).softmax(-1) @ value


class Composer(nn.Module):
    """Gives the logits of the next word at each place."""

    cosines: Tensor
    sines: Tensor

    def __init__(self, size: Size, dropout: float = 0.0) -> None:
        super().__init__()
        self.size = size
        self.words = nn.Embedding(size.words, size.width)
        layers = [Layer(size, dropout) for _ in range(size.layers)]
        self.layers = nn.ModuleList(layers)
        self.last = nn.LayerNorm(size.width)
        self.dropout = nn.Dropout(dropout)
        half = size.width // size.heads // 2
        speeds = 10_000.0 ** (-torch.arange(half) / half)
        angles = torch.arange(size.context)[:, None] * speeds
        self.register_buffer("cosines", angles.cos()[:, None], persistent=False)
        self.register_buffer("sines", angles.sin()[:, None], persistent=False)
        self.apply(self._begin)
        for layer in layers:
            for end in (layer.answered, layer.narrow):
                nn.init.normal_(end.weight, std=0.02 / math.sqrt(2 * size.layers))

    @staticmethod
    def _begin(part: nn.Module) -> None:
        if isinstance(part, nn.Linear | nn.Embedding):
            nn.init.normal_(part.weight, std=0.02)
        if isinstance(part, nn.Linear) and part.bias is not None:
            nn.init.zeros_(part.bias)

    def forward(self, numbers: Tensor) -> Tensor:
        """Takes words (batch, n); returns logits (batch, n, words)."""
        count = numbers.shape[1]
        x = self.dropout(self.words(numbers))
        for layer in self.layers:
            x = layer(x, (self.cosines[:count], self.sines[:count]), None)[0]
        return F.linear(self.last(x), self.words.weight)

    @property
    def parameters_count(self) -> int:
        """Number of weights."""
        return sum(weight.numel() for weight in self.parameters())


class Step(nn.Module):
    """The net as it is exported: some words and what is kept of those before, all in float32.

    `words` (n,) are numbers; `past` (t, layers * 2 * width) holds keys and values of the t words before. Gives the
    logits after the last word, (words,), and what is to be kept of these words, (n, layers * 2 * width).
    """

    def __init__(self, net: Composer) -> None:
        super().__init__()
        self.net = net

    def forward(self, words: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        """Runs one step."""
        net, width = self.net, self.net.size.width
        before, count = past.shape[0], words.shape[0]
        places = torch.arange(count, device=words.device) + before
        turns = net.cosines[places], net.sines[places]
        x = net.words(words.to(torch.int64))[None]
        kept: list[Tensor] = []
        for number, layer in enumerate(net.layers):
            at = 2 * number * width
            own = past[None, :, at : at + width], past[None, :, at + width : at + 2 * width]
            x, key, value = layer(x, turns, own)
            kept += [key[0], value[0]]
        return F.linear(net.last(x[0, -1]), net.words.weight), torch.cat(kept, dim=-1)

"""What a text is recognised by: the hash of its words, and a MinHash of its letters.

MinHash (Broder, 1997, doi:10.1109/SEQUEN.1997.666900) over overlapping runs of four characters, so
that Korean, whose words carry their endings, is compared as well as English. Of each minimum only
the low 16 bits are kept (b-bit minwise hashing, Li & König, 2010, arXiv:0910.3349): two different
minima agree in them once in 65,536.

``datasketch`` (MIT) was measured first: its index lives in Python dictionaries (3.5 kB an item: 3.5
GB for a million) or in Redis, and a text takes about three times as long as here.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RUN = 4
"""Characters of a shingle."""
HASHES = 64
"""Minima of a signature: the estimate of a likeness of 0.8 has a standard error of 0.05."""
ROWS = 4
"""Minima that make up one band."""
BANDS = 8
"""Bands looked up: two texts of likeness 0.8 share one 985 times in 1,000, of 0.4, 190 times."""
MIN_CHARS = 20
"""Shorter texts are nobody's copy: everybody says "thank you very much"."""
MAX_CHARS = 4000
"""What of a text goes into its signature; the digest is of the whole."""
_LINK = re.compile(r"https?://\S+")
_NO_WORD = re.compile(r"[\W_]+")
_SPREAD = np.array(
    [[0x9E3779B97F4A7C15], [0xC2B2AE3D27D4EB4F], [0x165667B19E3779F9], [0x27D4EB2F165667C5]],
    dtype=np.uint64,
)
_ODD = np.random.default_rng(19).integers(1, 2**63, (HASHES, 1), dtype=np.uint64) * np.uint64(
    2
) + np.uint64(1)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Of one text that is long enough."""

    digest: int
    """Of all its words, 63 bits, without case, marks and links: equal for exact copies."""
    signature: NDArray[np.uint16]
    """Shape ``(HASHES,)``."""

    @property
    def bands(self) -> list[int]:
        """Return keys, ``BANDS`` of them, signed 64 bits; texts that are alike share some."""
        keys = self.signature.view(np.uint64)[:BANDS] * _SPREAD[0] + np.arange(
            BANDS, dtype=np.uint64
        )
        keys ^= keys >> np.uint64(31)
        return [int(key) for key in (keys * _SPREAD[1]).view(np.int64)]

    def likeness(self, others: NDArray[np.uint16]) -> NDArray[np.float64]:
        """Estimate Jaccard's index of the shingles, in [0, 1].

        Args:
            others: Signatures, shape ``(n, HASHES)``.

        Returns:
            Shape ``(n,)``.
        """
        return np.asarray((others == self.signature).mean(axis=1))


def words_of(text: str) -> str:
    """Return the words in lower case, parted by one space; no marks, no links."""
    return _NO_WORD.sub(" ", _LINK.sub(" ", unicodedata.normalize("NFKC", text)).casefold()).strip()


def fingerprint(text: str) -> Fingerprint | None:
    """Return what ``text`` is recognised by; ``None`` if it has fewer than ``MIN_CHARS``."""
    words = words_of(text)
    if len(words) < MIN_CHARS:
        return None
    digest = hashlib.blake2b(words.encode("utf-8", "replace"), digest_size=8).digest()
    return Fingerprint(int.from_bytes(digest) >> 1, _signature(words[:MAX_CHARS]))


def _signature(words: str) -> NDArray[np.uint16]:
    points = np.frombuffer(words.encode("utf-32-le", "replace"), np.uint32).astype(np.uint64)
    runs = np.lib.stride_tricks.sliding_window_view(points, RUN)
    hashes = runs @ _SPREAD[:, 0]
    hashes ^= hashes >> np.uint64(29)
    hashes *= _SPREAD[1, 0]
    hashes ^= hashes >> np.uint64(32)
    # multiply-shift (Dietzfelbinger et al., 1997): the high half of a product with an odd number
    minima: NDArray[np.uint64] = (_ODD * hashes).min(axis=1) >> np.uint64(32)
    low: NDArray[np.uint16] = minima.astype(np.uint16)
    return low

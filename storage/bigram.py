"""Full-text terms that work for Korean, Chinese and Japanese as well as for spaced scripts.

Words of spaced scripts stay whole; runs of Hangul, Kana and Han become overlapping pairs of
characters, the usual index unit where words are not parted by spaces (Lee & Ahn, SIGIR 1996).
``여행기`` is indexed as ``여행 행기 기`` and found by ``여행``, ``행기`` and ``여`` alike.
"""

from __future__ import annotations

import re
import unicodedata
from operator import add

_CJK = "\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff"
_RUN = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+")
_IS_CJK = re.compile(rf"[{_CJK}]")
_FIRST = _CJK[0]


def index_terms(text: str) -> str:
    """Return the terms of ``text``, parted by spaces, to be indexed."""
    found: list[str] = []
    for run in runs(text):
        if is_cjk(run):  # most of the work: no loop of ours
            found += map(add, run, run[1:])
            found.append(run[-1])
        else:
            found.append(run)
    return " ".join(found)


def match_query(text: str) -> str:
    """Return the FTS5 query that finds texts with every word of ``text``; empty if it has none."""
    return " ".join(_phrase(run) for run in runs(text))


def runs(text: str) -> list[str]:
    """Return the words of ``text``, and its runs of Hangul, Kana and Han, in lower case."""
    return _RUN.findall(unicodedata.normalize("NFKC", text).lower())


def is_cjk(run: str) -> bool:
    """Whether a run that :func:`runs` gave is of Hangul, Kana or Han."""
    return run >= _FIRST and _IS_CJK.match(run) is not None


def _phrase(run: str) -> str:
    if not is_cjk(run):
        return f'"{run}"'
    if len(run) == 1:
        return f'"{run}"*'
    return f'"{" ".join(run[i : i + 2] for i in range(len(run) - 1))}"'

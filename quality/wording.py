"""What the words of a text show: fragments, boilerplate, bare links; Korean and English."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from quality.fingerprint import words_of
from quality.language import letters

LINK = re.compile(r"(?:https?://|www\.)\S+")
_JAMO_ONLY = re.compile(r"[\u1100-\u11ff\u3130-\u318f\W\d_]+")
_FRAGMENTS = frozenset(
    Path(__file__).with_name("fragments.txt").read_text(encoding="utf-8").split()
)
"""Words that say nothing by themselves: an answer to something that is not there."""
_BOILERPLATE = re.compile(
    r"""무단\s*(?:전재|복제|배포)|재배포\s*(?:및|금지|,)|저작권자|ⓒ|©|all\s+rights\s+reserved|copyright
    |구독\s*(?:과|와|,|·|/|\s)\s*좋아요|좋아요\s*(?:와|과|,|·|/|\s)\s*구독|알림\s*설정|채널\s*(?:추가|구독)
    |제보는|카카오톡\s*:|기사\s*제보|이\s*기사를\s*공유|관련\s*기사|광고\s*문의|협찬|비즈니스\s*문의|개인정보\s*처리
    |subscribe\b|smash\s+(?:that|the)|hit\s+(?:that|the)\s+bell|follow\s+(?:me|us)\b|sign\s+up\s+(?:for|to)
    |newsletter|cookies?\s+(?:policy|settings)|we\s+use\s+cookies|accept\s+(?:all\s+)?cookies|privacy\s+policy
    |terms\s+of\s+(?:use|service)|click\s+here|read\s+more|share\s+this|related\s+(?:articles|stories)
    |use\s+code\b|affiliate|sponsored\s+by|business\s+(?:inquiries|enquiries)|join\s+this\s+channel
    |patreon\.com|instagram\.com|i\s+am\s+a\s+bot|this\s+action\s+was\s+performed\s+automatically
    |contact\s+the\s+moderators|advertisement|log\s+in\s+to|create\s+an\s+account""",
    re.IGNORECASE | re.VERBOSE,
)
_PIECE = re.compile(r"[^\n.!?。]+[.!?。]*")
_TAGS = re.compile(r"#\w+")
MAX_CHARS = 20_000
"""What of a text is looked at."""


def is_fragment(text: str) -> bool:
    """Whether it says nothing without what it answers: "this", "ㅋㅋ", "ㅇㅇ", "👍", "100%"."""
    if _JAMO_ONLY.fullmatch(text):
        return True
    words = words_of(text).split()
    return len(words) <= 3 and all(
        word in _FRAGMENTS or _JAMO_ONLY.fullmatch(word) for word in words
    )


def is_link_only(text: str) -> bool:
    """Whether there is a link and next to nothing beside it."""
    return bool(LINK.search(text)) and letters(LINK.sub(" ", text)) < 10


def boilerplate_share(text: str) -> float:
    """Return which share of the letters, in [0, 1], says what every page of its kind says.

    That is: sentences with set phrases (rights, subscriptions, cookies, advertising), links and
    hashtags, and sentences that were there before.
    """
    seen = Counter[str]()
    total = empty = 0
    for line in text[:MAX_CHARS].splitlines():
        for piece in _PIECE.findall(LINK.sub(" https ", line)):
            size, key = letters(piece), words_of(piece)
            total += size
            seen[key] += 1
            if _BOILERPLATE.search(piece) or (size >= 10 and seen[key] > 1):
                empty += size
            else:
                empty += sum(letters(tag) for tag in _TAGS.findall(piece))
                empty += 5 * piece.count(" https ")
    return min(empty / total, 1.0) if total else 0.0

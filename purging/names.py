"""What people call the places where a purge looks."""

from __future__ import annotations

PLACES = {
    "store": "store / 저장소",
    "topics": "topics / 화제",
    "seeds": "seeds / 시드",
    "jobs": "jobs / 수집 작업",
    "media": "media files / 미디어 파일",
    "spool": "spool / 임시 저장",
    "work": "work queue / 작업 대기열",
    "near": "near-duplicates / 중복 색인",
    "profiles": "labelled examples / 학습 예시",
    "exports": "exports / 내보내기",
}


def place_name(part: str) -> str:
    """Return what a part of a report is called, e.g. of ``store/items``."""
    place, _, detail = part.partition("/")
    return PLACES[place] + (f": {detail}" if detail else "")

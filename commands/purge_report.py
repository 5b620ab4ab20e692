"""What ``gleanery purge`` says to people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from commands.output import print_table, say
from purging.names import place_name

if TYPE_CHECKING:
    from purging.opened import PurgeRun
    from purging.source import Asked

SHOWN = 20
"""Lines of exports at most; --json has more."""


def show_report(run: PurgeRun, *, removed: bool = False) -> None:
    """Print what was found where, and with ``removed`` what became of it."""
    report = run.report
    rows: list[tuple[object, ...]] = []
    for part, found in report.found.items():
        name = place_name(part)
        left = report.left.get(part, 0)
        rows.append((name, found, found - left, left) if removed else (name, found))
    columns = ("place / 장소", "#found / 발견")
    heads = (*columns, "#removed / 삭제", "#left / 남음") if removed else columns
    print_table(f"Purge / 완전 삭제: {report.items:,} items / 항목", heads, rows)
    _show_exports(run)
    if not removed:
        return
    if run.examples.changed:
        changed = ", ".join(run.examples.changed)
        say(f"Rows were taken out of {changed}: gleanery feedback retrain (다시 학습하세요)")
    say(f"{report.tombstones:,} tombstones: it will not come back (다시 수집하지 않습니다)")
    if report.proven:
        say("Looked everywhere again: nothing is left (다시 확인: 남은 것이 없습니다)")
    else:
        say("Something is left, see above (남은 것이 있습니다)")


def show_asked(asked: Asked) -> None:
    """Print what Reddit said."""
    rows = [
        ("asked about / 확인한 항목", asked.asked),
        ("deleted or removed there / 원본에서 삭제됨", len(asked.gone)),
        ("not in the answer (--absent) / 응답에 없음", len(asked.absent)),
        ("author gone, name taken off / 작성자 탈퇴", asked.nameless),
    ]
    print_table("Deleted at source / 원본 확인", ("what / 항목", "#items"), rows)


def _show_exports(run: PurgeRun) -> None:
    hits = run.exports.hits
    if not hits:
        return
    rows = [(h.folder, h.shard, h.line, h.identity) for h in hits[:SHOWN]]
    columns = ("export / 내보내기", "shard", "#line / 줄", "item / 항목")
    print_table("Still in exports: make them again / 다시 만들 내보내기", columns, rows)
    if len(hits) > SHOWN:
        say(f"… {len(hits) - SHOWN:,} more, see --json")

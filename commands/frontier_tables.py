"""The report of a frontier, and its dead letters, as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from commands.output import print_table, say

if TYPE_CHECKING:
    from crawlers.frontier.control import DeadLetter
    from crawlers.frontier.report import FrontierReport, Rates


def show_report(report: FrontierReport, pace: Rates | None = None) -> None:
    """Print the report; ``pace`` since the one before."""
    say(
        f"{report.crawl}: {report.state} · {report.queued} queued / 대기"
        f" · {report.in_flight} in flight / 진행 · {report.done} done / 완료"
        f" · {report.pruned} pruned / 가지침 · {report.dead} dead / 포기"
    )
    counted = report.counters | {"pushed": report.pushed} | report.budgets | report.speed
    say(" · ".join(f"{name} {number}" for name, number in counted.items()))
    if pace:
        say(
            f"{pace.pages_per_second:.1f} pages/s · {pace.pushed_per_second:.1f} pushed/s"
            f" (last {pace.seconds:.1f} s / 최근 {pace.seconds:.1f}초)"
        )
    print_table(
        "Depths / 깊이",
        ("#depth", "#queued", "#in flight", "#done", "#pruned", "#dead"),
        ((d.depth, d.queued, d.in_flight, d.done, d.pruned, d.dead) for d in report.depths),
    )
    _show_hosts(report)
    _show_workers(report)


def _show_hosts(report: FrontierReport) -> None:
    columns = ("#queued", "#in flight", "#done", "#pruned", "#dead", "#delay s", "#free in s")
    print_table(
        f"Hosts, of {report.queues_total} queues / 호스트, 대기열 {report.queues_total}개",
        ("host / 호스트", *columns),
        (
            (
                row.host,
                row.queued,
                row.in_flight,
                row.done,
                row.pruned,
                row.dead,
                None if row.delay_ms is None else f"{row.delay_ms / 1000:.2f}",
                f"{row.free_in_ms / 1000:.2f}",
            )
            for row in report.hosts
        ),
    )


def _show_workers(report: FrontierReport) -> None:
    print_table(
        "Workers / 작업자",
        ("name / 이름", "#heartbeat s ago", "#leases"),
        ((w.name, f"{w.silent_ms / 1000:.1f}", w.leases) for w in report.workers),
    )
    if lease := report.oldest_lease:
        say(
            f"Longest under way / 가장 오래 진행 중: {lease.url},"
            f" {lease.age_ms / 1000:.1f} s ({lease.worker})"
        )


def show_dead(letters: list[DeadLetter]) -> None:
    """Print dead letters, and why each attempt failed."""
    print_table(
        "Dead letters / 포기한 요청",
        ("#id", "#depth", "address / 주소", "attempts / 시도"),
        (
            (
                letter.id,
                letter.depth,
                letter.url,
                ", ".join(f"{a.at:%m-%d %H:%M:%S} {a.reason} ({a.worker})" for a in letter.history),
            )
            for letter in letters
        ),
    )

"""Crawls: what they find, what waits, what goes wrong."""

from __future__ import annotations

from monitoring.dashboards.board import Board, lines, number, stacked

BOARD = Board(
    uid="gleanery-crawl",
    title="Gleanery: crawls / 수집",
    rows=(
        ("Now / 현재", (
            number("Jobs running", "실행 중인 작업",
                   'sum(gleanery_jobs{state=~"running|stalled"})'),
            number("Jobs queued", "대기 중인 작업", 'sum(gleanery_jobs{state="queued"})'),
            number("Requests queued", "대기 중인 요청",
                   'sum(gleanery_frontier_requests{state="queued"})'),
            number("Dead letters", "포기한 요청", 'sum(gleanery_frontier_requests{state="dead"})'),
            number("Pages per second", "초당 페이지", "sum(rate(gleanery_crawl_pages_total[5m]))",
                   unit="ops"),
            number("Items per second", "초당 항목", "sum(rate(gleanery_crawl_items_total[5m]))",
                   unit="ops"),
        )),
        ("Yield / 수확", (
            lines("Pages by spider", "스파이더별 페이지",
                  "sum by (spider) (rate(gleanery_crawl_pages_total[5m]))", "{{spider}}",
                  unit="ops"),
            stacked("Items by kind", "종류별 항목",
                    "sum by (kind) (rate(gleanery_crawl_items_total[5m]))", "{{kind}}",
                    unit="ops"),
            stacked("Classified by category", "분류별 항목",
                    "sum by (category) (rate(gleanery_crawl_classified_total[15m]))",
                    "{{category}}", unit="ops"),
            lines("Bytes received", "받은 바이트",
                  "sum by (spider) (rate(gleanery_crawl_bytes_total[5m]))", "{{spider}}",
                  unit="Bps"),
            lines("Items dropped", "버린 항목",
                  "sum by (spider) (rate(gleanery_crawl_dropped_total[5m]))", "{{spider}}",
                  unit="ops"),
            stacked("Answers by status", "상태별 응답",
                    "sum by (status) (rate(gleanery_crawl_responses_total[5m]))", "{{status}}",
                    unit="ops"),
        )),
        ("Frontier / 대기열", (
            stacked("Requests by state", "상태별 요청",
                    'sum by (state) (gleanery_frontier_requests{state!="done"})', "{{state}}"),
            stacked("Queued by depth", "깊이별 대기",
                    'sum by (depth) (gleanery_frontier_requests{state="queued"})', "{{depth}}"),
            lines("Done per second", "초당 처리",
                  "sum by (crawl) (rate(gleanery_frontier_done_total[5m]))", "{{crawl}}",
                  unit="ops"),
            lines("Oldest request under way", "가장 오래된 처리 중 요청",
                  "max by (crawl) (gleanery_frontier_oldest_lease_seconds)", "{{crawl}}",
                  unit="s"),
            lines("Workers", "작업자", "max by (crawl) (gleanery_frontier_workers)", "{{crawl}}"),
            lines("Taken back from dead workers", "죽은 작업자에게서 회수",
                  "sum by (crawl) (increase(gleanery_frontier_reclaimed_total[15m]))",
                  "{{crawl}}"),
        )),
        ("Trouble / 문제", (
            stacked("Errors by kind", "종류별 오류",
                    "sum by (kind) (rate(gleanery_crawl_errors_total[5m]))", "{{kind}}",
                    unit="ops"),
            lines("Share of requests that fail", "실패하는 요청의 비율",
                  "sum by (spider)"
                  ' (rate(gleanery_crawl_errors_total{kind=~"download|callback|store'
                  '|request_failed"}[15m]))'
                  " / sum by (spider) (rate(gleanery_crawl_requests_total[15m]))",
                  "{{spider}}", unit="percentunit"),
            stacked("What happened to jobs", "작업에 일어난 일",
                    "sum by (event) (increase(gleanery_job_events_total[1h]))", "{{event}}"),
        )),
    ),
)  # fmt: skip

"""Stores: whether they answer, what they hold, what waits for them."""

from __future__ import annotations

from monitoring.dashboards.board import Board, lines, number, stacked

BOARD = Board(
    uid="gleanery-stores",
    title="Gleanery: stores / 저장소",
    rows=(
        ("Now / 현재", (
            number("Stores away", "응답 없는 저장소",
                   'count(min by (source) (gleanery_up{source=~"store|mysql|mongodb|redis|media"})'
                   " == 0) or vector(0)"),
            number("Items", "항목", "max(gleanery_items)"),
            number("Items that wait in spools", "스풀에서 기다리는 항목",
                   "sum(gleanery_spool_items) or vector(0)"),
            number("Unclassified", "분류되지 않음", "max(gleanery_items_unclassified)"),
            number("To be reviewed", "검토 필요", "max(gleanery_items_to_review)"),
        )),
        ("Items / 항목", (
            stacked("By platform", "플랫폼별",
                    "max by (platform) (gleanery_items_by_platform)", "{{platform}}"),
            stacked("By kind", "종류별", "max by (kind) (gleanery_items_by_kind)", "{{kind}}"),
            stacked("By category", "분류별",
                    "max by (category) (gleanery_items_by_category)", "{{category}}"),
        )),
        ("Answers / 응답", (
            lines("Sources that answer", "응답하는 출처", "min by (source) (gleanery_up)",
                  "{{source}}"),
            lines("Time to read a source", "출처를 읽는 시간",
                  "max by (source) (gleanery_source_seconds)", "{{source}}", unit="s"),
            lines("MySQL", "MySQL 크기", "max(gleanery_mysql_bytes)", "MySQL", unit="bytes"),
            lines("MongoDB", "MongoDB 크기", "max(gleanery_mongodb_bytes)", "MongoDB",
                  unit="bytes"),
            lines("Redis", "Redis 메모리", "max(gleanery_redis_memory_bytes)", "used",
                  unit="bytes"),
            lines("Redis, at most", "Redis 최대 메모리", "max(gleanery_redis_max_memory_bytes)",
                  "max", unit="bytes"),
        )),
        ("Spools and disks / 스풀과 디스크", (
            lines("Items in spools", "스풀의 항목",
                  "sum by (instance, spool) (gleanery_spool_items)", "{{instance}} {{spool}}"),
            lines("Full", "스풀 사용률",
                  "max by (instance, spool) (gleanery_spool_bytes)"
                  " / max by (instance, spool) (gleanery_spool_max_bytes)",
                  "{{instance}} {{spool}}", unit="percentunit"),
            lines("Set aside", "따로 빼 둔 것",
                  "sum by (spool) (gleanery_spool_refused + gleanery_spool_damaged)", "{{spool}}"),
            lines("Oldest item", "가장 오래된 항목",
                  "time() - (gleanery_spool_oldest_timestamp_seconds > 0)", "{{spool}}",
                  unit="s"),
            lines("Free on disk", "남은 디스크",
                  "gleanery_home_free_bytes / gleanery_home_size_bytes", "{{instance}}",
                  unit="percentunit"),
            lines("Certificates end", "인증서 만료까지",
                  "gleanery_certificate_expiry_timestamp_seconds - time()", "{{certificate}}",
                  unit="s"),
            lines("API keys end", "API 키 만료까지",
                  "gleanery_api_key_expiry_timestamp_seconds - time()", "{{key}}", unit="s"),
        )),
    ),
)  # fmt: skip

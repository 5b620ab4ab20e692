"""Everything that runs: nodes, programs, their requests, processors and memory."""

from __future__ import annotations

from monitoring.dashboards.board import Board, lines, number, shares, stacked

BOARD = Board(
    uid="gleanery-cluster",
    title="Gleanery: cluster / 클러스터",
    rows=(
        ("Now / 현재", (
            number("Programs that do not answer", "응답 없는 프로그램",
                   'count(up{job=~"gleanery-.*"} == 0) or vector(0)'),
            number("Nodes", "노드", "count(gleanery_node_slots)"),
            number("Slots in use", "사용 중인 자리",
                   "sum(gleanery_node_running_jobs) / sum(gleanery_node_slots)",
                   unit="percentunit"),
            number("Alerts", "경보", 'count(ALERTS{alertstate="firing",alertname=~"Gleanery.*"})'
                   " or vector(0)"),
        )),
        ("scrapyd nodes / scrapyd 노드", (
            lines("Silent for", "소식 없는 시간",
                  "max by (node) (gleanery_node_silent_seconds)", "{{node}}", unit="s"),
            stacked("Jobs by node", "노드별 작업",
                    "max by (node) (gleanery_node_running_jobs)", "{{node}}"),
            stacked("Jobs by state", "상태별 작업", "max by (state) (gleanery_jobs)", "{{state}}"),
            stacked("Attempts that ended", "끝난 시도",
                    "sum by (spider, state) (increase(gleanery_scrapyd_jobs_total[1h]))",
                    "{{spider}} {{state}}"),
            lines("Slots in use by node", "노드별 사용 중인 자리",
                  "gleanery_scrapyd_running_jobs / gleanery_scrapyd_slots", "{{instance}}",
                  unit="percentunit"),
            lines("Draining", "비우는 중", "max by (node) (gleanery_node_draining)", "{{node}}"),
        )),
        ("Client API / 클라이언트 API", (
            stacked("Requests by status", "상태별 요청",
                    "sum by (status) (rate(gleanery_api_requests_total[5m]))", "{{status}}",
                    unit="reqps"),
            shares("Time by route", "경로별 시간", "gleanery_api_request_seconds", "route"),
        )),
        ("Admin page / 관리 페이지", (
            stacked("Requests by status", "상태별 요청",
                    "sum by (status) (rate(gleanery_admin_requests_total[5m]))", "{{status}}",
                    unit="reqps"),
            shares("Time by route", "경로별 시간", "gleanery_admin_request_seconds", "route"),
            lines("Logins that failed", "실패한 로그인",
                  "sum by (reason) (increase(gleanery_admin_login_failures_total[15m]))",
                  "{{reason}}"),
            lines("Live streams", "실시간 화면", "sum(gleanery_admin_live_streams)", "open"),
        )),
        ("Processes / 프로세스", (
            lines("Processor", "프로세서",
                  'rate(process_cpu_seconds_total{job=~"gleanery-.*"}[5m])',
                  "{{job}} {{instance}}", unit="percentunit"),
            lines("Memory", "메모리", 'process_resident_memory_bytes{job=~"gleanery-.*"}',
                  "{{job}} {{instance}}", unit="bytes"),
            lines("Open files", "열린 파일",
                  'process_open_fds{job=~"gleanery-.*"} / process_max_fds{job=~"gleanery-.*"}',
                  "{{job}} {{instance}}", unit="percentunit"),
        )),
    ),
)  # fmt: skip

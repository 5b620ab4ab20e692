"""The model server: what it answers, how quickly, what waits."""

from __future__ import annotations

from monitoring.dashboards.board import Board, lines, number, shares, stacked

BOARD = Board(
    uid="gleanery-models",
    title="Gleanery: model server / 모델 서버",
    rows=(
        ("Now / 현재", (
            number("Engines ready", "준비된 엔진", "sum(gleanery_model_engine_ready)"),
            number("Documents waiting", "대기 중인 문서", "sum(gleanery_model_queue_documents)"),
            number("Documents per second", "초당 문서",
                   "sum(rate(gleanery_model_documents_total[5m]))", unit="ops"),
            number("Refused as busy", "바빠서 거절",
                   'sum(rate(gleanery_model_calls_total{outcome="busy"}[10m]))'
                   " / sum(rate(gleanery_model_calls_total[10m]))", unit="percentunit"),
        )),
        ("Load / 부하", (
            stacked("Documents by capability", "기능별 문서",
                    "sum by (engine, capability) (rate(gleanery_model_documents_total[5m]))",
                    "{{engine}} {{capability}}", unit="ops"),
            lines("Tokens per second", "초당 토큰",
                  "sum by (engine) (rate(gleanery_model_tokens_total[5m]))", "{{engine}}",
                  unit="ops"),
            lines("Queue", "대기열", "sum by (engine) (gleanery_model_queue_documents)",
                  "{{engine}}"),
            stacked("Calls by outcome", "결과별 호출",
                    "sum by (outcome) (rate(gleanery_model_calls_total[5m]))", "{{outcome}}",
                    unit="ops"),
            lines("Documents in a batch", "묶음의 문서 수",
                  "sum by (engine) (rate(gleanery_model_batch_documents_sum[5m]))"
                  " / sum by (engine) (rate(gleanery_model_batch_documents_count[5m]))",
                  "{{engine}}"),
            lines("Batches that failed", "실패한 묶음",
                  "sum by (engine) (rate(gleanery_model_batch_failures_total[5m]))", "{{engine}}",
                  unit="ops"),
        )),
        ("Time / 시간", (
            shares("Calls", "호출 시간", "gleanery_model_call_seconds", "engine"),
            shares("Batches", "묶음 계산 시간", "gleanery_model_batch_seconds", "engine"),
            lines("Engine busy", "엔진 사용률",
                  "sum by (instance, engine) (rate(gleanery_model_batch_seconds_sum[5m]))",
                  "{{instance}} {{engine}}", unit="percentunit"),
            lines("Memory", "메모리",
                  'process_resident_memory_bytes{job="gleanery-model"}', "{{instance}}",
                  unit="bytes"),
        )),
        ("Videos / 영상", (
            stacked("Work queue", "작업 대기열",
                    'max by (state) (gleanery_work_jobs{state!="done"})', "{{state}}"),
            stacked("Steps done", "끝난 단계",
                    "sum by (step, outcome) (rate(gleanery_worker_step_seconds_count[15m]))",
                    "{{step}} {{outcome}}", unit="ops"),
            shares("Time of steps", "단계 시간", "gleanery_worker_step_seconds", "step"),
            stacked("Jobs that left a worker", "작업자를 떠난 작업",
                    "sum by (outcome) (rate(gleanery_worker_jobs_total[15m]))", "{{outcome}}",
                    unit="ops"),
            number("Workers", "작업자", "max(gleanery_work_workers)"),
        )),
    ),
)  # fmt: skip

"""Every alert fires when it should, and at no other time; promtool plays the hours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli import ROOT
from tests.monitoring.scraping import COMPONENT, promtool

RULES = {
    rule["alert"]: rule
    for file in sorted((COMPONENT / "rules").glob("*.yaml"))
    for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
}
DAY = 86400
VOLUME = 'kubelet_volume_stats_%s_bytes{namespace="gleanery",persistentvolumeclaim="data-mysql-0"}'
FRONTIER = 'gleanery_frontier_requests{crawl="c",depth="1",state="%s"}'

# alert → series that make it fire after so many minutes, and labels it must have then
FIRES: dict[str, tuple[dict[str, str], int, dict[str, str]]] = {
    "GleaneryJobStalled": ({'gleanery_jobs{state="stalled"}': "2x20"}, 6, {}),
    "GleaneryCrawlStalled": (
        {FRONTIER % "queued": "9x60", FRONTIER % "in_flight": "1x60",
         'gleanery_frontier_workers{crawl="c"}': "1x60",
         'gleanery_frontier_paused{crawl="c"}': "0x60",
         'gleanery_frontier_done_total{crawl="c"}': "5x60"}, 40, {"crawl": "c"}),
    "GleaneryCrawlAbandoned": (
        {FRONTIER % "in_flight": "3x60", 'gleanery_frontier_workers{crawl="c"}': "0x60"},
        31, {"crawl": "c"}),
    "GleaneryDeadLetters": ({FRONTIER % "dead": "1x60"}, 16, {"crawl": "c"}),
    "GleaneryCrawlErrors": (
        {'gleanery_crawl_errors_total{spider="s",kind="download"}': "0+30x60",
         'gleanery_crawl_requests_total{spider="s"}': "0+100x60"}, 20, {"spider": "s"}),
    "GleaneryBlocked": (
        {'gleanery_crawl_errors_total{spider="s",kind="blocked"}': "0+20x60",
         'gleanery_crawl_pages_total{spider="s"}': "0+100x60"}, 20, {"spider": "s"}),
    "GleaneryJobsFailing": (
        {'gleanery_job_events_total{event="failed"}': "0+1x60",
         'gleanery_job_events_total{event="finished"}': "0x60"}, 30, {}),
    "GleaneryNodeSilent": ({'gleanery_node_silent_seconds{node="n"}': "30+60x20"}, 5,
                           {"node": "n"}),
    "GleaneryWorkParked": ({'gleanery_work_jobs{state="parked"}': "1x30"}, 16, {}),
    "GleaneryWorkQueueFull": (
        {'gleanery_work_jobs{state="queued"}': "80x30",
         'gleanery_work_jobs{state="delayed"}': "15x30", "gleanery_work_limit": "100x30"}, 16, {}),
    "GleaneryWorkWithoutWorkers": (
        {'gleanery_work_jobs{state="queued"}': "8x60", "gleanery_work_workers": "0x60"}, 31, {}),
    "GleaneryStoreAway": ({'gleanery_up{source="mysql"}': "1x5 0x20"}, 10, {"source": "mysql"}),
    "GleanerySourceAway": ({'gleanery_up{source="jobs"}': "0x30"}, 16, {"source": "jobs"}),
    "GleanerySpoolGrowing": ({'gleanery_spool_items{spool="p"}': "0+5x60"}, 25, {"spool": "p"}),
    "GleanerySpoolNearlyFull": (
        {'gleanery_spool_bytes{spool="p"}': "90x20",
         'gleanery_spool_max_bytes{spool="p"}': "100x20"},
        6, {"spool": "p"}),
    "GleanerySpoolOld": (
        {'gleanery_spool_oldest_timestamp_seconds{spool="p"}': "1x200"}, 70, {"spool": "p"}),
    "GleanerySpoolDamaged": (
        {'gleanery_spool_damaged{spool="p"}': "1x9", 'gleanery_spool_refused{spool="p"}': "0x9"},
        2, {"spool": "p"}),
    "GleaneryRedisMemory": (
        {"gleanery_redis_memory_bytes": "90x20", "gleanery_redis_max_memory_bytes": "100x20"},
        6, {}),
    "GleaneryDiskLow": (
        {"gleanery_home_free_bytes": "10x20", "gleanery_home_size_bytes": "100x20"}, 11, {}),
    "GleaneryVolumeLow": (
        {VOLUME % "available": "10x20", VOLUME % "capacity": "100x20"},
        11, {"persistentvolumeclaim": "data-mysql-0"}),
    "GleaneryDiskFull": (
        {"gleanery_home_free_bytes": "1000-2x300", "gleanery_home_size_bytes": "2000x300"},
        280, {}),
    "GleaneryCertificateEnding": (
        {'gleanery_certificate_expiry_timestamp_seconds{certificate="c"}': f"{20 * DAY}x9"},
        1, {"certificate": "c"}),
    "GleaneryCertificateEnded": (
        {'gleanery_certificate_expiry_timestamp_seconds{certificate="c"}': f"{DAY}x9"},
        1, {"certificate": "c"}),
    "GleaneryApiKeyEnding": (
        {'gleanery_api_key_expiry_timestamp_seconds{key="k"}': f"{10 * DAY}x9"}, 1, {"key": "k"}),
    "GleaneryModelEngineDown": (
        {'gleanery_model_engine_ready{engine="e"}': "0x20"}, 6, {"engine": "e"}),
    "GleaneryModelQueueLong": (
        {'gleanery_model_queue_documents{engine="e"}': "900x20"}, 11, {"engine": "e"}),
    "GleaneryModelBusy": (
        {'gleanery_model_calls_total{engine="e",outcome="busy"}': "0+30x40",
         'gleanery_model_calls_total{engine="e",outcome="answered"}': "0+70x40"},
        20, {"engine": "e"}),
    "GleaneryModelErrors": (
        {'gleanery_model_calls_total{engine="e",outcome="failed"}': "0+10x40",
         'gleanery_model_calls_total{engine="e",outcome="answered"}': "0+90x40"},
        20, {"engine": "e"}),
    "GleaneryApiErrors": (
        {'gleanery_api_requests_total{status="503"}': "0+10x40",
         'gleanery_api_requests_total{status="200"}': "0+90x40"}, 20, {}),
    "GleaneryAdminErrors": (
        {'gleanery_admin_requests_total{status="500"}': "0+10x40",
         'gleanery_admin_requests_total{status="200"}': "0+90x40"}, 20, {}),
    "GleaneryLoginFailures": (
        {'gleanery_admin_login_failures_total{reason="wrong"}': "0+3x40"}, 20, {}),
    "GleaneryExporterDown": ({}, 6, {}),
    "GleaneryProgramDown": ({'up{job="gleanery-crawl",instance="i"}': "0x20"}, 6,
                            {"job": "gleanery-crawl"}),
}  # fmt: skip
# alert → series at which it must be silent, at whatever minute of an hour
SILENT: dict[str, dict[str, str]] = {
    "GleaneryJobStalled": {'gleanery_jobs{state="stalled"}': "0x60"},
    "GleaneryCrawlStalled": {  # a paused one
        FRONTIER % "queued": "9x60", 'gleanery_frontier_workers{crawl="c"}': "1x60",
        'gleanery_frontier_paused{crawl="c"}': "1x60",
        'gleanery_frontier_done_total{crawl="c"}': "5x60"},
    "GleaneryCrawlAbandoned": {  # stopped in good order: nothing is in flight
        FRONTIER % "queued": "9x60", FRONTIER % "in_flight": "0x60",
        'gleanery_frontier_workers{crawl="c"}': "0x60"},
    "GleaneryDeadLetters": {FRONTIER % "dead": "0x60"},
    "GleaneryCrawlErrors": {  # too few requests to tell
        'gleanery_crawl_errors_total{spider="s",kind="download"}': "0 1x60",
        'gleanery_crawl_requests_total{spider="s"}': "0 1x60"},
    "GleaneryBlocked": {
        'gleanery_crawl_errors_total{spider="s",kind="blocked"}': "0+1x60",
        'gleanery_crawl_pages_total{spider="s"}': "0+100x60"},
    "GleaneryJobsFailing": {
        'gleanery_job_events_total{event="failed"}': "0+1x60",
        'gleanery_job_events_total{event="finished"}': "0+5x60"},
    "GleaneryNodeSilent": {'gleanery_node_silent_seconds{node="n"}': "2x60"},
    "GleaneryWorkParked": {'gleanery_work_jobs{state="parked"}': "0x60"},
    "GleaneryWorkQueueFull": {  # no limit is set
        'gleanery_work_jobs{state="queued"}': "80x60", "gleanery_work_limit": "0x60"},
    "GleaneryWorkWithoutWorkers": {
        'gleanery_work_jobs{state="queued"}': "8x60", "gleanery_work_workers": "1x60"},
    "GleaneryStoreAway": {'gleanery_up{source="mysql"}': "1x20 0x1 1x40"},
    "GleanerySourceAway": {'gleanery_up{source="jobs"}': "1x60"},
    "GleanerySpoolGrowing": {'gleanery_spool_items{spool="p"}': "900-5x60"},
    "GleanerySpoolNearlyFull": {
        'gleanery_spool_bytes{spool="p"}': "0x60", 'gleanery_spool_max_bytes{spool="p"}': "0x60"},
    "GleanerySpoolOld": {'gleanery_spool_oldest_timestamp_seconds{spool="p"}': "0x60"},
    "GleanerySpoolDamaged": {
        'gleanery_spool_damaged{spool="p"}': "0x60", 'gleanery_spool_refused{spool="p"}': "0x60"},
    "GleaneryRedisMemory": {  # no limit is set
        "gleanery_redis_memory_bytes": "90x60", "gleanery_redis_max_memory_bytes": "0x60"},
    "GleaneryDiskLow": {
        "gleanery_home_free_bytes": "50x60", "gleanery_home_size_bytes": "100x60"},
    "GleaneryVolumeLow": {  # another's
        (VOLUME % "available").replace("gleanery", "other"): "10x60",
        (VOLUME % "capacity").replace("gleanery", "other"): "100x60"},
    "GleaneryDiskFull": {
        "gleanery_home_free_bytes": "50x60", "gleanery_home_size_bytes": "100x60"},
    "GleaneryCertificateEnding": {
        'gleanery_certificate_expiry_timestamp_seconds{certificate="c"}': f"{90 * DAY}x60"},
    "GleaneryCertificateEnded": {
        'gleanery_certificate_expiry_timestamp_seconds{certificate="c"}': f"{20 * DAY}x60"},
    "GleaneryApiKeyEnding": {
        'gleanery_api_key_expiry_timestamp_seconds{key="k"}': f"{90 * DAY}x60"},
    "GleaneryModelEngineDown": {'gleanery_model_engine_ready{engine="e"}': "0x3 1x60"},
    "GleaneryModelQueueLong": {'gleanery_model_queue_documents{engine="e"}': "900x5 3x60"},
    "GleaneryModelBusy": {
        'gleanery_model_calls_total{engine="e",outcome="busy"}': "0+1x60",
        'gleanery_model_calls_total{engine="e",outcome="answered"}': "0+70x60"},
    "GleaneryModelErrors": {
        'gleanery_model_calls_total{engine="e",outcome="failed"}': "0+1x60",
        'gleanery_model_calls_total{engine="e",outcome="answered"}': "0+90x60"},
    "GleaneryApiErrors": {
        'gleanery_api_requests_total{status="404"}': "0+50x60",
        'gleanery_api_requests_total{status="200"}': "0+90x60"},
    "GleaneryAdminErrors": {'gleanery_admin_requests_total{status="200"}': "0+90x60"},
    "GleaneryLoginFailures": {
        'gleanery_admin_login_failures_total{reason="wrong"}': "0+1x60"},
    "GleaneryExporterDown": {'gleanery_up{source="disk"}': "1x60"},
    "GleaneryProgramDown": {'up{job="gleanery-crawl"}': "1x60", 'up{job="other"}': "0x60"},
}  # fmt: skip


def test_every_alert_has_a_case_that_fires_and_one_that_does_not():
    assert set(FIRES) == set(SILENT) == set(RULES)


def test_alerts_fire_when_they_should_and_not_otherwise(tmp_path: Path):
    """One run of promtool over all cases; each with its own rule alone, which is quicker."""
    files = [str(_written(tmp_path, alert)) for alert in RULES]

    promtool("test", "rules", *files)


def test_an_alert_says_what_it_is_about_in_both_languages(tmp_path: Path):
    """Templates are filled in; one whole alert, word by word."""
    found = {
        "summary": "mysql is away",
        "summary_ko": "mysql 저장소에 연결할 수 없습니다",
    }
    rule = RULES["GleaneryStoreAway"]
    annotations = rule["annotations"] | found
    alert = {
        "exp_labels": {"severity": "critical", "source": "mysql"},
        "exp_annotations": annotations,
    }
    case = {
        "interval": "1m",
        "input_series": [{"series": 'gleanery_up{source="mysql"}', "values": "0x9"}],
        "alert_rule_test": [
            {"eval_time": "5m", "alertname": "GleaneryStoreAway", "exp_alerts": [alert]}
        ],
    }
    file = tmp_path / "tests.yaml"
    files = [str(COMPONENT / "rules" / "stores.yaml")]
    file.write_text(yaml.safe_dump({"rule_files": files, "tests": [case]}), encoding="utf-8")

    promtool("test", "rules", str(file))


def test_rules_and_scrape_configuration_are_well_formed():
    files = [str(f) for f in sorted((COMPONENT / "rules").glob("*.yaml"))]

    promtool("check", "rules", "--lint=all", "--lint-fatal", *files)
    promtool("check", "config", "--syntax-only", str(COMPONENT / "prometheus.yml"))


@pytest.mark.parametrize("alert", sorted(RULES))
def test_every_alert_is_severe_bilingual_and_has_a_runbook(alert):
    rule = RULES[alert]
    page = (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")

    assert rule["labels"]["severity"] in {"warning", "critical"}
    assert set(rule["annotations"]) == {
        "summary", "summary_ko", "description", "description_ko", "runbook",
    }  # fmt: skip
    assert rule["annotations"]["runbook"] == f"docs/alerts.md#{alert.lower()}"
    assert f"\n### {alert}\n" in page


def _written(folder: Path, alert: str) -> Path:
    """Write the two cases of an alert and its rule."""
    series, minute, labels = FIRES[alert]
    fires = _case(series, [(minute, alert, labels)])
    silent = _case(SILENT[alert], [(minute, alert, None) for minute in range(5, 61, 5)])
    rule = folder / f"{alert}.rules.yaml"
    rule.write_text(yaml.safe_dump({"groups": [{"name": "one", "rules": [RULES[alert]]}]}))
    file = folder / f"{alert}.yaml"
    file.write_text(yaml.safe_dump({"rule_files": [rule.name], "tests": [fires, silent]}))
    return file


def _case(series: dict[str, str], asked: list[tuple[int, str, Any]]) -> dict[str, Any]:
    """A test of promtool: the alert fires once with these labels, or not at all."""
    return {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [
            {
                "expr": f"count(ALERTS{{{_matchers(alert, labels or {})}}})",
                "eval_time": f"{minute}m",
                "exp_samples": [] if labels is None else [{"labels": "{}", "value": 1}],
            }
            for minute, alert, labels in asked
        ],
    }


def _matchers(alert: str, labels: dict[str, str]) -> str:
    wanted = {"alertname": alert, "alertstate": "firing"} | labels
    return ",".join(f'{name}="{value}"' for name, value in wanted.items())

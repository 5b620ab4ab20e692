"""Scrapy settings: ours, then everything in ``gleanery.config`` under its upper-case name."""

import logging
import sys
from typing import Any

from scrapy.settings import default_settings

from gleanery.config import load_config
from gleanery.errors import ConfigError
from gleanery.logs import hide_secrets, writes_json
from gleanery.tracing import wants_traces

try:
    _config = load_config()
except ConfigError as error:
    sys.exit(f"gleanery: {error}")
hide_secrets(_config)

BOT_NAME = "gleanery"
SPIDER_MODULES = ["spiders"]
NEWSPIDER_MODULE = "spiders"
COMMANDS_MODULE = "crawlers.scrapy_commands"

SCHEDULER = "crawlers.frontier.scheduler.FrontierScheduler"  # in a file, or in Redis
REQUEST_FINGERPRINTER_CLASS = "crawlers.frontier.fingerprints.Fingerprinter"  # Scrapy's, quicker

# --- good citizen
ROBOTSTXT_OBEY = True
AUTOTHROTTLE_ENABLED = True
DOWNLOAD_DELAY_JITTER = 0  # a shared frontier counts on the delay that is set
AUTOTHROTTLE_START_DELAY = 0.5
AUTOTHROTTLE_TARGET_CONCURRENCY = 2.0
CONCURRENT_REQUESTS = 16
CONCURRENT_REQUESTS_PER_DOMAIN = 4
CONCURRENT_ITEMS = 32  # one batch for a model; Scrapy starts so many tasks for each answer
DOWNLOAD_TIMEOUT = 60
RETRY_TIMES = 3

# --- safe by default
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False
COOKIES_ENABLED = False
DOWNLOAD_WARNSIZE = 0
DOWNLOAD_HANDLERS: dict[str, str | None] = {
    "file": None,
    "ftp": None,
    "s3": None,
    "data": None,
    "ytdlp+http": "crawlers.handlers.ytdlp.YtdlpHandler",
    "ytdlp+https": "crawlers.handlers.ytdlp.YtdlpHandler",
}
HTTPCACHE_IGNORE_SCHEMES = ["file", "ytdlp+http", "ytdlp+https"]  # the file may be gone by then
TWISTED_DNS_RESOLVER = "crawlers.resolver.GuardedResolver"

SPIDER_MIDDLEWARES: dict[str, int | None] = {
    "scrapy.spidermiddlewares.depth.DepthMiddleware": None,
    "middlewares.focus.FocusMiddleware": 890,
    "middlewares.lineage.LineageMiddleware": 900,
    "crawlers.frontier.start_urls.StartUrlsMiddleware": 950,  # its requests pass the others
    "crawlers.frontier.known_links.KnownLinksMiddleware": 990,  # spares the others what it drops
}
DOWNLOADER_MIDDLEWARES: dict[str, int | None] = {
    "middlewares.ytdlp.YtdlpMiddleware": 60,  # what yt-dlp asks passes all the others
    "middlewares.youtube_key.YoutubeKeyMiddleware": 990,  # next to the wire
    "middlewares.focus.FocusMiddleware": 50,
    "middlewares.seed_yields.SeedYieldMiddleware": 55,  # after what is pruned, before robots.txt
    "middlewares.rate_limit.RedditRateLimitMiddleware": 560,  # sees a 429 before RetryMiddleware
    "middlewares.credentials.RedditCredentialsMiddleware": 840,  # next to the downloader
    "middlewares.web_proxy.WebProxyMiddleware": 740,  # before Scrapy's own proxy middleware
    "middlewares.ssrf.AddressMiddleware": 760,  # after all that set a proxy
    "middlewares.blocked.BlockedMiddleware": 555,  # sees what RetryMiddleware takes
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "middlewares.robots.RobotsTxtMiddleware": 100,
    "middlewares.browser_guard.BrowserGuardMiddleware": 745,
    "middlewares.cse_key.CseKeyMiddleware": 991,  # next to the wire
}
# Scrapy's own, but for two that are off and would still load aiohttp, and a server of Telnet
EXTENSIONS_BASE = {
    name: order
    for name, order in default_settings.EXTENSIONS_BASE.items()
    if "remote_control" not in name and "telnet" not in name
}
EXTENSIONS: dict[str, int] = {
    "middlewares.focus.FocusVerdicts": 500,
    "crawlers.job_report.JobReport": 500,
    "crawlers.seed_record.SeedRecord": 500,
    "crawlers.slow_down.SlowDown": 500,
    "crawlers.job_pulse.JobPulse": 510,
}
ITEM_PIPELINES = {
    "pipelines.validate.ValidatePipeline": 100,
    "pipelines.purged.PurgedPipeline": 150,
    "pipelines.dedup.DedupPipeline": 200,
    "pipelines.media.MediaPipeline": 300,
    "pipelines.classify.ClassifyPipeline": 400,
    "pipelines.focus.FocusPipeline": 450,
    "pipelines.budget.BudgetPipeline": 460,
    "pipelines.vectorize.VectorizePipeline": 500,
    "pipelines.store.StorePipeline": 800,
}
FEED_EXPORT_ENCODING = "utf-8"
LOG_FORMATTER = "crawlers.log_formatter.QuietLogFormatter"

_settings: dict[str, Any] = _config.scrapy_settings()
globals().update(_settings)
if writes_json():
    LOG_FORMAT = "%(message)s"  # that is the whole record, see gleanery.logs
    EXTENSIONS["crawlers.log_facts.LogFacts"] = 1
if wants_traces():
    SPIDER_MIDDLEWARES["crawlers.page_traces.PageTraces"] = 10  # nothing is taken out after it
if writes_json() or wants_traces():
    ITEM_PROCESSOR = "crawlers.item_steps.ItemSteps"

for _chatty in ("httpx2", "httpcore2", "mcp", "prawcore"):
    logging.getLogger(_chatty).setLevel(logging.WARNING)
for _alarmist in ("trafilatura", "htmldate", "readability"):  # they shout at every empty page
    logging.getLogger(_alarmist).setLevel(logging.CRITICAL)

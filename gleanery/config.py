"""The one place where the environment is read: ``GLEANERY_*``.

``crawlers.settings`` hands every field to Scrapy under its upper-case name
(``GLEANERY_REDDIT_URL`` → setting ``REDDIT_URL``), so ``scrapy crawl -s REDDIT_URL=…`` works too.
"""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from gleanery.addresses import check_networks
from gleanery.audio_plan import NONE, AudioPlan
from gleanery.errors import ConfigError

PREFIX = "GLEANERY_"
TEST_VARIABLES = {f"{PREFIX}{name}" for name in ("FIXTURES", "REQUIRE_SERVERS", "TEST_ENGINES")}
"""Not settings: the test suite alone sets them."""
MEDIA = ("images", "videos")
"""What ``download_media`` may name."""
Words = Annotated[tuple[str, ...], NoDecode]
"""Several words in one variable, parted by commas."""
TOOL_ENGINES = {
    "vectorize_video": "video_engine",
    "transcribe": "transcribe_engine",
    "denoise": "denoise_engine",
    "separate": "separate_engine",
    "summarize": "summarize_engine",
}
"""What an engine can do (``model_server.schema.Capability``) → the field that names who does it."""


class Config(BaseSettings):
    """Everything that can be set; each field's docstring is its help text."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, use_attribute_docstrings=True, frozen=True
    )

    home: Path = Path(".gleanery")
    """Folder of all state: the store, job reports, resumable queues, caches."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Least severe log line shown."""

    # --- where items go
    store: str = "sqlite"
    """Store that keeps the items: ``sqlite``, ``mysql``, ``mongodb`` or ``mysql+mongodb``.

    With both, the catalogue is in MySQL and the documents are in MongoDB.
    """
    store_path: Path | None = None
    """File of the embedded store; default ``HOME/gleanery.db``."""
    mysql_url: SecretStr = SecretStr("")
    """Database in MySQL or MariaDB: ``mysql://user@host:3306/name``."""
    mysql_password: SecretStr = SecretStr("")
    """Password of that user, if the address holds none."""
    mysql_ca: Path | None = None
    """Certificates (PEM) of who may vouch for that server; set = TLS, the host's name checked."""
    mysql_cert: Path | None = None
    """Certificate (PEM) that we show to that server; set = TLS."""
    mysql_key: Path | None = None
    """Key of that certificate (PEM, without a password), if it is in a file of its own."""
    mongodb_url: SecretStr = SecretStr("")
    """Database in MongoDB: ``mongodb://user@host:27017/name``."""
    mongodb_password: SecretStr = SecretStr("")
    """Password of that user, if the address holds none."""
    mongodb_ca: Path | None = None
    """Certificates (PEM) of who may vouch for that server; set = TLS, the host's name checked."""
    mongodb_cert: Path | None = None
    """Certificate and key (PEM, one file, no password) that we show to that server; set = TLS."""
    store_pool_size: int = Field(5, ge=1)
    """Connections to each of these servers that one process keeps, at most."""
    store_timeout_seconds: float = Field(30.0, gt=0)
    """Longest wait for an answer, a connection or a free connection of these servers."""
    raw_keep_days: float = Field(0, ge=0)
    """Days after which MongoDB forgets raw pages; 0 = never. ``gleanery db init`` sets it."""

    # --- visits: what is fetched again, and when
    revisit_min_hours: float = Field(1.0, gt=0)
    """Shortest time between two visits of an item; see docs/revisits.md."""
    revisit_max_hours: float = Field(336.0, gt=0)
    """Longest one; what stands still at that pace is dead, and is not visited again."""
    revisit_target: float = Field(0.1, gt=0)
    """Movement of views, votes or comments, as a share, that the next visit is to find."""
    revisit_patience: int = Field(3, ge=1)
    """Visits in a row that find nothing moved before an item is dead."""
    revisit_points: int = Field(64, ge=2)
    """Points of an item's time series that are kept; old ones are thinned out."""

    # --- models
    model_engine: str = Field(
        "e5", validation_alias=AliasChoices(f"{PREFIX}MODEL_ENGINE", "MODEL_ENGINE")
    )
    """Engine of the model server: ``NAME``, ``NAME:MAIN_OPTION``, or a name of the file below."""
    model_engines_file: Path | None = None
    """Options of engines, and which of them answer which tools; docs/engines.md shows one."""
    video_engine: str = ""
    """Engine that turns videos into vectors, e.g. ``timesformer`` or ``timesformer:FOLDER``.

    Empty: whichever of the file above can, if any.
    """
    transcribe_engine: str = ""
    """Engine that writes speech down: ``faster_whisper:large-v2``, ``openai_whisper:FILE`` …"""
    denoise_engine: str = ""
    """Engine that takes noise away from speech: ``conv_tasnet:FILE``."""
    separate_engine: str = ""
    """Engine that parts voices from music: ``spleeter:FOLDER`` or ``demucs:FILE``."""
    summarize_engine: str = ""
    """Engine that sums texts up, e.g. ``pegasus:google/pegasus-large``; empty = the main one."""
    openai_api_key: SecretStr = SecretStr("")
    """Key that the engine ``openai`` shows to its endpoint."""
    model_server_url: str = ""
    """Running model servers, e.g. ``http://127.0.0.1:8765/mcp``, parted by commas.

    Work goes to whichever is free. Empty: inside the crawl.
    """
    model_server_token: SecretStr = SecretStr("")
    """Bearer token of those servers."""
    model_timeout_seconds: float = Field(60.0, gt=0)
    """Longest wait for one answer of the model server."""
    model_patience_seconds: float = Field(10.0, ge=0)
    """Time that items wait for model servers that are all away; then they pass unclassified."""
    model_batch_size: int = Field(32, ge=1, le=64)
    """Documents sent in one call."""
    taxonomy_file: Path | None = None
    """Categories of your own; default ``HOME/taxonomy.yaml`` if it exists, else ours.

    The crawl and the model server must read the same; ``gleanery proposals accept`` writes it.
    """
    classify_enabled: bool = True
    """Whether the crawl asks the model server at all; ``gleanery reenrich`` catches up later."""
    classify_kinds: Words = ("post", "comment", "article", "video")
    """Kinds of item that get a category and a title."""

    # --- sound of videos
    audio_plan: str = NONE
    """What is done with the sound: ``none``, or some of ``separate+denoise+transcribe+summarize``.

    In this order; ``summarize`` needs ``transcribe``.
    """

    # --- work that waits: the files of items
    work_lease_seconds: float = Field(30.0, gt=1)
    """Silence after which a worker counts as dead and its jobs go back."""
    work_attempts: int = Field(3, ge=1)
    """Failures, without a finished step between them, after which a job is parked."""
    work_limit: int = Field(10_000, ge=0)
    """Jobs that wait at most; a crawl that finds more slows down; 0 = any number."""
    work_patience_seconds: float = Field(30.0, ge=0)
    """Longest wait of an item for room; then it is stored without a job and counted."""
    work_downloads: int = Field(2, ge=1)
    """Videos that one worker downloads at once."""
    work_model_calls: int = Field(2, ge=1)
    """Calls of the model server that one worker makes at once."""
    work_retry_seconds: float = Field(60.0, ge=0)
    """Wait of a job after its first failure; four times as long after each further one."""
    work_drain_seconds: float = Field(20.0, ge=0)
    """Time for steps under way to end when a worker is stopped; then their jobs go back."""

    work_key_frames: int = Field(0, ge=0)
    """Key frames of each video that are kept as pictures, unlike scenes first; 0 = none."""
    work_key_frames_svg: bool = False
    """Whether each of them is drawn as a vector graphic, too; needs ``gleanery[media]``."""

    # --- the frontier: the queue of a crawl
    redis_url: str = ""
    """Redis or Valkey that workers share, e.g. ``redis://127.0.0.1:6379/0``.

    A cluster is written ``redis+cluster://node:6379``, any of its nodes.
    Empty: the workers of one machine share the file ``HOME/frontier/<crawl>.db``.
    """
    frontier_crawl: str = ""
    """Name of the crawl; workers with the same name share it.

    Empty: named by the spider, its arguments and seeds, and begun anew once it has ended.
    """
    frontier_keep_days: float = Field(30, ge=0)
    """Days after which a stopped crawl's file ``HOME/frontier/<spider>-….db`` goes; 0 = never."""
    frontier_order: Literal["strict", "relaxed"] = "strict"
    """``strict`` keeps a barrier between levels over all workers; ``relaxed`` does not wait."""
    frontier_prefetch: int = Field(0, ge=0)
    """Requests a worker holds ready; 0 = twice ``CONCURRENT_REQUESTS``."""
    frontier_lease_seconds: float = Field(12.0, gt=1)
    """Silence after which a worker counts as dead and its requests go back."""
    frontier_host_concurrency: int = Field(0, ge=0)
    """Requests to one host under way at once in all workers, until stored; 0 = each for itself."""
    frontier_max_attempts: int = Field(5, ge=1)
    """Failures after which a request is parked as a dead letter."""
    frontier_max_pages: int = Field(0, ge=0)
    """Pages fetched by all workers together after which the crawl ends; 0 = no limit."""
    frontier_max_items: int = Field(0, ge=0)
    """Items stored by all workers together after which the crawl ends; 0 = no limit."""
    frontier_max_bytes: int = Field(0, ge=0)
    """Bytes fetched by all workers together after which the crawl ends; 0 = no limit."""
    frontier_max_seconds: float = Field(0, ge=0)
    """Time after the crawl's beginning at which it ends; 0 = no limit."""
    frontier_idle_seconds: float = Field(1.0, ge=0)
    """Time without anything queued or under way in any worker after which a crawl is over."""
    frontier_start_urls: bool = False
    """Whether a crawl takes seeds from the Redis list ``<spider>:start_urls`` while it runs."""

    # --- focus
    focus_policy: Literal["keep", "drop", "flag"] = "keep"
    """Items outside the wanted category are kept, dropped, or kept and flagged for review."""
    focus_patience: int = Field(2, ge=1)
    """Levels without a wanted item after which a branch is pruned."""

    # --- Reddit
    reddit_client_id: str = ""
    """Client id of your Reddit app."""
    reddit_client_secret: SecretStr = SecretStr("")
    """Secret of your Reddit app."""
    reddit_url: str = "https://www.reddit.com"
    """Where tokens are issued."""
    reddit_oauth_url: str = "https://oauth.reddit.com"
    """Where the API answers."""

    # --- Google and the web
    google_news_url: str = "https://news.google.com"
    """Where the News RSS feeds are."""
    google_news_accept_terms: bool = False
    """The operator has read that Google offers these feeds for personal feed readers only."""
    google_news_decode_budget: int = Field(30, ge=0)
    """Opaque links decoded over the network in one crawl, at most."""
    cse_url: str = "https://customsearch.googleapis.com/customsearch/v1"
    """Custom Search JSON API (closed to new customers, ends 2027-01-01)."""
    cse_key: SecretStr = SecretStr("")
    """Key of that API."""
    cse_cx: str = ""
    """Search engine id of that API."""
    searxng_url: str = ""
    """Base address of a SearXNG instance with its JSON format switched on."""
    web_proxy: str = ""
    """HTTP proxy for web pages, feeds and searches."""
    playwright: bool = False
    """Whether pages that give nothing are rendered once more in Chromium."""
    playwright_executable: str = ""
    """Path of the browser; empty = ``/usr/bin/chromium`` if it is there, else Playwright's own."""

    # --- YouTube
    youtube_api_key: SecretStr = SecretStr("")
    """Key of the Data API v3; when set, it is used instead of yt-dlp."""
    youtube_api_url: str = "https://www.googleapis.com/youtube/v3"
    """Where that API answers."""
    youtube_proxy: str = ""
    """HTTP proxy for yt-dlp."""
    youtube_extractor_args: dict[str, dict[str, list[str]]] = {
        "youtube": {
            "player_client": ["visionos", "web"],
            "player_skip": ["configs", "js"],
            "skip": ["hls", "dash"],
        }
    }
    """yt-dlp's ``--extractor-args`` as JSON; as it is: metadata, nothing that only media need."""
    youtube_verify_tls: bool = True
    """Switch off only for a replay proxy with a certificate of its own."""

    # --- media files
    media_url: str = ""
    """Where media files are kept: a folder, ``s3://bucket/prefix``, or ``memory://name`` (tests).

    Empty: ``HOME/media``. S3 takes its endpoint and keys as the AWS tools do (``AWS_…``).
    """
    download_media: Words = ()
    """What is downloaded: ``images``, ``videos``, or both; nothing unless you say so.

    Whether a platform's terms and the works' licences allow it is for you to decide: docs/media.md.
    """
    media_licence: Literal["any", "creative_commons"] = "any"
    """Which videos are downloaded: any, or only those marked as Creative Commons."""
    media_max_height: int = Field(360, ge=144)
    """Height in pixels of a video's picture at most, where the platform offers a choice."""
    media_max_bytes: int = Field(2**30, ge=1)
    """Largest media file in bytes."""
    media_max_seconds: float = Field(4 * 3600, gt=0)
    """Longest video or sound."""
    media_bytes_per_second: int = Field(0, ge=0)
    """Bytes a second of one video's download at most; 0 = no limit."""
    media_extractor_args: dict[str, dict[str, list[str]]] = {}
    """yt-dlp's ``--extractor-args`` for downloads, as JSON."""
    media_images_per_item: int = Field(10, ge=0)
    """Images of one item that are fetched at most, in their order."""
    media_image_concurrency: int = Field(8, ge=1)
    """Images that one crawl fetches at once."""
    media_keep_days: float = Field(0, ge=0)
    """Age after which ``gleanery media gc`` removes files, though items name them; 0 = never."""
    media_keep_bytes: int = Field(0, ge=0)
    """Bytes of all files together that ``gleanery media gc`` leaves, newest first; 0 = all."""
    media_grace_hours: float = Field(24, ge=0)
    """Age below which ``gleanery media gc`` touches no file: its item may not be stored yet."""

    # --- good citizen, safe by default
    user_agent: str = "Gleanery/0.1 (content collection; contact not set)"
    """How we introduce ourselves to every site; put a way to reach you in it."""
    allowed_addresses: Words = ()
    """Private or loopback networks (CIDR) opened all the same, e.g. ``127.0.0.0/8`` for tests."""
    download_maxsize: int = Field(20 * 2**20, ge=1)
    """Largest answer in bytes, after decompression."""

    @field_validator("classify_kinds", "allowed_addresses", "download_media", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return (
            tuple(w.strip() for w in value.split(",") if w.strip())
            if isinstance(value, str)
            else value
        )

    @field_validator("allowed_addresses")
    @classmethod
    def _check_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        check_networks(value)
        return value

    @field_validator("audio_plan")
    @classmethod
    def _check_audio_plan(cls, value: str) -> str:
        try:
            return str(AudioPlan.parse(value))
        except ConfigError as error:
            raise ValueError(str(error)) from error

    @field_validator("download_media")
    @classmethod
    def _check_media(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := set(value) - set(MEDIA):
            raise ValueError(f"{', '.join(sorted(unknown))}: there are {', '.join(MEDIA)}")
        return value

    @property
    def media_place(self) -> str:
        """Address of the media store."""
        return self.media_url or str(self.home / "media")

    @property
    def tool_engines(self) -> dict[str, str]:
        """Engine of each capability that has a setting of its own; empty = none named."""
        return {capability: getattr(self, name) for capability, name in TOOL_ENGINES.items()}

    @property
    def store_file(self) -> Path:
        """File of the embedded store."""
        return self.store_path or self.home / "gleanery.db"

    @property
    def own_taxonomy(self) -> Path | None:
        """The operator's taxonomy; ``None`` if there is none."""
        file = self.home / "taxonomy.yaml"
        return self.taxonomy_file or (file if file.exists() else None)

    def scrapy_settings(self) -> dict[str, Any]:
        """Return every field under its upper-case name, paths as strings."""
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        plain = {name.upper(): str(v) if isinstance(v, Path) else v for name, v in fields.items()}
        return plain | {"STORE_PATH": str(self.store_file), "MEDIA_URL": self.media_place}


def load_config() -> Config:
    """Read the environment.

    Raises:
        ConfigError: A value does not fit, or a ``GLEANERY_*`` name is unknown (most likely a typo).
    """
    known = {f"{PREFIX}{name.upper()}" for name in Config.model_fields} | TEST_VARIABLES
    for name in sorted(n for n in os.environ if n.startswith(PREFIX) and n not in known):
        close = get_close_matches(name, known, n=1)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise ConfigError(f"Unknown variable {name}.{hint} 알 수 없는 환경 변수입니다.")
    try:
        return Config()
    except ValidationError as error:
        lines = [
            f"{PREFIX}{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()
        ]
        raise ConfigError("\n".join(lines)) from error


def reveal(secret: SecretStr | str | None) -> str:
    """Return the text of a secret, whether it came from the environment or from ``-s NAME=…``."""
    return secret.get_secret_value() if isinstance(secret, SecretStr) else secret or ""

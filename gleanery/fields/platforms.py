"""Settings of what is crawled: Reddit, Google, the web, YouTube."""

from __future__ import annotations

from pydantic import Field, SecretStr

from gleanery.fields.base import Fields


class PlatformFields(Fields):
    """Settings of what is crawled: Reddit, Google, the web, YouTube."""

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
    youtube_extractor_args: dict[str, dict[str, list[str]]] = Field(
        {
            "youtube": {
                "player_client": ["visionos", "web"],
                "player_skip": ["configs", "js"],
                "skip": ["hls", "dash"],
            }
        }
    )
    """yt-dlp's ``--extractor-args`` as JSON; as it is: metadata, nothing that only media need."""
    youtube_verify_tls: bool = True
    """Switch off only for a replay proxy with a certificate of its own."""

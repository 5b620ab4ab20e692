"""Pages that need a browser: scrapy-playwright's settings and requests, with our address guard."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gleanery.addresses import is_refused, literal_address
from gleanery.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from playwright.async_api import Page, Request

SYSTEM_BROWSER = Path("/usr/bin/chromium")
HANDLER = "scrapy_playwright.handler.ScrapyPlaywrightDownloadHandler"
NEEDLESS = ("image", "font", "media")
"""Kinds of resource that no text depends on."""

NAVIGATION_MS = 20_000
SETTLE_MS = 4_000
"""Longest wait for a page's own requests to come to rest; some never do."""

_ARGUMENTS = (
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-default-apps",
    "--disable-features=Translate,OptimizationHints,MediaRouter",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",  # WebRTC passes by the guard
)


def browser_settings(
    *, executable: str, user_agent: str, proxy: str, allowed: Sequence[str], verify_tls: bool
) -> dict[str, Any]:
    """Return the Scrapy settings that switch rendering on for requests with ``meta["playwright"]``.

    Args:
        executable: Path of a Chromium; empty = Debian's if it is there, else Playwright's own.
        user_agent: How the browser introduces itself: as our other requests do.
        proxy: HTTP proxy of all its requests; empty = none.
        allowed: Networks (CIDR) opened although they are private.
        verify_tls: Whether certificates are checked.
    """
    path = _path(executable)
    # Chromium's sandbox cannot start as root, which is what containers often run as
    as_root = ("--no-sandbox",) if os.geteuid() == 0 else ()
    launch: dict[str, Any] = {"headless": True, "args": [*_ARGUMENTS, *as_root]}
    launch |= {"executable_path": path} if path else {}
    launch |= {"proxy": {"server": proxy}} if proxy else {}
    context = {
        "user_agent": user_agent,
        "ignore_https_errors": not verify_tls,
        "service_workers": "block",  # their requests would pass by the guard
        "accept_downloads": False,
    }
    return {
        "DOWNLOAD_HANDLERS": {"http": HANDLER, "https": HANDLER},
        "PLAYWRIGHT_LAUNCH_OPTIONS": launch,
        "BROWSER_CONTEXT": context,  # given by middlewares.browser_guard: started when needed
        "PLAYWRIGHT_MAX_PAGES_PER_CONTEXT": 2,
        "PLAYWRIGHT_DEFAULT_NAVIGATION_TIMEOUT": NAVIGATION_MS,
        "PLAYWRIGHT_ABORT_REQUEST": abort_rule(allowed),
    }


def check_browser(executable: str) -> None:
    """Check that there is a browser.

    Args:
        executable: As for :func:`browser_settings`.

    Raises:
        ConfigError: There is none; the message says how to get one.
    """
    path = _path(executable)
    if path and not Path(path).exists():
        raise ConfigError(f"There is no browser at {path}: correct GLEANERY_PLAYWRIGHT_EXECUTABLE")
    own = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH", "~/.cache/ms-playwright")).expanduser()
    if not path and not any(own.glob("chromium*")):
        raise ConfigError(
            "GLEANERY_PLAYWRIGHT needs a Chromium: apt-get install chromium, or playwright install"
            " chromium, or set GLEANERY_PLAYWRIGHT_EXECUTABLE. 크로미움 브라우저가 필요합니다."
        )


def _path(executable: str) -> str:
    return executable or (str(SYSTEM_BROWSER) if SYSTEM_BROWSER.exists() else "")


def abort_rule(allowed: Sequence[str]) -> Callable[[Request], Awaitable[bool]]:
    """Return what decides, for the requests that Playwright shows, whether one is stopped.

    It does not show redirects and WebSockets: those end at ``platforms.guard_proxy``.

    Args:
        allowed: Networks (CIDR) opened although they are private.
    """

    async def abort(request: Request) -> bool:
        return request.resource_type in NEEDLESS or leads_inside(request.url, allowed)

    return abort


def leads_inside(url: str, allowed: Sequence[str]) -> bool:
    """Return whether ``url`` spells out an address that ``gleanery.addresses`` refuses."""
    parts = urlsplit(url)
    if parts.scheme in ("data", "blob", "about"):
        return False
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return True
    literal = literal_address(parts.hostname)
    return literal is not None and is_refused(literal, allowed)


async def settle(page: Page) -> None:
    """Wait until the page's own requests have come to rest, a few seconds at most."""
    # takes a third of a second, which crawls without a browser need not spend
    from playwright.async_api import TimeoutError as TooLongError  # noqa: PLC0415

    try:
        await page.wait_for_load_state("networkidle", timeout=SETTLE_MS)
    except TooLongError:
        return

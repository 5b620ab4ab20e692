"""What tests of servers share."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from platforms.web.browser import SYSTEM_BROWSER
from tests.conftest import missing_server


@pytest.fixture(scope="module")
def browser():
    """Debian's Chromium, by Playwright."""
    if not SYSTEM_BROWSER.exists():
        missing_server("chromium")
    from playwright.sync_api import expect, sync_playwright  # noqa: PLC0415 - few need it

    # a page's own parts come every few seconds, on a busy machine later
    expect.set_options(timeout=60_000)

    arguments = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(SYSTEM_BROWSER), args=arguments)
        yield started
        started.close()


@pytest.fixture
def new_context(browser):
    """Make contexts of the browser, as patient as ``expect``; none outlives its test."""
    with ExitStack() as stack:

        def make(**options):
            context = browser.new_context(**options)
            stack.callback(context.close)
            context.set_default_timeout(60_000)
            return context

        yield make

"""yt-dlp asks YouTube, and nobody else, through the sender it is given."""

from __future__ import annotations

import pytest
from yt_dlp.utils import ExtractorError

from gleanery.errors import PlatformUnavailableError
from platforms.youtube.exchange import Reply, UnavailableError
from platforms.youtube.extractor import Extractor
from platforms.youtube.transport import is_youtube


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        ("https://www.youtube.com/watch?v=1", True),
        ("https://youtubei.googleapis.com/youtubei/v1/player", True),
        ("https://youtube.com.evil.example/", False),
        ("https://notyoutube.com/", False),
        ("http://169.254.169.254/latest/meta-data", False),
        ("http://localhost:6379/", False),
    ],
)
def test_only_hosts_of_youtube_are_asked(url, ours):
    assert is_youtube(url) == ours


@pytest.mark.parametrize(
    "url",
    [
        "https://vimeo.com/76979871",
        "http://169.254.169.254/latest/meta-data",
        "https://example.com/video.mp4",
        "file:///etc/passwd",
        "ytsearch5:cats",
    ],
)
def test_no_other_extractor_runs_whatever_address_is_given(url):
    asked = []
    extractor = Extractor(asked.append, {})

    with pytest.raises((UnavailableError, PlatformUnavailableError, ExtractorError)):
        extractor.extract(url, results=5, comments=0)

    hosts = {request.url.split("/")[2] for request in asked}
    assert hosts <= {"www.youtube.com"}


def test_cookies_that_youtube_sets_are_sent_back_to_it():
    asked = []

    def send(request):
        asked.append(request)
        return Reply(200, request.url, [("Set-Cookie", "SEEN=1; Path=/; Secure")], b"{}")

    extractor = Extractor(send, {"youtube": {"player_skip": ["webpage", "configs", "js"]}})
    for _ in range(2):
        with pytest.raises((UnavailableError, PlatformUnavailableError)):
            extractor.extract("https://www.youtube.com/watch?v=M4gD1WSo5mA", results=1, comments=0)

    first, *_, last = asked
    assert "SEEN=1" not in first.headers.get("Cookie", "")
    assert "SEEN=1" in last.headers["Cookie"]


def test_a_sender_without_an_answer_is_a_platform_that_is_away():
    def send(request):
        raise PlatformUnavailableError("no route")

    extractor = Extractor(send, {})

    with pytest.raises(PlatformUnavailableError, match="no route"):
        extractor.extract("https://www.youtube.com/watch?v=M4gD1WSo5mA", results=1, comments=0)

"""What an argument or a link names on YouTube."""

from __future__ import annotations

import pytest

from gleanery.errors import ConfigError
from platforms.youtube.target import Target, parse_target, target_of

CHANNEL = "UCTwECeGqMZee77BjdoYtI2Q"
PLAYLIST = "PL8dPuuaLjXtOAKed_MxxWBNaPno5h3Zs8"
VIDEO = "M4gD1WSo5mA"


@pytest.mark.parametrize(
    ("url", "target"),
    [
        (f"https://www.youtube.com/watch?v={VIDEO}&t=3s", Target("video", VIDEO)),
        (f"http://youtu.be/{VIDEO}?si=x", Target("video", VIDEO)),
        (f"https://m.youtube.com/shorts/{VIDEO}", Target("video", VIDEO)),
        (f"https://www.youtube.com/live/{VIDEO}?feature=share", Target("video", VIDEO)),
        (f"https://www.youtube.com/watch?v={VIDEO}&list={PLAYLIST}", Target("video", VIDEO)),
        (f"https://www.youtube.com/playlist?list={PLAYLIST}", Target("playlist", PLAYLIST)),
        (f"https://www.youtube.com/channel/{CHANNEL}/about", Target("channel", CHANNEL)),
        ("https://www.youtube.com/@EEVblog/videos", Target("channel", "@EEVblog")),
        ("https://www.youtube.com/user/Vsauce", Target("channel", "user/Vsauce")),
        ("https://www.youtube.com/c/Vsauce?sub_confirmation=1", Target("channel", "c/Vsauce")),
        ("https://www.youtube.com/playlist?list=RDM4gD1WSo5mA", None),
        ("https://www.youtube.com/feed/trending", None),
        ("https://www.youtube.com.evil.example/watch?v=M4gD1WSo5mA", None),
        ("https://example.com/watch?v=M4gD1WSo5mA", None),
        ("http://[", None),
    ],
)
def test_a_link_names_a_target_on_youtube_only(url, target):
    assert target_of(url) == target


@pytest.mark.parametrize(
    ("kind", "text", "target"),
    [
        ("search", "  기후 변화 ", Target("search", "기후 변화")),
        ("video", VIDEO, Target("video", VIDEO)),
        ("channel", "@EEVblog", Target("channel", "@EEVblog")),
        ("playlist", f"https://youtu.be/{VIDEO}?list={PLAYLIST}", Target("playlist", PLAYLIST)),
    ],
)
def test_an_argument_may_be_an_id_a_handle_or_an_address(kind, text, target):
    assert parse_target(kind, text) == target


@pytest.mark.parametrize(
    ("kind", "text", "advice"),
    [
        ("video", "M4gD1WSo5m", "an id of 11 characters"),
        ("video", f"https://www.youtube.com/channel/{CHANNEL}", "an id of 11 characters"),
        ("channel", "EEVblog", "a handle (@name)"),
        ("playlist", "RDM4gD1WSo5mA", "mixes (RD…) have no end"),
        ("playlist", "http://[", "an id (PL…)"),
        ("search", " ", "some words"),
    ],
)
def test_a_wrong_argument_says_what_to_write(kind, text, advice):
    with pytest.raises(ConfigError, match=r"give ") as raised:
        parse_target(kind, text)

    assert advice in str(raised.value)

"""Which YouTube recordings are crawled, and why the others are not."""

from __future__ import annotations

STREAM = "stream.youtubestreamextractordefault."

VIDEOS = {
    f"{STREAM}audiotracktypes": "Kn56bMZ9OE8",
    f"{STREAM}cclicensed": "M4gD1WSo5mA",
    f"{STREAM}descriptionpewdiepie": "7PIMiDcwNvc",
    f"{STREAM}descriptionunboxing": "cV5TjZCJkuA",
    f"{STREAM}licenseddoctor": "rCAS2eD-mcw",
    f"{STREAM}novisualmetadatavideo": "An8vtD1FDqs",
    f"{STREAM}publicbroadcaster": "cJ9to6EmElQ",
    f"{STREAM}ratingsdisabled": "it3OtbTxQk0",
    f"{STREAM}streamsegmentsmailab": "ud9d5cMDP_0",
    f"{STREAM}streamsegmentstagesschau": "KI7fMGRg0Wk",
    f"{STREAM}unlisted": "tjz2u2DiveM",
    "stream.youtubestreamextractorlivestream": "X4VbdwhkE10",
    "youtubedashmanifestcreators": "DJ8GQUNUXGM",
}
"""Recordings of one video each."""

UNAVAILABLE = {
    f"{STREAM}notavailable.invalidid": ("INVALID_ID_", "Failed to extract any player response"),
    f"{STREAM}notavailable.nonexistent": ("don-t-exist", "Failed to extract any player response"),
    f"{STREAM}notavailable.paidcontent": ("ayI2iBwGdxw", "available to this channel's members"),
    f"{STREAM}notavailable.restricted": ("_PL2HJKxnOM", "not made this video available in your"),
}
"""Recordings of videos that cannot be had, and what is said of them."""

COMMENTS = {
    "youtubecommentsextractor.editedcomment": "VsFjP58j5i8",
    "youtubecommentsextractor.emptycomment": "VM_6n762j6M",
    "youtubecommentsextractor.formatting": "zYpyS2HaZHM",
    "youtubecommentsextractor.likesvotes": "QqsLTNkzvaY",
    "youtubecommentsextractor.replies": "xaQJbozY_Is",
    "youtubecommentsextractor.thomas": "D00Au7k3i6o",
}
"""Recordings of a video's comments."""

SEARCHES = {
    "search.youtubesearchextractor.all": "test (all)",
    "search.youtubesearchextractor.correctedsearch": "pewdeipie",
    "search.youtubesearchextractor.crisisresources": "suicide",
    "search.youtubesearchextractor.multipleuploader": "Nxk6aRHi664",
    "search.youtubesearchextractor.randomquerynomorepages": "UCO6AK",
    "search.youtubesearchextractor.shortformcontent": "#shorts",
    "search.youtubesearchextractor.suggestion": "on board ing",
    "search.youtubesearchextractor.videos": "test",
    "search.youtubesearchextractor.videouploaderavatar": "sidemen",
}
"""Recordings of searches; ``all`` gets a query of its own, since two ask for ``test``."""

CHANNELS = {
    "youtubechannelextractor.captaindisillusion": ["user/CaptainDisillusion"],
    "youtubechannelextractor.channelwithpronouns": ["@ShempOfficial"],
    "youtubechannelextractor.randomchannel": ["UCUaQMQS9lY5lit3vurpXQ6w"],
    "youtubechannelextractor.vsauce": ["user/Vsauce"],
    "youtubechannellocalization": [
        "UCeY0bbntWzzVIaj2z3QigXg",
        "UCcmpeVbSSQlZRvHfdC-CRwg",
        "UC65afEgL62PGFWXY7n6CUbA",
        "UCEOXxzW2vU0P-0THehuIIeg",
    ],
    "youtubechanneltabextractor.videos": ["UCTwECeGqMZee77BjdoYtI2Q"],
}
"""Recordings of channels with videos."""

GATED = {
    "youtubechannelextractor.agerestrictedchannel": "UCbfnHqxXs_K3kvaH-WlNlig",
    "youtubechanneltabextractor.agerestrictedtabsvideos": "UCbfnHqxXs_K3kvaH-WlNlig",
}
"""A channel behind the age gate, and the playlist of its uploads."""

NO_CHANNEL = {
    "youtubechannelextractor.carouselheader": "UCEgdi0XIXXZ-qJOFPf4JSKw",
    "youtubechannelextractor.interactivetabbedheader": "UCQvWX73GQygcwXOTSf_VDVg",
}
"""Pages that YouTube makes itself (a game, a carousel): there are no uploads, and no channel."""

TOPICS = {"youtubechannelextractor.systemtopic": "UC-9-kyTW8ZkZNDHQJ6FgpwQ"}
"""A topic: a channel without videos of its own."""

PLAYLISTS = {
    "youtubeplaylistextractor.continuationss": [
        "PLoumn5BIsUDeGF1vy5Nylf_RJKn5aL_nr",
        "PLXJg25X-OulsVsnvZ7RVtSDW-id9_RzAO",
    ],
    "youtubeplaylistextractor.learningplaylist": ["PL8dPuuaLjXtOAKed_MxxWBNaPno5h3Zs8"],
    "youtubeplaylistextractor.shortsui": ["UUSHBR8-60-B28hp2BmDPdntcQ"],
    "youtubeplaylistextractor.timelesspophits": ["PLMC9KNkIncKtPzgY-5rmhvj7fax8fdxoj"],
}
"""Recordings of playlists."""

NO_PLAYLIST = {
    "youtubechanneltabextractor.agerestrictedtabsshorts": "UUSHbfnHqxXs_K3kvaH-WlNlig",
    "youtubeplaylistextractor.notavailable": "PL11111111111111111111111111111111",
}
"""Recordings of playlists that are not there."""

_MIX = "a mix (RD…): made for one viewer, without an end, refused as an argument"
_OTHER = "a search for other things than videos, which the spider never asks"
UNUSED = {
    "search.youtubesearchextractor.channel": _OTHER,
    "search.youtubesearchextractor.channelverified": _OTHER,
    "search.youtubesearchextractor.playlists": _OTHER,
    "youtubechannelhelper": "resolves addresses only; yt-dlp asks for those of tabs",
    "youtubechanneltabextractor.playlists": "a channel's list of playlists: we crawl its videos",
    "youtubecommentsextractor.localizedvotecount": "likesvotes' video and comments in German",
    "youtubefeedextractor.kurzgesagt": "a channel's RSS feed; yt-dlp reads its videos tab",
    "youtubefeedextractor.notavailable": "a channel's RSS feed; yt-dlp reads its videos tab",
    "youtubekioskextractor.live": "YouTube's own page of live streams: no channel",
    "youtubemixplaylistextractor.genremix": _MIX,
    "youtubemixplaylistextractor.invalidpageempty": _MIX,
    "youtubemixplaylistextractor.invalidvideoid": _MIX,
    "youtubemixplaylistextractor.mix": _MIX,
    "youtubemixplaylistextractor.mixwithindex": _MIX,
    "youtubemixplaylistextractor.mymix": _MIX,
    "youtubeparsinghelper": "the guide and YouTube Music's suggestions: no videos",
    "youtubesuggestionextractor": "completions of a search: no videos",
}
"""Recordings that no crawl asks for, with the reason."""

CRAWLED = {
    *VIDEOS,
    *UNAVAILABLE,
    *COMMENTS,
    *SEARCHES,
    *CHANNELS,
    *GATED,
    *NO_CHANNEL,
    *TOPICS,
    *PLAYLISTS,
    *NO_PLAYLIST,
}

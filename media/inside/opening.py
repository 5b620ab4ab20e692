"""Open a media file by its descriptor, and nothing else that it names.

FFmpeg guesses the kind of a file from its bytes; playlists, concatenations and session descriptions
lead it to other files and addresses. Here it knows one protocol, ``fd:``, and the demuxers of files
that hold their own data: a playlist is refused before a line of it is followed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from media.inside.process import RefusedError

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,mpegts,mpeg,mpegvideo,h264,hevc,ogg,asf,"
    "wav,w64,mp3,aac,flac,aiff,caf,amr,gif"
)
MAX_PIXELS = 36_000_000
"""Of one frame; 8K is 33 million. Larger ones are refused: decoding them is the cost."""
MAX_STREAMS = 64


def open_input(fd: int) -> InputContainer:
    """Open the file; the caller closes it.

    Raises:
        RefusedError: It is no audio or video file, or one of a kind that leads elsewhere.
    """
    import av

    options = {
        "fd": str(fd),
        "protocol_whitelist": "fd",
        "format_whitelist": FORMATS,
        "max_pixels": str(MAX_PIXELS),
        "max_streams": str(MAX_STREAMS),
    }
    try:
        return av.open("fd:", options=options, metadata_errors="replace")
    except av.error.MemoryError:
        raise
    except av.error.ArgumentError as error:
        raise RefusedError("not a kind of file that is opened (a playlist, perhaps)") from error
    except av.error.FFmpegError as error:
        raise RefusedError(f"not a media file, or broken at its start: {error.strerror}") from error


def video_stream(container: InputContainer) -> VideoStream:
    """Return the first stream of moving pictures.

    Raises:
        RefusedError: There is none, it is of an unknown codec, or its frames are too large.
    """
    moving = [s for s in container.streams.video if not is_cover(s)]
    if not moving:
        raise RefusedError("the file has no video stream")
    stream = moving[0]
    codec = stream.codec_context
    if codec is None:
        raise RefusedError("the video's codec is unknown")
    if not 0 < codec.width * codec.height <= MAX_PIXELS:  # 0: FFmpeg found them too large itself
        raise RefusedError(f"frames of more than {MAX_PIXELS:,} pixels, or of no known size")
    codec.options = {"max_pixels": str(MAX_PIXELS)}  # they may grow on the way
    return stream


def is_cover(stream: VideoStream) -> bool:
    """Whether it is a still picture about the file, such as an album's cover."""
    from av.stream import Disposition

    still = Disposition.attached_pic | Disposition.timed_thumbnails
    return bool(stream.disposition & still)

"""Key frames that a worker keeps, when it is told to."""

from __future__ import annotations

import io

import pytest

from media.store import open_media
from media.svg import drawn
from storage.work import open_queue
from tests.media.making import scenes
from tests.video_site import VideoSite
from tests.work_processes import an_article, crawl, save, stored, work

PICTURES = ("smptebars", "testsrc2", "color=navy")


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    pytest.importorskip("vtracer", reason="needs gleanery[media]")
    return scenes(tmp_path_factory.mktemp("film") / "film.mp4", *PICTURES, seconds=3).read_bytes()


@pytest.mark.slow
def test_a_worker_keeps_key_frames_and_draws_them(film, tmp_path):
    plain, frames = {}, {"GLEANERY_WORK_KEY_FRAMES": "3", "GLEANERY_WORK_KEY_FRAMES_SVG": "true"}
    with VideoSite(film) as site:
        item = an_article(site, 1)
        save(tmp_path, item)
        runs = [enqueue_and_work(tmp_path, env) for env in (plain, frames, frames)]
    row = stored(tmp_path)[item.identity]

    assert runs == [{"download": 1}, {"key_frames": 1}, {}]
    video, *made = row["media_files"]
    pictures, graphics = (by_role(made, role) for role in ("image", "vector_graphic"))
    assert (len(pictures), len(graphics), len(made)) == (3, 3, 6)
    assert [m["source"] for m in pictures] == [video["key"]] * 3
    assert [m["source"] for m in graphics] == [m["key"] for m in pictures]
    times = sorted(m["facts"]["at_seconds"] for m in pictures)
    assert [int(at // 3) for at in times] == [0, 1, 2]  # one of each scene
    media = open_media(tmp_path / "media")
    for graphic in graphics:
        svg = media.read(graphic["key"])
        assert (graphic["content_type"], graphic["size"]) == ("image/svg+xml", len(svg))
        assert drawn(svg.decode()).shape == (224, 224, 3)
        assert 0.5 < graphic["facts"]["share"] <= 1


@pytest.mark.slow
def test_another_number_of_key_frames_replaces_those_before(film, tmp_path):
    from PIL import Image  # noqa: PLC0415 - not in every installation

    with VideoSite(film) as site:
        item = an_article(site, 1)
        save(tmp_path, item)
        enqueue_and_work(tmp_path, {"GLEANERY_WORK_KEY_FRAMES": "3",
                                    "GLEANERY_WORK_KEY_FRAMES_SVG": "true"})  # fmt: skip
        steps = enqueue_and_work(tmp_path, {"GLEANERY_WORK_KEY_FRAMES": "2"})
    made = stored(tmp_path)[item.identity]["media_files"][1:]

    assert steps == {"key_frames": 1}
    assert [m["role"] for m in made] == ["image", "image"]
    with Image.open(io.BytesIO(open_media(tmp_path / "media").read(made[0]["key"]))) as picture:
        assert (picture.format, picture.size) == ("PNG", (224, 224))


def test_a_crawl_queues_the_step(film, tmp_path):
    with VideoSite(film) as site:
        crawl(tmp_path, site, [1], WORK_KEY_FRAMES=2, WORK_KEY_FRAMES_SVG=True)
    with open_queue("", tmp_path) as queue:
        (job,) = queue.lease("test", 1)

    assert job.steps[-1] == "key_frames:2+svg"


def by_role(files, role):
    return [m for m in files if m["role"] == role]


def enqueue_and_work(home, env) -> dict[str, int]:
    """Queue what today's configuration wants, do it, and tell the steps done."""
    work(home, "enqueue", **env)
    return work(home, "--once", "--json", **env).json["steps"]

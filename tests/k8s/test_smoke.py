"""One node's manifests as processes: a crawl outlives restarts and is found at the edge."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from k8s.lint.rendering import Json
from k8s.lint.stacks import Stack
from tests.authority import Authority
from tests.conftest import redis_answers, wait_until
from tests.k8s.backups import back_up, lose, restore
from tests.k8s.databases import Databases
from tests.k8s.door import Door, asking, bearer, decoded
from tests.k8s.edge import Edge, running_edge
from tests.k8s.held_site import FEED, HeldSite
from tests.k8s.processes import Processes
from tests.k8s.service import Service, running_service
from tests.k8s.test_guide import IN_POD, to_be_run
from tests.k8s.videos import HeldVideos, Work, held_videos, with_video
from tests.monitoring.scraping import scrape
from tests.servers.test_json_logs import rows_of

pytest.importorskip("scrapyd", reason="needs gleanery[server]")
PAGES = 50
VIDEOS = range(6)
FED = range(PAGES - 2, PAGES)
"""Pages that only the second crawl finds, by its feed."""
ENDED = {0, -15}
"""In good order: twistd and uvicorn end by the signal that they were told to end by."""
LOCAL = {
    "GLEANERY_STORE_TIMEOUT_SECONDS": "10",
    "GLEANERY_ALLOWED_ADDRESSES": "127.0.0.0/8",
    "GLEANERY_MODEL_ENGINE": "stub",
    "GLEANERY_TEST_ENGINES": "1",
    "GLEANERY_SCRAPYD_SETTINGS": "AUTOTHROTTLE_ENABLED,CONCURRENT_REQUESTS",
}
"""Nobody waits long for a store that is away, the site of the test may be crawled, no model takes
the processors that all of it shares, and a page that is held must not slow the next ones down."""
DOORS = ("admin", "client")
STOPPED = ("crawl", "worker", "model", "exporter")
"""Before a restore."""
OURS = (*STOPPED, *DOORS)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_crawl_outlives_restarts_and_is_found_at_the_edge(tmp_path, rendered):
    objects = rendered(Stack("wsl", ("monitoring", "ingress", "backup")))
    secrets = named(objects, "Secret", "passwords")
    objects.append(a_certificate(tmp_path / "authority"))
    links: dict[int, list[int | str]] = {0: [*range(1, FED.start)]}
    with Databases(tmp_path, decoded(secrets)) as databases, held_videos(tmp_path) as videos:
        texts = {n: with_video(f"page {n}", f"{videos.url}/clip/{n}.mp4") for n in range(PAGES)}
        tell(objects, **LOCAL, **databases.addresses)
        let_worker_download(objects)
        with (
            HeldSite(links, texts=texts, feed=FED) as site,
            Processes(objects, tmp_path) as pods,
            running_service(pods.ports[8765]) as model,
        ):
            pods.services[8765] = model.port
            tell(objects, GLEANERY_SCRAPYD_PORT=pods.address("crawl").rpartition(":")[2])
            begin(pods)
            targets = {each: int(pods.address(each).rpartition(":")[2]) for each in DOORS}
            (ingress,) = pods.world.of("Ingress")
            with (
                running_edge(ingress, tmp_path / "edge", targets) as edge,
                asking(pods, edge) as door,
            ):
                begin_crawl(pods, door, site)
                with door.stores_away():
                    restart_stores(databases, site, pods)
                restart_all(pods, edge, model, site, videos)
                follow_guide(pods, "gleanery jobs start", feed=f"{site.url}/page/{FEED}")
                site.open(PAGES)
                wait_until(lambda: len(door.items()) == PAGES, seconds=240, every_seconds=0.5)
                found = found_at(door, site)
                assert_videos_are_there(pods, door, [found[n] for n in VIDEOS])
                follow_guide(pods, "gleanery stats")
                door.rest()
                assert set(door.answers) == {200}, door.answers
                assert set(door.answers_without_stores) <= {200, 503}, door.answers_without_stores
                wait_until(lambda: sources_away(pods, secrets) == [], seconds=60, every_seconds=1)
                lose_all_and_restore(pods, databases, decoded(secrets))
                assert found_at(door, site) == found
            assert {pods.stop(name) for name in (*DOORS, "redis")} <= ENDED
            assert_logs_are_objects(pods)


def begin(pods: Processes) -> None:
    """Bring up what the manifests bring up, in the order in which it gets ready."""
    start(pods, "redis")
    pods.complete("databases")
    for name in OURS:
        start(pods, name)
    wait_until(lambda: all(map(pods.is_ready, OURS)), seconds=180, every_seconds=0.3)


def start(pods: Processes, name: str) -> None:
    """Start a pod's program; Redis' port is in no variable and no argument."""
    pods.start(name, *(["--port", str(pods.ports[6379])] if name == "redis" else []))


def begin_crawl(pods: Processes, door: Door, site: HeldSite) -> None:
    """Start it at the edge, as the guide's first user, and wait for its first pages."""
    follow_guide(pods, "gleanery users add kim", given="kim-s-password")
    door.begin(
        "kim", "kim-s-password", spider="google",
        settings=["AUTOTHROTTLE_ENABLED=false", "CONCURRENT_REQUESTS=2"],
        arguments={"urls": f"{site.url}/page/0"},
    )  # fmt: skip
    site.open(6)
    site.settle()


def follow_guide(pods: Processes, command: str, feed: str = "", given: str = "") -> None:
    """Run the line of the guide that begins so, as its pod would."""
    lines = [found.groups() for line in to_be_run() if (found := IN_POD.fullmatch(line))]
    ((pod, words),) = (each for each in lines if each[1].startswith(command))
    here = re.sub(r"feed=\S+", f"feed={feed}", words)
    done = pods.run(pod, [*here.split(), *(["--password-stdin"] if given else [])], given=given)
    assert done.returncode == 0, done.stderr


def restart_stores(databases: Databases, site: HeldSite, pods: Processes) -> None:
    """Restart MySQL, then MongoDB; what is fetched meanwhile waits in the crawl's spool."""
    for name in databases.ports:
        databases.stop(name)
        site.open(3)
        site.settle()
        wait_until(lambda: spooled(pods), seconds=60)
        databases.start(name)
        wait_until(lambda: not spooled(pods), seconds=60)
    wait_until(lambda: all(map(pods.is_ready, OURS)), seconds=60, every_seconds=0.3)


def spooled(pods: Processes) -> list[Path]:
    return [*pods.folder.glob("data-crawl-0/spool/*/*.seg")]


def restart_all(
    pods: Processes, edge: Edge, model: Service, site: HeldSite, videos: HeldVideos
) -> None:
    """Restart each process as its workload's strategy does, while pages and videos come."""
    for name in ("redis", "crawl", "exporter"):  # one that is there at a time
        with site.dripping(4):
            assert pods.stop(name) in ENDED
            start(pods, name)
        wait_until(lambda: all(map(pods.is_ready, OURS)), seconds=60, every_seconds=0.3)
        site.settle()
    Work(pods).put(*(f"web:{site.url}/page/{n}" for n in VIDEOS))
    moves: dict[str, Callable[[int], object]] = {
        "worker": lambda _: videos.let(),
        "model": model.move,
        "admin": lambda port: edge.move("admin", port),
        "client": lambda port: edge.move("client", port),
    }
    for name, move in moves.items():
        with ExitStack() as stack:
            moved = partial(move_and_drip, move, site, stack)
            assert pods.replace(name, moved) in ENDED
        site.settle()


def move_and_drip(
    move: Callable[[int], object], site: HeldSite, stack: ExitStack, port: int
) -> None:
    """Send callers to the new one; pages come while the old one ends."""
    move(port)
    stack.enter_context(site.dripping(3))


def sources_away(pods: Processes, secrets: Json) -> list[str]:
    """Ask the exporter; its first answers leave out what takes long to open."""
    told = scrape(pods.address("exporter"), **bearer(decoded(secrets)["metrics"]))
    ups = {dict(k)["source"]: v for (name, k), v in told.samples.items() if name == "gleanery_up"}
    assert {"frontier", "redis", "mysql", "mongodb", "jobs", "work", "certificates"} <= set(ups)
    return [source for source, up in ups.items() if not up]


def found_at(door: Door, site: HeldSite) -> dict[int, Json]:
    """Every page once, with its category, for those who have a key; their numbers and items."""
    items = door.items()
    found = {int(each["url"].rpartition("/")[2]): each for each in items}
    assert len(items) == len(found) == PAGES
    assert {each["url"] for each in items} == {f"{site.url}/page/{n}" for n in range(PAGES)}
    assert {each["category"] for each in items} == {"life_lifestyle"}
    assert door.status("/v1/items", key="") == 401
    assert door.status("/metrics") == 404
    return found


def assert_videos_are_there(pods: Processes, door: Door, items: list[Json]) -> None:
    """Each job was done, and once: a film, its sound, nothing else."""
    work = Work(pods)
    wait_until(lambda: work.counts().done == len(items), seconds=60, every_seconds=0.3)

    assert work.counts().parked == 0
    for item in items:
        files = door.ask(f"/v1/item?identity={item['identity']}").json()["files"]
        assert [each["role"] for each in files] == ["video", "audio"]


def lose_all_and_restore(pods: Processes, databases: Databases, passwords: dict[str, str]) -> None:
    """Back up, begin anew with empty servers, and bring back what there was."""
    assert {pods.stop(name) for name in STOPPED} <= ENDED
    made, work = back_up(pods), Work(pods)
    done = work.counts().done
    assert pods.stop("redis") in ENDED
    lose(pods, databases, passwords)
    restore(pods, made)
    start(pods, "redis")
    wait_until(lambda: redis_answers(work.url), seconds=60)
    wait_until(lambda: all(map(pods.is_ready, DOORS)), seconds=60, every_seconds=0.3)
    assert work.counts().done == done > 0


def assert_logs_are_objects(pods: Processes) -> None:
    """Each line of each program, and of the crawl's attempts with its job."""
    for name in OURS:
        rows_of(pods.log(name).read_text("utf-8"))
    attempts = [*pods.folder.glob("data-crawl-0/scrapyd/logs/**/*.log")]
    jobs = {row.get("job") for path in attempts for row in rows_of(path.read_text("utf-8"))}
    assert attempts
    assert len(jobs - {None}) == 2, jobs  # nobody knows its job before the spider is made


def named(objects: list[Json], kind: str, name: str) -> Json:
    """A generated object, by its name before the hash."""
    return next(e for e in objects if e["kind"] == kind and e["metadata"]["name"][:-11] == name)


def tell(objects: list[Json], **settings: str) -> None:
    """Change the ConfigMap of settings, as an overlay of one's own would."""
    named(objects, "ConfigMap", "settings")["data"].update(settings)


def a_certificate(folder: Path) -> Json:
    """The Secret of the door, which whoever makes certificates puts there."""
    certificate, _ = Authority(folder).issue("door")
    data = {"tls.crt": base64.b64encode(certificate.read_bytes()).decode()}
    about = {"name": "gleanery-tls", "namespace": "gleanery"}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": about, "data": data}


def let_worker_download(objects: list[Json]) -> None:
    """The worker alone: crawls would ask for vectors, too, which no trivial engine makes."""
    (worker,) = (
        e for e in objects if e["kind"] == "Deployment" and e["metadata"]["name"] == "worker"
    )
    (container,) = worker["spec"]["template"]["spec"]["containers"]
    container["env"].append({"name": "GLEANERY_DOWNLOAD_MEDIA", "value": "videos"})

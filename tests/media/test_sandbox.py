"""A decoder that fails, hangs or lies ends alone."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from gleanery.errors import ConfigError, MediaNotFoundError, MediaRefusedError
from media.sandbox import Limits, Output, run, stream
from tests.conftest import wait_until

FAULTS = "tests.media.faults"
ROOT = Path(__file__).parents[2]
SOON = Limits(wall_seconds=60)


def test_answers_come_one_by_one_with_their_numbers():
    with stream(f"{FAULTS}:count", 3) as answers:
        got = [(a.value, a.data) for a in answers]

    assert [value for value, _ in got] == [0, 1, 2]
    assert all(np.array_equal(data, np.full(1000, n, np.uint8)) for n, data in got)


@pytest.mark.parametrize(
    ("fault", "limits", "reason"),
    [
        ("hang", Limits(wall_seconds=1), "longer than 1 seconds"),
        ("spin", Limits(cpu_seconds=1), "more than 1 s of processor time"),
        ("eat", Limits(memory_bytes=2**30), "more memory than allowed"),
        ("crash", SOON, "SIGSEGV"),
        ("killed", SOON, "was killed"),
        ("leave", SOON, "exit status 3"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)
def test_a_process_that_fails_refuses_the_file_and_says_why(fault, limits, reason):
    with pytest.raises(MediaRefusedError, match=reason):
        run(f"{FAULTS}:{fault}", limits=limits)


@pytest.mark.parametrize(
    "sent",
    [
        "ffffffff",
        "00000002" + b"{}".hex(),
        "00000002" + b"[[".hex(),
        "00000003" + b"123".hex(),
        f"{60:08x}" + b'{"kind":"answer","data":{"dtype":"O","shape":[1]}}          '.hex(),
        f"{60:08x}" + b'{"kind":"answer","data":{"dtype":"B","shape":[-1]}}         '.hex(),
        f"{60:08x}" + b'{"kind":"answer","data":{"dtype":"f","shape":[99999999]}}   '.hex(),
        f"{60:08x}" + b'{"kind":"answer","data":{"dtype":"B","shape":{"a":1}}}      '.hex(),
        f"{60:08x}" + b'{"kind":"answer","data":7}                                  '.hex(),
    ],
)
def test_a_process_that_was_taken_over_cannot_hurt_whoever_listens(sent):
    with pytest.raises(MediaRefusedError):
        run(f"{FAULTS}:lie", sent, limits=SOON)


def test_a_missing_library_is_the_operators_matter():
    with pytest.raises(ConfigError, match=r"no_such_library.*gleanery\[media\]"):
        run(f"{FAULTS}:missing", limits=SOON)


def test_it_inherits_no_environment_and_no_files(monkeypatch, tmp_path):
    monkeypatch.setenv("GLEANERY_REDDIT_CLIENT_SECRET", "secret")
    with (tmp_path / "open").open("w") as ours:
        os.set_inheritable(ours.fileno(), True)

        found = run(f"{FAULTS}:surroundings", limits=SOON).value

    assert set(found["environment"]) <= {
        "PATH",
        "LC_ALL",
        "OPENBLAS_NUM_THREADS",
        "LD_LIBRARY_PATH",
    }
    assert found["files"] == 5  # the three standard ones, the pipe and the listing itself


def test_what_it_prints_is_neither_an_answer_nor_in_the_log(caplog):
    with caplog.at_level(logging.INFO):
        assert run(f"{FAULTS}:noise", limits=SOON).value == "done"

    assert "complained" not in caplog.text


def test_files_it_writes_are_limited(tmp_path):
    path = tmp_path / "out"

    written = run(f"{FAULTS}:write", Output(path), 2000, limits=Limits(output_bytes=1000)).value

    assert written == 1000
    assert path.stat().st_size == 1000


def test_only_files_are_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(MediaRefusedError, match="not a file"):
        run(f"{FAULTS}:noise", tmp_path / "pipe")
    with pytest.raises(MediaNotFoundError):
        run(f"{FAULTS}:noise", tmp_path / "nothing")


def test_it_goes_on_no_faster_than_it_is_read(tmp_path):
    note = tmp_path / "note"
    with stream(f"{FAULTS}:progress", str(note), limits=SOON) as answers:
        next(answers)
        time.sleep(0.5)  # enough for thousands, were nothing holding it back

        assert int(note.read_text()) < 100


def test_closing_ends_it_with_all_it_started_also_from_another_thread(tmp_path):
    note = tmp_path / "pid"
    answers = stream(f"{FAULTS}:children_then_hang", str(note))
    reader = threading.Thread(target=lambda: list(answers))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threading, "excepthook", lambda _: None)
        reader.start()
        wait_until(lambda: note.exists() and note.read_text(), seconds=60)

        answers.close()
        reader.join(timeout=60)

    assert not reader.is_alive()
    wait_until(lambda: not _runs(int(note.read_text())), seconds=60)


def test_it_does_not_outlive_whoever_asked(tmp_path):
    """Not even when that one gets no chance to end it: ``kill -9``."""
    note = tmp_path / "pid"
    code = (
        "import sys, time; from media.sandbox import stream\n"
        f"answers = stream('{FAULTS}:endless', sys.argv[1]); next(answers)\n"
        "time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(note)], cwd=ROOT) as asker:
        wait_until(lambda: note.exists() and note.read_text(), seconds=60)
        wait_until(lambda: _runs(int(note.read_text())), seconds=60)

        asker.kill()

    wait_until(lambda: not _runs(int(note.read_text())), seconds=60)


def test_many_at_once_from_threads():
    with ThreadPoolExecutor(4) as pool:
        totals = pool.map(lambda n: sum(a.value for a in stream(f"{FAULTS}:count", n)), range(12))

        assert list(totals) == [n * (n - 1) // 2 for n in range(12)]


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").split()[2] != "Z"
    except OSError:
        return False

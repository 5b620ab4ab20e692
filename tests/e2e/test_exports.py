"""``gleanery export``: what comes out, how it is split, and that it goes on after a kill."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
from collections import Counter, defaultdict
from dataclasses import replace

import pytest

from exports import Ratios
from exports.fields import FIELDS
from gleanery.errors import ConfigError
from tests.cli import COMMAND, ROOT, environment, gleanery
from tests.conftest import wait_until
from tests.export_home import NOON, SPLIT, export, home_of, records, scored_home, threads


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return scored_home(tmp_path_factory.mktemp("home"))


def test_what_was_asked_for_comes_out_with_a_manifest_and_a_card(home, tmp_path):
    out = tmp_path / "food"
    result = export(home, out, "--min-quality", "0.25")

    found = records(out)
    manifest = json.loads((out / "manifest.json").read_text())
    assert result["items"] == {
        split: len(found[split]) for split in ("train", "validation", "test")
    }
    assert (sum(result["items"].values()), result["unscored"], result["below"]) == (111, 0, 11)
    assert all(result["items"].values())
    entries = [entry for shards in manifest["shards"].values() for entry in shards]
    for entry in entries:
        data = (out / entry["file"]).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (entry["bytes"], entry["sha256"])
        assert entry["items"] == data.count(b"\n")
    (video,) = [r for rows in found.values() for r in rows if r["kind"] == "video"]
    wanted = {
        "identity": "youtube:v1", "title": "김치 담그는 법", "transcript": "배추를 절입니다",
        "label_source": "human", "label_model": "e5@1", "licence": "creative_commons",
        "source": "UC1", "published_at": NOON.isoformat(),
        "label_scores": [{"category": "food", "score": 0.8}, {"category": "art", "score": 0.1}],
    }  # fmt: skip
    assert {name: video[name] for name in wanted} == wanted
    assert [file["role"] for file in video["media_files"]] == ["video", "vectors"]
    assert list(video) == list(FIELDS)
    card = (out / "README.md").read_text()
    assert "## Known gaps / 알려진 한계" in card
    assert "| creative_commons | 1 |" in card
    for title, field in (("Languages", "language"), ("Label sources", "label_source")):
        table = card.partition(f"## {title} /")[2].partition("##")[0]
        told = Counter(record[field] for rows in found.values() for record in rows)
        assert all(f"| {value} | {count} |" in table for value, count in told.items())
    assert "state no licence" in card
    assert {p.name for p in out.iterdir()} == {"README.md", "manifest.json"} | {
        entry["file"] for entry in entries
    }


def test_threads_and_copies_are_never_parted(home, tmp_path):
    export(home, tmp_path / "all", "--min-quality", "0")

    split_of = {
        r["identity"]: split for split, rows in records(tmp_path / "all").items() for r in rows
    }
    for n in range(40):
        thread = {split_of[i] for i in (f"reddit:t3_{n}", f"reddit:t1_{n}_0", f"reddit:t1_{n}_1")}
        assert len(thread) == 1
    assert all(
        split_of[f"reddit:t3_{n}"] == split_of[f"reddit:t3_{n - 1}"] for n in range(3, 40, 4)
    )
    assert len(set(split_of.values())) == 3


def test_by_source_no_community_is_parted_nor_are_those_that_share_a_text(tmp_path):
    items = threads(60)
    for number, item in enumerate(items):
        if item.kind == "post":
            item.community = f"c{number // 9}"  # three threads each; some of a copy, some halves
    home = home_of(tmp_path / "home", items)
    gleanery(home, "quality")

    export(home, tmp_path / "out", "--min-quality", "0", "--split-by", "source")

    found = records(tmp_path / "out")
    groups = {r["identity"]: (s, r["group"]) for s, rows in found.items() for r in rows}
    names = defaultdict(set)
    for record in (record for rows in found.values() for record in rows):
        assert groups[record["identity"]] == groups[record["thread"]]
        if record["source"]:
            names[record["source"]].add(record["group"])
    joined = {"c1": "c0", "c5": "c4", "c9": "c8", "c13": "c12", "c17": "c16"}
    assert names == {f"c{n}": {f"reddit/{joined.get(f'c{n}', f'c{n}')}"} for n in range(20)}
    assert len(groups) == 180
    assert len(found) == 3
    assert "by source: what came from one community" in (tmp_path / "out/README.md").read_text()


@pytest.mark.slow
def test_the_same_export_twice_is_the_same_to_the_byte(home, tmp_path):
    for form in ("jsonl", "parquet", "webdataset"):
        outs = [tmp_path / f"{form}{n}" for n in range(2)]
        for out in outs:
            export(home, out, "--format", form, "--shard-items", "30")

        one, other = ({p.name: p.read_bytes() for p in out.iterdir()} for out in outs)
        assert one == other
        assert len(one) > 5


def test_what_is_not_scored_is_left_out_and_counted(tmp_path):
    items = [replace(item, annotations=item.annotations[:1]) for item in threads(2)]
    home = home_of(tmp_path / "home", items)

    result = export(home, tmp_path / "out")

    assert (sum(result["items"].values()), result["unscored"]) == (0, 6)
    assert "It is empty" in (tmp_path / "out" / "README.md").read_text()


@pytest.mark.slow
def test_killed_it_goes_on_and_comes_out_the_same(tmp_path):
    home = home_of(tmp_path / "home", threads(2000))
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    export(home, whole, "--shard-items", "500")
    killed.mkdir()
    for name in ("..progress.json.0a", ".groups.db", ".groups.db.partial"):
        (killed / name).write_text("a kill at once leaves this")

    arguments = [
        "export",
        "--category",
        "food",
        "--out",
        str(killed),
        "--shard-items",
        "500",
        *SPLIT,
    ]
    for n in (1, 4, 7):
        command = [*COMMAND, *arguments]
        with subprocess.Popen(
            command, cwd=ROOT, env=environment(home), stdout=subprocess.DEVNULL
        ) as process:
            wait_until(
                lambda n=n: (
                    (killed / f"train-{n:05}.jsonl").exists() or (killed / "manifest.json").exists()
                ),
                seconds=60,
            )
            os.kill(process.pid, signal.SIGKILL)
    (killed / "..progress.json.0f").write_text("half a state")
    if (killed / ".progress.json").exists():
        assert "another plan" in gleanery(home, *arguments, "--min-quality", "0.1").error
        (killed / ".train-00009.jsonl.partial").write_text("half a line")
        gleanery(home, *arguments)
    else:  # the last kill came too late
        assert "is done" in gleanery(home, *arguments).error

    one, other = ({p.name: p.read_bytes() for p in out.iterdir()} for out in (whole, killed))
    assert one == other
    assert sum(map(len, records(killed).values())) == 6000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--format", "csv"), "jsonl, parquet, webdataset"),
        (("--split", "0.9/0.2/0.1"), "add up to 1"),
        (("--category", "foods"), "there are"),
        (("--kinds", "author"), "there are"),
        (("--split-by", "author"), "thread, source"),
        (("--media", "bytes"), "needs --format webdataset"),
    ],
)
def test_a_wrong_option_is_explained(home, tmp_path, arguments, message):
    done = gleanery(home, "export", "--out", str(tmp_path / "out"), *arguments)

    assert (done.returncode, message in done.error) == (2, True)
    assert not (tmp_path / "out").exists()


def test_a_folder_with_other_things_in_it_is_left_alone(home, tmp_path):
    (tmp_path / "letter.txt").write_text("Dear reader")

    done = gleanery(home, "export", "--out", str(tmp_path))

    assert "letter.txt" in done.error
    assert [p.name for p in tmp_path.iterdir()] == ["letter.txt"]


def test_shares_of_splits_are_kept():
    ratios = Ratios.parse("0.8/0.1/0.1")
    counts = defaultdict(int)
    for n in range(20_000):
        counts[ratios.split_of(f"reddit:t3_{n}")] += 1

    assert {k: round(v / 20_000, 2) for k, v in counts.items()} == {
        "train": 0.8, "validation": 0.1, "test": 0.1,
    }  # fmt: skip
    assert {Ratios.parse("1/0/0").split_of(str(n)) for n in range(100)} == {"train"}
    with pytest.raises(ConfigError):
        Ratios.parse("1")

"""Exports load in what people train with: ``datasets``, ``webdataset``, ``torch``."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

import pytest

from tests.export_home import NOON, export, scored_home


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return scored_home(tmp_path_factory.mktemp("home"))


def test_it_loads_in_datasets(home, tmp_path, monkeypatch):
    """Both formats give the same rows and types, though most shards show no file and no vector."""
    datasets = pytest.importorskip("datasets", reason="datasets: make test installs it")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    loads = []
    for form in ("jsonl", "parquet"):
        out = tmp_path / form
        items = export(home, out, "--format", form, "--vectors", "--shard-items", "30")["items"]
        loaded = datasets.load_dataset(str(out), cache_dir=str(tmp_path / "cache"))
        loads.append({split: (rows.features, list(rows)) for split, rows in loaded.items()})
        assert {split: len(rows) for split, rows in loaded.items()} == items
        (video,) = [r for rows in loaded.values() for r in rows if r["kind"] == "video"]
        assert (video["vector"], video["transcript"]) == ([0, 1, 2, 3], "배추를 절입니다")
        assert (video["published_at"], len(video["media_files"])) == (NOON, 2)

    assert loads[0] == loads[1]
    out = tmp_path / "webdataset"
    export(home, out, "--format", "webdataset", "--vectors", "--media", "bytes")
    loaded = datasets.load_dataset(str(out), cache_dir=str(tmp_path / "cache"))
    records = {
        split: [row["json"] | {"published_at": instant(row["json"])} for row in rows]
        for split, rows in loaded.items()
    }
    assert records == {split: rows for split, (_, rows) in loads[0].items()}


def instant(record):
    return record["published_at"] and datetime.fromisoformat(record["published_at"])


# webdataset 1.0 opens each tar and leaves closing it to the garbage collector
@pytest.mark.filterwarnings("ignore:unclosed file .*\\.tar:ResourceWarning")
def test_it_loads_in_webdataset_with_its_files(home, tmp_path):
    wds = pytest.importorskip("webdataset", reason="webdataset: make test installs it")
    out = tmp_path / "out"
    items = export(home, out, "--format", "webdataset", "--media", "bytes")["items"]

    for split, count in items.items():
        files = sorted(map(str, out.glob(f"{split}-*.tar")))
        samples = list(wds.WebDataset(files, shardshuffle=False, empty_check=False).decode())
        assert len(samples) == count
        for sample in samples:
            if sample["json"]["kind"] == "video":
                assert sample["video.mp4"] == b"moving pictures"
                assert any(name.startswith("vectors.") for name in sample)


# webdataset 1.0 opens each tar and leaves closing it to the garbage collector
@pytest.mark.filterwarnings("ignore:unclosed file .*\\.tar:ResourceWarning")
@pytest.mark.models
def test_it_loads_in_torch(home, tmp_path):
    torch = pytest.importorskip("torch", reason="torch: make test-models installs it")
    datasets = pytest.importorskip("datasets", reason="datasets: make test-models installs it")
    items = export(home, tmp_path / "out", "--format", "parquet", "--vectors")["items"]
    loaded = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))

    batches = list(torch.utils.data.DataLoader(loaded["train"].select_columns(["text", "quality"]),
                                               batch_size=8))  # fmt: skip
    sizes = [len(batch["text"]) for batch in batches]
    assert sum(sizes) == items["train"]
    assert all(one >= other for one, other in pairwise(sizes))
    assert batches[0]["quality"].dtype == torch.float64

    wds = pytest.importorskip("webdataset", reason="webdataset: make test-models installs it")
    tar = tmp_path / "tar"
    assert export(home, tar, "--format", "webdataset", "--media", "bytes")["items"] == items
    files = sorted(map(str, tar.glob("train-*.tar")))
    rows = wds.WebDataset(files, shardshuffle=False).decode().to_tuple("json")
    texts = [
        row["text"]
        for batch in torch.utils.data.DataLoader(rows, batch_size=8, collate_fn=list)
        for (row,) in batch
    ]
    assert sorted(texts) == sorted(loaded["train"]["text"])

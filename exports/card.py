"""The data card: what an export holds and what it lacks, in Korean and English.

Its head is read by ``datasets.load_dataset(FOLDER)``: which files are which split, and what types
the fields have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exports.counts import COUNTED
from exports.fields import FIELDS, INSTANT, TEXT
from exports.plan import SPLITS
from exports.record import UNKNOWN
from exports.shards import SHARDS
from gleanery.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from exports.counts import Counts
    from exports.fields import Type
    from exports.plan import ExportPlan

_TITLES = {
    "language": "Languages / 언어",
    "licence": "Licences / 라이선스",
    "label_source": "Label sources / 라벨 출처",
    "label_model": "Models behind the labels / 라벨 모델",
    "category": "Categories / 분류",
    "subcategory": "Sub-categories / 하위 분류",
    "platform": "Platforms / 플랫폼",
    "kind": "Kinds / 종류",
}
_TOGETHER = {
    "thread": ("a post or video and its comments", "한 글·영상과 그 댓글"),
    "source": ("what came from one community, channel or site", "한 커뮤니티·채널·사이트의 글"),
}
SHOWN = 40
"""Lines of a table at most."""


def write_card(path: Path, plan: ExportPlan, counts: Counts) -> None:
    """Write the card, whole or not at all."""
    text = "\n".join([*_head(plan, counts), *_body(plan, counts), *_gaps(counts)])
    write_whole(path, (text + "\n").encode("utf-8", "replace"))


def _head(plan: ExportPlan, counts: Counts) -> Iterator[str]:
    suffix = SHARDS[plan.format].suffix
    yield from ("---", "configs:", "- config_name: default", "  data_files:")
    for split in SPLITS:
        if counts.of("split")[split]:
            yield f"  - split: {split}"
            yield f'    path: "{split}-*.{suffix}"'
    yield from ("dataset_info:", "  features:")
    if plan.format == "webdataset":
        yield from _inside_json()
    else:
        for name, kind in FIELDS.items():
            yield from _feature(name, kind, indent="  ")
    yield from ("---", "")


def _inside_json() -> Iterator[str]:
    """Write the types of a tar's rows down: the record is in ``json``, its instants are texts.

    Files are not named, so ``datasets`` passes over them: which ones an item has is its own affair.
    """
    yield from ("  - name: json", "    struct:")
    for name, kind in FIELDS.items():
        yield from _feature(name, TEXT if kind == INSTANT else kind, indent="    ")
    for name in ("__key__", "__url__"):
        yield from _feature(name, TEXT, indent="  ")


def _feature(name: str, kind: Type, *, indent: str) -> Iterator[str]:
    """Write a field's type down: a shard whose lists are all empty does not show it."""
    yield f"{indent}- name: {name}"
    if isinstance(kind, str):
        yield f"{indent}  dtype: {kind}"
    elif isinstance(kind[0], str):
        yield f"{indent}  list: {kind[0]}"
    else:
        yield f"{indent}  list:"
        for inner, of in kind[0].items():
            yield from _feature(inner, of, indent=f"{indent}  ")


def _body(plan: ExportPlan, counts: Counts) -> Iterator[str]:
    total, left = counts.of("split").total(), counts.of("left_out")
    ratios = plan.ratios
    yield f"# {plan.category or 'all categories'}: {total:,} items / {total:,}개 항목"
    yield ""
    together, korean = _TOGETHER[plan.split_by]
    yield (
        f"Written by `gleanery export`; quality ≥ {plan.min_quality}; split"
        f" {ratios.train}/{ratios.validation}/{ratios.test} by {plan.split_by}: {together},"
        " with all that is nearly the same, stand in one split."
    )
    yield (
        f"`gleanery export`로 만들었습니다. 품질 점수 {plan.min_quality} 이상이며, {korean},"
        " 거의 같은 글은 모두 같은 분할에 있습니다."
    )
    yield from _table("Splits / 분할", [(s, counts.of("split")[s]) for s in SPLITS], total)
    for name in COUNTED:
        rows = [(value or "(none / 없음)", n) for value, n in counts.of(name).most_common(SHOWN)]
        yield from _table(_TITLES[name], rows, total)
    yield from _table("With / 포함", counts.of("has").most_common(), total)
    yield from _table("Left out / 제외", left.most_common(), total + left.total())


def _table(title: str, rows: list[tuple[str, int]], total: int) -> Iterator[str]:
    yield from (
        "",
        f"## {title}",
        "",
        "| value / 값 | items / 항목 | share / 비율 |",
        "|---|--:|--:|",
    )
    for value, count in rows:
        cell = " ".join(value.split()).replace("|", "\\|").replace("<", "&lt;").replace("`", "'")
        yield f"| {cell} | {count:,} | {count / max(total, 1):.1%} |"


def _gaps(counts: Counts) -> Iterator[str]:
    """Name what a reader must know before training on it."""
    total, left = counts.of("split").total(), counts.of("left_out")
    yield from ("", "## Known gaps / 알려진 한계", "")
    if not total:
        yield "- It is empty. / 비어 있습니다."
        return
    models = counts.of("label_source")["model"] / total
    if models:
        yield (
            f"- {models:.0%} of the labels are a model's, not checked by a person."
            f" / 라벨의 {models:.0%}는 모델이 붙였고 사람이 확인하지 않았습니다."
        )
    if unknown := counts.of("licence")[UNKNOWN] / total:
        yield (
            f"- {unknown:.0%} state no licence: ask whoever owns the rights before you pass it on."
            f" / {unknown:.0%}는 라이선스가 없습니다. 재배포 전에 권리자에게 확인하세요."
        )
    if empty := [split for split in SPLITS if not counts.of("split")[split]]:
        yield f"- No items in: {', '.join(empty)}. / 빈 분할: {', '.join(empty)}."
    if left["unscored"]:
        yield (
            f"- {left['unscored']:,} items were not scored and are left out (`gleanery quality`)."
            f" / 점수가 없는 {left['unscored']:,}개는 제외되었습니다."
        )
    for language, name in (("ko", "Korean / 한국어"), ("en", "English / 영어")):
        if (share := counts.of("language")[language] / total) < 0.05:
            yield f"- Hardly any {name}: {share:.1%}."
    yield (
        "- Authors are left out, but texts may name people. What it holds was chosen by crawls"
        " and is no sample of anything."
        " / 작성자는 제외했지만 본문에 이름이 있을 수 있고, 표본이 아닙니다."
    )

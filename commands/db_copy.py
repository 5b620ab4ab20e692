"""``gleanery db copy``: move what one store holds into another, and compare both."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from commands.output import AsJson, print_json, say
from gleanery.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from gleanery.config import Config
    from storage import Store
    from storage.copying import Check

Place = "sqlite:FILE, mysql://…, mongodb://…, or mysql+mongodb as set. / 저장소."


def copy(
    *,
    source: Annotated[str, typer.Option("--from", help=Place)],
    target: Annotated[str, typer.Option("--to", help=Place)],
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Begin anew, not where it stopped. / 처음부터.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Copy every item, page and proposal, then compare both; run it again to go on (복사)."""
    from gleanery.config import load_config
    from gleanery.logs import hide_secrets
    from storage import StoreOptions
    from storage.places import store_at

    config = load_config()
    hide_secrets(config)
    options = StoreOptions.read(config.scrapy_settings().get)
    origin, goal = store_at(source, options), store_at(target, options)
    if origin.name == "sqlite" and not origin.path.exists():
        raise StoreError(f"There is no store in {origin.path} (저장소가 없습니다)")
    mark = _Mark(config, source, target)
    found = _copied(origin, goal, mark, after=0 if fresh else mark.get())
    mark.forget()  # done, or to be begun anew
    _tell(found, as_json=as_json)
    if not found.complete:
        raise typer.Exit(1)


def _copied(origin: Store, goal: Store, mark: _Mark, *, after: int) -> Check:
    """Copy what is behind the first ``after`` items, then compare all."""
    from commands.counting import counting_bar
    from storage import copying

    if not _is_ready(goal):  # else an account without rights over tables is enough
        goal.init()
    with origin, goal:
        total = origin.stats(classified_kinds=[]).total
        with counting_bar("copied / 복사") as show:

            def reached(done: int) -> None:
                mark.set(done)
                show(done, total)

            copying.copy(origin, goal, after=after, progress=reached)
        with counting_bar("compared / 비교") as show:
            return copying.compare(origin, goal, progress=lambda done: show(done, total))


def _tell(found: Check, *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(found) | {"complete": found.complete})
        return
    say(
        f"{found.items} items, {found.proposals} proposals, {found.records} records"
        " (항목, 제안, 기록)\n"
        f"missing / 없음: {found.missing}, differing / 다름: {found.differing}\n"
        f"SHA-256: {found.source_checksum}, {found.target_checksum}"
    )


def _is_ready(store: Store) -> bool:
    try:
        with store:
            return True
    except StoreError:
        return False


class _Mark:
    """How far a copy came, in ``HOME/copies``."""

    def __init__(self, config: Config, source: str, target: str) -> None:
        from hashlib import sha256

        name = sha256(f"{source}\n{target}".encode()).hexdigest()[:16]
        self._file: Path = config.home / "copies" / f"{name}.json"

    def get(self) -> int:
        try:
            return int(json.loads(self._file.read_text(encoding="utf-8"))["done"])
        except (OSError, ValueError, KeyError, TypeError):
            return 0

    def set(self, done: int) -> None:
        from gleanery.files import write_whole

        write_whole(self._file, json.dumps({"done": done}).encode())

    def forget(self) -> None:
        self._file.unlink(missing_ok=True)

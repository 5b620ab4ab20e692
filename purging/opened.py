"""Everything that a purge needs, opened: the store and all other places."""

from __future__ import annotations

from contextlib import ExitStack, closing, contextmanager
from itertools import chain
from typing import TYPE_CHECKING

from exports.known import known_folders
from gleanery.config import reveal
from gleanery.errors import ConfigError, StoreError
from media.store import open_media
from pipelines.score import index_file
from pipelines.work.enqueue import queue_of
from platforms.reddit.api import RedditApi
from purging import run
from purging.copies import ExamplesPlace, ExportsPlace
from purging.kept import MediaPlace, NearPlace, QueuePlace, ScratchPlace, StorePlace, TopicsPlace
from purging.refused import RefusedPlace
from purging.seeds import SeedsPlace
from purging.source import ask_reddit
from purging.targets import Targets
from purging.waiting import refuse_if_items_wait
from quality import NearIndex

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from gleanery.config import Config
    from purging.choice import Choice
    from purging.place import Place
    from purging.run import Progress
    from purging.source import Asked
    from storage import Store


class PurgeRun:
    """One purge, step by step."""

    def __init__(
        self,
        config: Config,
        *,
        store: Store,
        targets: Targets,
        kept: Sequence[Place],
        exports: ExportsPlace,
        examples: ExamplesPlace,
        refused: RefusedPlace,
        progress: Progress,
    ) -> None:
        """Prepare; all of it is open.

        Args:
            config: Says how to reach Reddit.
            store: Of the items.
            targets: The list.
            kept: Places in the order in which they are cleared, the store last.
            exports: Looked through first.
            examples: Then these.
            refused: Then these; items of which the store may know nothing.
            progress: Told of steps.
        """
        self.config, self.store, self.targets = config, store, targets
        self.exports, self.examples, self.progress = exports, examples, progress
        self.refused = refused
        self.places: list[Place] = [exports, examples, refused, *kept]
        self.report = run.Report()

    def finish_earlier(self) -> None:
        """Finish a purge that was agreed to and cut short, if there is one."""
        if not self.targets.confirmed:
            return
        self.report = run.look(self.targets, self.places, self.progress)
        run.remove(self.targets, self.store, self.places, self.report, self.progress)

    def refuse_unfinished(self) -> None:
        """Make sure that a look does not overwrite the list of a purge that was cut short.

        Raises:
            StoreError: There is one.
        """
        if self.targets.confirmed:
            raise StoreError(
                f"A purge of {len(self.targets):,} items was cut short: finish it first, by any"
                " purge without --dry-run (중단된 삭제를 먼저 마쳐야 합니다)."
            )

    def ask_source(self, *, dry_run: bool) -> Asked:
        """Ask Reddit what it still shows.

        Raises:
            ConfigError: No app is set.
            PlatformError: Reddit refuses us, or does not answer.
        """
        settings = self.config.scrapy_settings()
        if not settings["REDDIT_CLIENT_ID"] or not reveal(settings["REDDIT_CLIENT_SECRET"]):
            raise ConfigError(
                "Reddit answers apps only: set GLEANERY_REDDIT_CLIENT_ID and"
                " GLEANERY_REDDIT_CLIENT_SECRET (Reddit 앱의 ID와 비밀키를 설정하세요)."
            )
        api = RedditApi.from_settings(settings)
        return ask_reddit(
            api,
            self.store,
            self.refused,
            dry_run=dry_run,
            progress=lambda done: self.progress(done, None),
        )

    def work_out(self, choice: Choice) -> None:
        """Find what goes, and where it is."""
        earlier = self.report
        rows = chain(self.refused.rows(), self.store.scan())
        self.report = run.work_out(choice, self.targets, rows, self.places, self.progress)
        self.report.add(earlier)

    def remove(self, choice: Choice, *, tombstones: bool) -> None:
        """Remove it, and look again."""
        self.targets.confirm(choice.author_marks(), tombstones=tombstones)
        run.remove(self.targets, self.store, self.places, self.report, self.progress)


@contextmanager
def opened_purge(
    config: Config, store: Store, *, exports: Sequence[Path] = (), progress: Progress
) -> Iterator[PurgeRun]:
    """Yield a purge whose places are open.

    Args:
        config: Says where they are.
        store: Open.
        exports: Folders of exports that were not made by this ``HOME``.
        progress: Told how many steps are done, and of how many.

    Raises:
        GleaneryError: One is away, items wait in a spool, or another purge is running.
    """
    refuse_if_items_wait(config.home)
    with ExitStack() as stack:
        kept: list[Place] = [
            QueuePlace(stack.enter_context(queue_of(config))),
            ScratchPlace(config.home),
            NearPlace(stack.enter_context(NearIndex(index_file(config.home)))),
            TopicsPlace(store),
            SeedsPlace(store),
            *_jobs_places(config, stack),
            MediaPlace(open_media(config.media_place)),
            StorePlace(store),
        ]
        folders = [*known_folders(config.home), *(str(folder.resolve()) for folder in exports)]
        yield PurgeRun(
            config,
            store=store,
            targets=stack.enter_context(Targets(config.home / "purge.db")),
            kept=kept,
            exports=ExportsPlace(folders, store),
            examples=ExamplesPlace(config.home),
            refused=RefusedPlace(config.home),
            progress=progress,
        )


def _jobs_places(config: Config, stack: ExitStack) -> list[Place]:
    """Open the jobs where there are any; scrapyd and the admin page, which make them, need more."""
    get = config.scrapy_settings().get
    if "mysql" not in str(get("STORE")) and not (config.home / "jobs.db").exists():
        return []
    from purging.jobs import JobsPlace  # noqa: PLC0415 - needs SQLAlchemy, of the extra ``server``
    from storage.jobs import open_jobs  # noqa: PLC0415

    return [JobsPlace(stack.enter_context(closing(open_jobs(get, config.home))))]

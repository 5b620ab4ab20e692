"""Everything that a purge needs, opened: the store and all other places."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from gleanery.config import Config
    from purging.choice import Choice
    from purging.copies import ExamplesPlace, ExportsPlace
    from purging.place import Place
    from purging.run import Progress
    from purging.source import Asked
    from purging.targets import Targets
    from storage import Store


class PurgeRun:
    """One call of the command, step by step."""

    def __init__(
        self,
        config: Config,
        *,
        store: Store,
        targets: Targets,
        kept: Sequence[Place],
        exports: ExportsPlace,
        examples: ExamplesPlace,
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
            progress: Told of steps.
        """
        from purging.run import Report

        self.config, self.store, self.targets = config, store, targets
        self.exports, self.examples, self.progress = exports, examples, progress
        self.places: list[Place] = [exports, examples, *kept]
        self.report = Report()

    def finish_earlier(self) -> None:
        """Finish a purge that was agreed to and cut short."""
        from commands.output import say
        from purging.run import look, remove

        if not self.targets.confirmed:
            return
        say("Finishing a purge that was cut short (중단된 삭제를 마칩니다)", stderr=True)
        self.report = look(self.targets, self.places, self.progress)
        remove(self.targets, self.store, self.places, self.report, self.progress)

    def ask_source(self, *, dry_run: bool) -> Asked:
        """Ask Reddit what it still shows.

        Raises:
            ConfigError: No app is set.
            PlatformError: Reddit refuses us, or does not answer.
        """
        from gleanery.config import reveal
        from gleanery.errors import ConfigError
        from platforms.reddit.api import RedditApi
        from purging.source import ask_reddit

        settings = self.config.scrapy_settings()
        if not settings["REDDIT_CLIENT_ID"] or not reveal(settings["REDDIT_CLIENT_SECRET"]):
            raise ConfigError(
                "Reddit answers apps only: set GLEANERY_REDDIT_CLIENT_ID and"
                " GLEANERY_REDDIT_CLIENT_SECRET (Reddit 앱의 ID와 비밀키를 설정하세요)."
            )
        api = RedditApi.from_settings(settings)
        return ask_reddit(
            api, self.store, dry_run=dry_run, progress=lambda done: self.progress(done, None)
        )

    def work_out(self, choice: Choice) -> None:
        """Find what goes, and where it is."""
        from purging.run import work_out

        earlier = self.report
        self.report = work_out(choice, self.targets, self.store, self.places, self.progress)
        self.report.add(earlier)

    def remove(self, choice: Choice, *, tombstones: bool) -> None:
        """Remove it, and look again."""
        from purging.run import remove

        self.targets.confirm(choice.author_marks(), tombstones=tombstones)
        remove(self.targets, self.store, self.places, self.report, self.progress)


@contextmanager
def opened_purge(config: Config, exports: Sequence[Path]) -> Iterator[PurgeRun]:
    """Yield a purge whose places are open.

    Raises:
        GleaneryError: One is away, items wait in a spool, or another purge is running.
    """
    from commands.counting import counting_bar
    from commands.opened import opened_store
    from commands.work import opened_queue
    from exports.known import known_folders
    from media.store import open_media
    from pipelines.score import index_file
    from purging.copies import ExamplesPlace, ExportsPlace
    from purging.kept import (
        MediaPlace,
        NearPlace,
        QueuePlace,
        ScratchPlace,
        StorePlace,
        TopicsPlace,
    )
    from purging.targets import Targets
    from purging.waiting import refuse_if_items_wait
    from quality import NearIndex

    refuse_if_items_wait(config.home)
    with ExitStack() as stack:
        store = stack.enter_context(opened_store(config))
        kept: list[Place] = [
            QueuePlace(stack.enter_context(opened_queue(config))),
            ScratchPlace(config.home),
            NearPlace(stack.enter_context(NearIndex(index_file(config.home)))),
            TopicsPlace(store),
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
            progress=stack.enter_context(counting_bar("purge / 삭제")),
        )

"""Jobs that have ended: what they were asked for, where that names somebody or something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from purging.place import Counts, Place
from purging.seeds import names
from storage.jobs.forgetting import empty_log, past_jobs, rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from purging.targets import Targets
    from storage.jobs import JobLedger
    from storage.jobs.forgetting import Past


class JobsPlace(Place):
    """Arguments of jobs, and the seeds in their charts; jobs that wait or run keep theirs.

    Those are orders, as schedules and profiles are. A job that is repeated later begins without
    what was taken out.
    """

    def __init__(self, ledger: JobLedger) -> None:
        self.ledger = ledger

    def count(self, targets: Targets) -> Counts:
        return {"jobs": sum(1 for _ in self._changed(targets))}

    def remove(self, targets: Targets) -> None:
        for past in self._changed(targets):
            rewrite(self.ledger, past)
        empty_log(self.ledger)

    def _changed(self, targets: Targets) -> Iterator[Past]:
        """Yield the jobs that name what goes, as they are to be."""
        for past in past_jobs(self.ledger):
            less = past.without(lambda label: names(label, targets))
            if less != past:
                yield less

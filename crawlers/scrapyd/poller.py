"""Looks into the queue each second, as long as a slot is free."""

from __future__ import annotations

import logging

from scrapyd.poller import QueuePoller

logger = logging.getLogger(__name__)


class JobPoller(QueuePoller):
    """``poller`` of scrapyd; its own one dies of an empty pop or of a queue that is away."""

    def poll(self) -> None:
        """Start what waits."""
        try:
            for project, queue in self.queues.items():
                while self.dq.waiting and (message := queue.pop()) is not None:
                    self.dq.put(message | {"_project": project, "_spider": message.pop("name")})
        except Exception:
            logger.exception("The queue does not answer (대기열이 응답하지 않습니다)")

"""scrapyd's JSON services that differ from its own; errors are JSON as its clients know it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from scrapyd.webservice import WsResource, param
from twisted.web import error, http

from crawlers.scrapyd.checks import check_settings, spiders
from gleanery.config import load_config
from gleanery.errors import GleaneryError

if TYPE_CHECKING:
    from twisted.web.server import Request

SIGNALS = ("INT", "TERM")


def _refuse(message: str) -> error.Error:
    return error.Error(code=http.OK, message=message.encode())  # the status that clients expect


def _known(root: Any, project: str) -> None:
    if project not in root.scheduler.queues:
        raise _refuse(f"project {project[:80]!r} not found")


class Schedule(WsResource):
    """``schedule.json``: name, settings and arguments are checked before the job is queued."""

    @param("project")
    @param("spider")
    @param("_version", dest="version", required=False, default=None)
    @param("jobid", required=False, default=lambda: uuid.uuid4().hex)
    @param("priority", required=False, default=0, type=float)
    @param("setting", required=False, default=list, multiple=True)
    def render_POST(
        self,
        txrequest: Request,
        project: str,
        spider: str,
        version: str | None,
        jobid: str,
        priority: float,
        setting: list[str],
    ) -> dict[str, Any]:
        _known(self.root, project)
        if version:
            raise _refuse(f"version {version[:80]!r} not found: there are no eggs here")
        try:
            arguments = {k.decode(): values[0].decode() for k, values in txrequest.args.items()}
            self.root.scheduler.schedule(
                project,
                spider,
                priority=priority,
                settings=check_settings(setting, load_config().scrapyd_settings),
                _job=jobid,
                spider_arguments=arguments,
            )
        except UnicodeDecodeError as fault:
            raise _refuse(f"arguments are not UTF-8: {fault}") from fault
        except GleaneryError as fault:
            raise _refuse(str(fault)) from fault
        return {"jobid": jobid}


class Cancel(WsResource):
    """``cancel.json``: any node cancels the jobs of all nodes."""

    @param("project")
    @param("job")
    @param("signal", required=False, default="TERM")
    def render_POST(
        self, txrequest: Request, project: str, job: str, signal: str
    ) -> dict[str, Any]:
        _known(self.root, project)
        if signal not in SIGNALS:
            raise _refuse(f"signal: one of {', '.join(SIGNALS)}")
        queue = self.root.scheduler.queues[project]
        before = queue.ledger.cancel(job)
        if before == "queued":
            queue.forget(job)
        states = {"queued": "pending", "running": "running", "stalled": "running"}
        return {"prevstate": states.get(before or "")}


class ListSpiders(WsResource):
    """``listspiders.json``: without starting a process to look."""

    @param("project")
    @param("_version", dest="version", required=False, default=None)
    def render_GET(self, txrequest: Request, project: str, version: str | None) -> dict[str, Any]:
        _known(self.root, project)
        return {"spiders": list(spiders())}


class Off(WsResource):
    """``addversion.json`` and the like: nobody brings code along."""

    def render_POST(self, txrequest: Request) -> dict[str, Any]:
        raise _refuse("there are no eggs here: install the project on each node (꺼져 있습니다)")

"""No eggs: the project is what is installed."""

from __future__ import annotations

from scrapyd.exceptions import EggNotFoundError, ProjectNotFoundError
from scrapyd.interfaces import IEggStorage
from zope.interface import implementer


@implementer(IEggStorage)
class NoEggs:
    """``eggstorage`` of scrapyd that is empty for good."""

    def __init__(self, config: object) -> None:
        pass

    def put(self, eggfile: object, project: str, version: str) -> None:
        raise EggNotFoundError

    def get(self, project: str, version: str | None = None) -> tuple[None, None]:
        return None, None

    def list_projects(self) -> list[str]:
        return []

    def delete(self, project: str, version: str | None = None) -> None:
        raise ProjectNotFoundError

    def list(self, project: str) -> list[str]:
        return []

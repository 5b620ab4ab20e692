"""Where a comment stands in its tree, as a materialised path.

``root/comment/reply``, each an identity in percent-encoding, so that ``/`` only ever parts them and
the replies under a comment are those whose path begins with its own and a ``/``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from storage.store import Row


def part(identity: str) -> str:
    """Return an identity as a part of a path."""
    return quote(identity, safe=":")


def unknown_parents(rows: Mapping[str, Row]) -> list[str]:
    """Return the comments that ``rows`` answer and that are not among them."""
    parents = {r["parent"] for r in rows.values() if r.get("parent") not in (None, r.get("root"))}
    return sorted(parents - set(rows))


def paths(rows: Mapping[str, Row], known: Mapping[str, str]) -> dict[str, str]:
    """Return the path of each comment.

    Breadth-first, a parent comes before its replies; one that nobody has seen yet is taken to
    stand right under the root.

    Args:
        rows: Comments by identity.
        known: Paths of comments that are stored already.
    """
    found = dict(known)
    for identity in rows:
        for below in reversed(_ancestors(identity, rows, found)):
            row = rows[below]
            parent = row.get("parent") or row.get("root")
            above = found.get(parent or "") or _assumed(parent, row.get("root"))
            found[below] = "/".join(filter(None, (above, part(below))))
    return {identity: found[identity] for identity in rows}


def assumed_path(row: Row) -> str:
    """Return where a comment is taken to stand by replies that come before it."""
    return _assumed(row["identity"], row.get("root"))


def _ancestors(identity: str, rows: Mapping[str, Row], found: Mapping[str, str]) -> list[str]:
    """Return ``identity`` and the comments above it whose paths are still to be found."""
    chain: list[str] = []
    while identity in rows and identity not in found and identity not in chain:
        chain.append(identity)
        identity = rows[identity].get("parent") or ""
    return chain


def _assumed(parent: str | None, root: str | None) -> str:
    both: Iterable[str | None] = (root, parent) if root != parent else (root,)
    return "/".join(part(identity) for identity in both if identity)

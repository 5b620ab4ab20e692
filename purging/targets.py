"""What a purge is to remove, worked out once and kept on disk until it is proven to be gone.

One walk over the store notes the chosen items, all comments and who names which media file; SQL
does the rest, so memory does not grow. ``HOME/purge.db`` is emptied when the purge is done;
after a ``kill -9`` the next purge finishes first what is on it.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Self

from gleanery.errors import StoreError, StoreUnavailableError
from gleanery.sqlite_transaction import transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from purging.choice import Choice
    from storage.store import Row

BATCH = 500
"""Items removed, or looked for, at once."""
_SCHEMA = Path(__file__).with_suffix(".sql")
_BELOW = """
WITH RECURSIVE below (identity) AS (
    SELECT identity FROM targets
    UNION SELECT c.identity FROM below JOIN comments AS c ON c.root = below.identity
    UNION SELECT c.identity FROM below JOIN comments AS c ON c.parent = below.identity
)
INSERT OR IGNORE INTO targets SELECT identity, text FROM comments
    WHERE identity IN (SELECT identity FROM below)
"""
_UNNAMED = """
INSERT OR IGNORE INTO files SELECT DISTINCT key FROM named
    WHERE identity IN (SELECT identity FROM targets) AND key NOT IN (
        SELECT key FROM named WHERE identity NOT IN (SELECT identity FROM targets)
    )
"""


def text_digest(text: str) -> str | None:
    """Return what stands for a text that an example may repeat; ``None`` for no text."""
    plain = " ".join(text.split())
    return sha256(plain.encode("utf-8", "surrogatepass")).hexdigest() if plain else None


class Targets:
    """The file; a context manager, for one process at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> Self:
        """Open, and make what is missing.

        Raises:
            StoreUnavailableError: Another purge is running, or the disk is full.
        """
        with self._translated():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self.path, timeout=1, isolation_level=None)
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA.read_text('utf-8')} COMMIT;")
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def confirm(self, author_marks: Sequence[str], *, tombstones: bool) -> None:
        """Note that what is on the list is to go, whatever happens to this process."""
        with self._transaction():
            value = json.dumps([*author_marks] if tombstones else None)
            self._db.execute("INSERT OR REPLACE INTO meta VALUES ('confirmed', ?)", (value,))

    @property
    def confirmed(self) -> bool:
        """Whether a purge was begun and not ended."""
        return self._meta("confirmed") is not None

    @property
    def author_marks(self) -> list[str] | None:
        """Tombstones of authors; ``None`` if what goes may come back."""
        marks: list[str] | None = json.loads(self._meta("confirmed") or "null")
        return marks

    @property
    def began_at(self) -> datetime:
        """When the walk over the store began: files put later are somebody else's, too."""
        return datetime.fromisoformat(self._meta("began_at") or datetime.now(UTC).isoformat())

    def work_out(
        self, choice: Choice, items: Iterable[Row], progress: Callable[[int], None]
    ) -> None:
        """Find all that goes: what is chosen, the comments below, files that nobody else names.

        Args:
            choice: What people named.
            items: All there are; of two with one identity the later one's text counts.
            progress: Told how many were looked at.

        Raises:
            StoreError: The store is away.
        """
        self.forget()
        began_at = datetime.now(UTC).isoformat()
        rows, done = iter(items), 0
        with self._transaction():
            named = ((identity, None) for identity in choice.identities)
            self._db.executemany("INSERT OR IGNORE INTO targets VALUES (?, ?)", named)
            authors = ((platform, name.casefold()) for platform, name in choice.authors)
            self._db.executemany("INSERT OR IGNORE INTO authors VALUES (?, ?)", authors)
        while batch := list(islice(rows, BATCH)):
            self._note(choice, batch)
            done += len(batch)
            progress(done)
        with self._transaction():
            for column in ("root", "parent"):
                self._db.execute(f"CREATE INDEX by_{column} ON comments ({column})")
            self._db.execute(_BELOW)
            self._db.execute(_UNNAMED)
            for table in ("comments", "named"):
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608
            self._db.execute("INSERT INTO meta VALUES ('began_at', ?)", (began_at,))

    def forget(self) -> None:
        """Empty the file."""
        with self._transaction():
            for column in ("root", "parent"):
                self._db.execute(f"DROP INDEX IF EXISTS by_{column}")
            for table in ("meta", "targets", "authors", "comments", "named", "files"):
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608
        self._db.execute("VACUUM")  # nothing of it stays in free pages

    def batches(self) -> Iterator[list[str]]:
        """Yield the identities of all that goes."""
        yield from self._paged("SELECT identity FROM targets WHERE identity > ? ORDER BY 1")

    def files(self) -> Iterator[list[str]]:
        """Yield the keys of the media files that go."""
        yield from self._paged("SELECT key FROM files WHERE key > ? ORDER BY 1")

    def among(self, identities: Sequence[str]) -> set[str]:
        """Return those of ``identities`` that go."""
        return self._those("identity", identities)

    def has_author(self, platform: str, name: str) -> bool:
        """Return whether all of an author goes; upper and lower case count for nothing."""
        sql = "SELECT 1 FROM authors WHERE platform = ? AND name = ?"
        return self._db.execute(sql, (platform, name.casefold())).fetchone() is not None

    def texts_among(self, digests: Iterable[str]) -> set[str]:
        """Return those digests that are of what a purged item says."""
        return self._those("text", list(digests))

    def __len__(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM targets").fetchone()[0])

    # --- inside
    def _note(self, choice: Choice, rows: list[Row]) -> None:
        chosen = set(choice.identities)
        with self._transaction():
            self._db.executemany(
                "INSERT OR REPLACE INTO targets VALUES (?, ?)",
                [_said(row) for row in rows if row["identity"] in chosen or choice.takes(row)],
            )
            self._db.executemany(
                "INSERT OR REPLACE INTO comments VALUES (:identity, :root, :parent, :text)",
                [
                    {name: row.get(name) for name in ("identity", "root", "parent")}
                    | {"text": _said(row)[1]}
                    for row in rows
                    if row["kind"] == "comment"
                ],
            )
            self._db.executemany(
                "INSERT OR IGNORE INTO named VALUES (?, ?)",
                [
                    (file["key"], row["identity"])
                    for row in rows
                    for file in row.get("media_files") or ()
                ],
            )

    def _those(self, column: str, values: Sequence[str]) -> set[str]:
        found: set[str] = set()
        for start in range(0, len(values), BATCH):
            part = values[start : start + BATCH]
            marks = ",".join("?" * len(part))
            sql = f"SELECT {column} FROM targets WHERE {column} IN ({marks})"  # noqa: S608
            found.update(value for (value,) in self._db.execute(sql, part))
        return found

    def _paged(self, sql: str) -> Iterator[list[str]]:
        last = ""
        while page := [v for (v,) in self._db.execute(f"{sql} LIMIT {BATCH}", (last,))]:
            yield page
            last = page[-1]

    def _meta(self, name: str) -> str | None:
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else None

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._translated(), transaction(self._db):
            yield

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.OperationalError, OSError) as error:
            raise StoreUnavailableError(
                f"{self.path}: {error}: is another purge running? (다른 삭제가 실행 중입니까?)"
            ) from error
        except sqlite3.DatabaseError as error:
            raise StoreError(f"{self.path} is no list of ours: {error}") from error


def _said(row: Row) -> tuple[str, str | None]:
    """Return an item's identity and the digest of its text, or of its title if it has no text."""
    return row["identity"], text_digest(row["text"]) or text_digest(row["title"])

"""Records as Parquet; nothing else imports pyarrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from exports.fields import FIELDS, INSTANT, TEXT, Type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exports.record import Record


def _arrow(kind: Type) -> Any:
    if isinstance(kind, list):
        (inner,) = kind
        if isinstance(inner, dict):
            return pa.list_(pa.struct([(name, _arrow(of)) for name, of in inner.items()]))
        return pa.list_(_arrow(inner))
    return pa.timestamp("s", "UTC") if kind == INSTANT else pa.type_for_alias(kind)


SCHEMA = pa.schema([(name, _arrow(kind)) for name, kind in FIELDS.items()])
_GIVEN = pa.schema(
    [(name, _arrow(TEXT if kind == INSTANT else kind)) for name, kind in FIELDS.items()]
)
"""Types of records as they come: instants are ISO 8601."""


class Writer:
    """Writes records as row groups."""

    def __init__(self, out: Any) -> None:
        self._sink = pa.PythonFile(out, mode="w")
        self._writer = pq.ParquetWriter(self._sink, SCHEMA, compression="zstd")

    def write(self, records: Sequence[Record]) -> None:
        """Write one row group."""
        table = pa.Table.from_pylist(list(records), schema=_GIVEN)
        self._writer.write_table(table.cast(SCHEMA))

    def close(self) -> None:
        """Write the footer; the file below stays open."""
        self._writer.close()
        self._sink.flush()


def open_writer(out: Any) -> Writer:
    """Return a writer onto a file that is open for writing."""
    return Writer(out)

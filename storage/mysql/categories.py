"""The taxonomy as tables, for whoever reads MySQL without our program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from storage.mysql.schema import categories, subcategories

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from items.taxonomy import Taxonomy


def fill_categories(db: Connection, taxonomy: Taxonomy) -> None:
    """Put ``taxonomy`` in place of what was there, if it is another one."""
    if is_filled(db, taxonomy):
        return
    db.execute(delete(subcategories))
    db.execute(delete(categories))
    db.execute(insert(categories), _categories(taxonomy))
    if below := _subcategories(taxonomy):
        db.execute(insert(subcategories), below)


def is_filled(db: Connection, taxonomy: Taxonomy) -> bool:
    """Whether the tables hold just that."""
    wanted = ((categories, _categories(taxonomy)), (subcategories, _subcategories(taxonomy)))
    for table, rows in wanted:
        there = [dict(found) for found in db.execute(select(table)).mappings()]
        if sorted(map(_key, there)) != sorted(map(_key, rows)):
            return False
    return True


def _key(row: dict[str, object]) -> list[tuple[str, str]]:
    return sorted((name, str(value)) for name, value in row.items())


def _categories(taxonomy: Taxonomy) -> list[dict[str, object]]:
    return [
        {
            "category": one.key, "place": place, "taxonomy": taxonomy.version,
            "name_ko": one.name_ko, "name_en": one.name_en,
            "description_ko": one.description_ko, "description_en": one.description_en,
        }
        for place, one in enumerate(taxonomy.categories)
    ]  # fmt: skip


def _subcategories(taxonomy: Taxonomy) -> list[dict[str, object]]:
    return [
        {
            "category": above.key, "subcategory": one.key, "place": place,
            "name_ko": one.name_ko, "name_en": one.name_en,
            "description_ko": one.description_ko, "description_en": one.description_en,
        }
        for above in taxonomy.categories
        for place, one in enumerate(above.subcategories)
    ]  # fmt: skip

"""A person corrects a category: it stands above what any model says, and can be learnt from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gleanery.errors import ConfigError
from items import Annotation, load_taxonomy
from items.annotation import PERSON
from items.clock import utc_now

if TYPE_CHECKING:
    from items import Item
    from storage import Store


def correct_label(
    store: Store, identity: str, category: str, *, subcategory: str | None = None, by: str = ""
) -> dict[str, Any] | None:
    """Set an item's category to what a person says.

    Args:
        store: Open.
        identity: Whose.
        category: Key of the taxonomy.
        subcategory: Key inside it; ``None`` = none.
        by: Who says so.

    Returns:
        What it was before: ``category``, ``subcategory``, ``needs_review``; ``None`` if there is no
        such item.

    Raises:
        ConfigError: The taxonomy has no such key.
        StoreUnavailableError: Nothing was written.
    """
    taxonomy = load_taxonomy()
    if category not in taxonomy.keys:
        raise ConfigError(f"no category {category!r} in the taxonomy (없는 분류입니다)")
    if subcategory and subcategory not in {s.key for s in taxonomy[category].subcategories}:
        raise ConfigError(f"no {subcategory!r} in {category!r} (없는 하위 분류입니다)")
    before: dict[str, Any] = {}
    annotation = Annotation(
        tool=PERSON,
        engine=by,
        version=f"taxonomy-{taxonomy.version}",
        value={"category": category, "subcategory": subcategory},
        score=1.0,
    )

    def change(item: Item) -> None:
        for name in ("category", "subcategory", "needs_review"):
            before[name] = getattr(item, name)
        others = [a for a in item.annotations if a.tool != PERSON]
        item.annotations = [*others, annotation]
        item.category, item.subcategory, item.needs_review = category, subcategory, False
        item.classified_at = item.classified_at or utc_now()

    return before if store.update(identity, change) else None

"""What is collected: plain dataclasses, without Scrapy."""

from items.annotation import Annotation
from items.article import Article
from items.author import Author
from items.base import Item, item_from_dict
from items.comment import Comment
from items.media_file import MediaFile
from items.post import Post
from items.proposal import Proposal, accept
from items.seed import Seed, load_profile, load_seeds, profile_names, to_seed
from items.taxonomy import Category, Subcategory, Taxonomy, load_taxonomy, write_taxonomy
from items.video import Video

__all__ = [
    "Annotation",
    "Article",
    "Author",
    "Category",
    "Comment",
    "Item",
    "MediaFile",
    "Post",
    "Proposal",
    "Seed",
    "Subcategory",
    "Taxonomy",
    "Video",
    "accept",
    "item_from_dict",
    "load_profile",
    "load_seeds",
    "load_taxonomy",
    "profile_names",
    "to_seed",
    "write_taxonomy",
]

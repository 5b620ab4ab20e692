"""How web pages answer: text, facts and links out of HTML."""

from platforms.web.article import extract_article, page_links

__all__ = ["extract_article", "page_links"]

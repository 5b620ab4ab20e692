"""Look into an HTML page as a browser would: what it loads, what it could run, what it says."""

from __future__ import annotations

from html.parser import HTMLParser

LOADING = {"src", "srcset", "poster", "data", "background", "action", "formaction", "xlink:href"}
NEVER = {"script", "iframe", "object", "embed", "link", "base", "form", "img", "video", "audio"}


class Page(HTMLParser):
    """``tags``, ``links`` (of anchors), ``text``; ``dangers``: what loads or runs anything."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.links: list[str] = []
        self.texts: list[str] = []
        self.dangers: list[str] = []
        self._style = False
        self.feed(html)
        self.close()

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self._style = tag == "style"
        if tag in NEVER:
            self.dangers.append(tag)
        for name, value in attrs:
            if name.startswith("on") or name in LOADING or "url(" in (value or ""):
                self.dangers.append(f"{tag} {name}={value}")
            if name == "href":
                self.links.append(value)

    def handle_data(self, data):
        if self._style:
            if "url(" in data or "@import" in data:
                self.dangers.append("style")
        else:
            self.texts.append(data)

    def handle_endtag(self, tag):
        self._style = False

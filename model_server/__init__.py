"""The model server: what models say of a document, as MCP tools. No Scrapy in here."""

"""How Google and other ways of finding pages answer."""

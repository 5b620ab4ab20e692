"""Engines of heavy libraries, with real or tiny models; `make test-models` runs them."""

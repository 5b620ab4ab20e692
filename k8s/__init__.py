"""Manifests for Kubernetes, and what checks them; not part of the wheel."""

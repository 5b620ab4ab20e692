"""What Grafana shows: a file a dashboard; ``python -m monitoring.manifests`` writes their JSON."""

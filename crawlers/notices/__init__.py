"""Tells people of jobs that fail, stall, are lost or reach their limit."""

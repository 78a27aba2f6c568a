"""Logs, metrics, health: what an operator sees."""

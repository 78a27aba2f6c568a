"""Subtitles: whatever comes in, plain text with times goes out."""

"""Hours of joining and leaving: `python -m tests.interop.soak --minutes 120`, or `make soak MINUTES=120`.

A round is some minutes of load, after which everybody leaves and the server rests. What it holds at the rests is
compared: it must not grow.
"""

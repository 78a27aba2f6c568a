"""What of LiveKit's protocol is proven by which test: the source of docs/compatibility.md.

A test says what it proves by `@pytest.mark.compatibility("signal.request.mute", case="refused")`.
`python -m tests.compatibility` writes the table.
"""

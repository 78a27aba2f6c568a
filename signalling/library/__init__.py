"""Verified content: films are checked, prepared for broadcast and sealed.

Knows no HTTP, no calls and no people; what happens with a film is decided by those who call.
"""

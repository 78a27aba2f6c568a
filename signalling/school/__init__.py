"""The school: people and what they may do. Knows nothing of HTTP and of media."""

from signalling.school.school import School
from signalling.school.settings import SchoolSettings

__all__ = ["School", "SchoolSettings"]

"""The school over HTTP: handlers, listed once with their models and access, and their OpenAPI description."""

from signalling.school.api.service import LARGE, SchoolApi

__all__ = ["LARGE", "SchoolApi"]

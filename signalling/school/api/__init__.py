"""The school over HTTP: handlers, listed once with their models and access, and their OpenAPI description."""

from signalling.school.api.service import SchoolApi

__all__ = ["SchoolApi"]

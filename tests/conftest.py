"""Hooks for all tests."""

from hypothesis import settings

from tests.compatibility.plugin import (
    pytest_addoption,
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_runtest_makereport,
    pytest_sessionfinish,
)

__all__ = [
    "pytest_addoption",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_runtest_makereport",
    "pytest_sessionfinish",
]

# How long an example takes is that of the machine.
settings.register_profile("polyana", settings.get_profile("default"), deadline=None)
settings.load_profile("polyana")

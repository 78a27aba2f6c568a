"""The description, and that what it describes never fails: requests made of it get an answer that it names."""

import json

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from signalling.school.api import openapi
from signalling.school.api.service import ENDPOINTS

DESCRIPTION = json.loads(openapi.description(ENDPOINTS))


def test_the_description_is_openapi() -> None:
    assert not list(OpenAPIV31SpecValidator(DESCRIPTION).iter_errors())


def test_names_are_used_once() -> None:
    names = [endpoint.name for endpoint in ENDPOINTS]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_every_endpoint_says_what_it_does(endpoint: openapi.Endpoint) -> None:
    assert endpoint.summary and endpoint.summary != endpoint.name

"""The service that browsers and SDKs talk to."""

__version__ = "0.1.0"

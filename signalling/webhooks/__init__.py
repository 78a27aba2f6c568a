"""Webhooks: other programs are told what happens in rooms, as LiveKit's server tells them."""

from signalling.webhooks.service import Webhooks
from signalling.webhooks.settings import WebhookSettings

__all__ = ["WebhookSettings", "Webhooks"]

"""What is kept: one database, its tables and migrations. Knows nothing of HTTP, rooms or who may do what."""

from signalling.store.database import Database, Session, StoreError
from signalling.store.settings import StoreSettings

__all__ = ["Database", "Session", "StoreError", "StoreSettings"]

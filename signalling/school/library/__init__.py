"""The library of an organisation: content, who may do what with it, uploads, preparation, verification."""

from signalling.school.library.library import Library

__all__ = ["Library"]

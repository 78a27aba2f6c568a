"""Documents and pictures: pages that stand, shown as films are ([docs/renditions.md](../../../docs/renditions.md))."""

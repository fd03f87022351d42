"""`SystemFacts` under the name that the systems' rooms use; snapshots carry them too."""

from store.model.facts import SystemFacts

__all__ = ["SystemFacts"]

"""WHAT is known: packs of YAML in, a checked `KnowledgeBase` out."""

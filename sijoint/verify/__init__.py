"""Evidence about a knowledge base: checked, proved, mutated, compared."""

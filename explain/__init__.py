"""WHY: a trace in, justifications and words out."""

"""Measurements beside the field: generated rule bases, one adapter per engine, a plain oracle that checks each first."""

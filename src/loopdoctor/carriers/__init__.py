"""Carriers: whatever stands around the lines that a program wrote. ``unwrap`` takes it off."""

from loopdoctor.carriers.unwrap import GAP, unwrap

__all__ = ["GAP", "unwrap"]

"""What the funder wrote: frozen types, values with uncertainty, files <-> types, checks."""

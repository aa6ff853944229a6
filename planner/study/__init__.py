"""Questions made of many plans."""

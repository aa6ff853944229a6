"""From settled numbers to worlds: how things may turn out, as arrays."""

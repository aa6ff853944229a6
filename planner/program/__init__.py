"""The integer program as data: columns, rules as rows, exact integer money."""

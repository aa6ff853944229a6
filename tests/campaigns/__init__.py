"""Campaigns: long runs against independent answers, started by hand; slices of them are tests."""

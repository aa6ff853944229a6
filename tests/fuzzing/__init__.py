"""Inputs for the fuzz campaign, each a function of its seed alone."""

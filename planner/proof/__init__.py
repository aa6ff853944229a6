"""Certificates and their verifier. Nothing here knows the program, the search or a solver."""

"""Numbers of a given stack on Worlds: measures, dependence band, layers, cut sets."""

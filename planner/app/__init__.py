"""The what-if page in a browser, on this machine: the same verbs as the command line."""

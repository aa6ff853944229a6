"""Plans and rankings as pages for people, documents for programs, files and figures."""

"""A result made readable: tables, overlays, figures, one HTML page."""

"""The site built from pages and notebooks, its navigation, and what of the last build may stay: `gameday site`."""

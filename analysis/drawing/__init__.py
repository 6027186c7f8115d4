"""Charts, tables, dashboards and diagrams as HTML and SVG, for a page, a notebook or a file: `gameday diagram`."""

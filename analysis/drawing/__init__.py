"""Charts, tables, dashboards and diagrams as HTML and SVG that a page, a notebook or a file of its own can hold: `gameday diagram`."""

"""Pages: macros, tables, notebooks, charts and diagrams, and what the build does around MkDocs."""

"""Pages of facts, tables and sentences, and one renderer for each format.

A `page` has facts, `notes` and tables of cells (`sheet`); `facts` are those that several commands have, and the
`checklist` is a page of its own. `render` draws pages in any format: `rich_page` for a terminal, in the width and
colours of its `look`, with tables made `narrow`; `plain`, `markdown`, `latex` and `html` (with `web_style`, and figures
that are `interactive`); `csv_rows` and `json_rows` for rows, `json_document` and `json_lines` for whole results.
"""

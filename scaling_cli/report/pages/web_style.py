"""The look of pages in a browser: light and dark, on a phone and on paper."""

STYLE = """
:root { color-scheme: light dark; --ink: #1a1a1a; --paper: #ffffff; --quiet: #595959; --line: #8c8c8c; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e6e6; --paper: #161616; --quiet: #a6a6a6; --line: #7a7a7a; }
}
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 64rem;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; }
footer { color: var(--quiet); margin: 2rem 0; }
@media print {
  body { font-size: 10pt; max-width: none; margin: 0; }
  h1, h2, summary { break-after: avoid; }
  table, figure, .caveat, .failed, svg { break-inside: avoid; }
  details > * { display: block; }
}
"""
PARTS_STYLE = """
h2 { font-size: 1rem; margin: 2rem 0 .5rem; }
dl { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: .1rem 1rem; margin: 0; }
dt { font-weight: 600; } dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 40rem) { dl { display: block; } dd { margin: 0 0 .5rem; }
  td:first-child { min-width: 6rem; } td:last-child { min-width: 12rem; } }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
th { text-align: left; border-bottom: 1px solid #8c8c8c; } th, td { padding: .15rem .75rem .15rem 0;
  vertical-align: top; }
.number { text-align: right; } .number, .whole { white-space: nowrap; }
.question { font-style: italic; margin-bottom: .2rem; }
.answer { font-size: 1.15em; }
.caveat, .failed { border-left: 3px solid #e69f00; padding-left: .7rem; margin: .4rem 0; }
.failed { border-color: #d55e00; }
summary { margin-top: 1rem; cursor: pointer; font-weight: 600; }
code { background: rgba(128, 128, 128, .15); padding: 0 .2rem; overflow-wrap: anywhere; }
svg { width: 100%; height: auto; background: #fff; }
#figure[data-drawn] svg { background: none; width: auto; max-width: 100%; }
@media print { #figure svg { max-height: 18cm; } }
.vega-bind { display: inline-block; margin-right: 1rem; }
"""

"""The figure of a page as a drawing that a browser makes, with all of its program in the page: no network is needed.

vl-convert-python holds Vega, Vega-Lite and Vega-Embed as one program of 0.9 MB. It was chosen because Vega draws SVG
with names for screen readers, links panels, and is a third of the size of Plotly; the specification needs no library.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import re

from scaling_cli.report.charts.chart import Panels
from scaling_cli.report.charts.vega import SCHEMA, specification, switches

PLACE = "figure"  # id of the element that is drawn in
NOT_ASCII = re.compile(r"[^ -~\n]")  # what may not print
LIGHT, DARK = ("#1a1a1a", "#d9d9d9"), ("#e6e6e6", "#555555")  # text and grid
PROGRAM = """
(function () {
  const dark = matchMedia('(prefers-color-scheme: dark)').matches, [ink, grid] = dark ? DARK : LIGHT;
  const text = JSON.stringify(ROWS).replaceAll('"#000000"', JSON.stringify(ink));
  const rows = JSON.parse(dark ? text.replaceAll('"extent":[0,0.9]', '"extent":[0.25,1]') : text);
  const place = document.getElementById('PLACE');
  const width = place.clientWidth || 900, narrow = width < 620;
  const placed = narrow ? rows.flat().map(panel => [panel]) : rows;
  const room = row => Math.max(180, Math.min(620, width / row.length - (narrow ? 90 : 150)));
  placed.forEach(row => row.forEach(panel => { panel.width = room(row); }));
  const stacked = {layout: {bottom: {direction: 'vertical'}}};
  const letters = Math.max(20, room([0]) / 7);
  if (narrow) rows.flat().forEach(panel => {
    panel.title.text = panel.title.text.split(' ').reduce((lines, word) => {
      const last = lines[lines.length - 1];
      const fits = last && last.length + word.length < letters;
      return fits ? [...lines.slice(0, -1), last + ' ' + word] : [...lines, word];
    }, []);
    panel.layer.map(layer => (layer.encoding.color || {}).legend).filter(legend => legend).forEach(legend => {
      Object.assign(legend, legend.orient ? {columns: 1} : {orient: 'bottom', gradientLength: room([0])});
    });
  });
  const views = rows.flat().flatMap(panel => panel.layer).map(layer => layer.name)
    .filter(name => name && !name.endsWith("marked"));
  const spec = {
    $schema: 'SCHEMA', background: null, vconcat: placed.map(row => ({hconcat: row})),
    params: [
      {name: 'picked', select: {type: 'point', fields: ['run'], on: 'pointerover', clear: 'pointerout'}, views},
      ...SWITCHES.map(([name, key]) => ({name: key, value: true, bind: {input: 'checkbox', name: name + ' '}}))
    ],
    config: {
      axis: {labelColor: ink, titleColor: ink, gridColor: grid, domainColor: ink, tickColor: ink, gridOpacity: 0.4},
      legend: {labelColor: ink, titleColor: ink, ...(narrow ? stacked : {})}, title: {color: ink}, view: {stroke: null},
      font: 'system-ui, sans-serif'
    }
  };
  const shown = document.createElement('div');
  vegaEmbed(shown, spec, {renderer: 'svg', actions: {export: true, source: false, compiled: false, editor: false}})
    .then(() => { place.replaceChildren(shown); place.dataset.drawn = 'yes'; })
    .catch(error => console.error(error));
})();
"""


def is_possible() -> bool:
    """Whether the program is installed."""
    return importlib.util.find_spec("vl_convert") is not None


def scripts(rows: Panels, description: str) -> str:
    """The program and the figure as `script` elements; the figure is drawn in the element `PLACE`."""
    program = PROGRAM.replace("ROWS", _json(specification(rows, description)))
    colors = {"DARK": _json(DARK), "LIGHT": _json(LIGHT)}
    for name, value in {"SWITCHES": _json(switches(rows)), "PLACE": PLACE, "SCHEMA": SCHEMA, **colors}.items():
        program = program.replace(name, value)
    return _script(_bundle()) + _script(program)


@functools.cache
def _bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed as one program, which puts `vegaEmbed` into the window."""
    import vl_convert

    # A comment of the program names pages of its project; none is ever asked for.
    program = str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))
    # In its strings stand characters that do not print; pages have none.
    return NOT_ASCII.sub(lambda found: found[0] if found[0].isprintable() else f"\\u{ord(found[0]):04x}", program)


def _script(program: str) -> str:
    """An element that is valid in HTML and in XML."""
    safe = program.replace("</script", "<\\/script").replace("]]>", "]] >")
    return f"<script>//<![CDATA[\n{safe}\n//]]></script>\n"


def _json(value: object) -> str:
    """JSON that ends no element."""
    return json.dumps(value, allow_nan=False).translate({ord(each): f"\\u{ord(each):04x}" for each in "<>&"})

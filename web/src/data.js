// The data blocks of the page and how they become text.

const block = (id) => document.getElementById(id)?.textContent ?? null;
export const json = (id) => JSON.parse(block(id) ?? '{}');
export const base64 = (id) => block(id);

export function bytes(text) {
  const raw = atob(text), out = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; ++i) out[i] = raw.charCodeAt(i);
  return out;
}

/** Four significant digits, as the terminal shows them. */
export function short(value) {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(3);
  return value.toFixed(size < 1e-3 ? 6 : size < 1 ? 4 : size < 10 ? 3 : size < 100 ? 2 : 1);
}

/** An element with children; text becomes text nodes and never markup. */
export function element(name, attributes = {}, ...children) {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(attributes))
    if (key.startsWith('on')) e.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== false) e.setAttribute(key, value === true ? '' : value);
  e.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null));
  return e;
}

/** The number at a path of report.json, marked with that path; nothing where the report has none. */
export function number(report, path, format = short) {
  const value = path.reduce((at, key) => at?.[key], report);
  if (value === undefined) return null;
  return element('span', {class: 'number', 'data-path': JSON.stringify(path)}, format(value));
}
export const integer = (value) => String(value);

export function interval(report, path, format = short) {
  const low = number(report, [...path, 0], format), high = number(report, [...path, 1], format);
  return low && high ? element('span', {}, '[', low, ', ', high, ']') : null;
}

/** A table; head and cells may be text or elements. */
export function table(head, rows, attributes = {}) {
  return element('div', {class: 'scroll'}, element('table', attributes,
      element('thead', {}, element('tr', {}, head.map((h) => element('th', {scope: 'col'}, h)))),
      element('tbody', {}, rows.map((row) => element('tr', row.attributes ?? {},
          (row.cells ?? row).map((c) => element('td', {}, c)))))));
}

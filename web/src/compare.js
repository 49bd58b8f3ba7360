// Fills the page of a comparison from comparison.json. It computes nothing of its own.
import './style.css';
import {element, integer, json, number, table} from './data.js';
import {showTradeOff} from './pareto.js';
import {showProvenance, showWarnings} from './tables.js';

const report = json('report');
const section = (id) => document.getElementById(id);
const planned = report.sets.filter((set) => set.report);
const front = planned.filter((set) => set.front).map((set) => set.name);
const objectives = report.objectives.map((id) => report.columns.find((c) => c.id === id).title);

section('verdict').append(`${planned.length} of ${report.sets.length} sets have a plan; no other set that misses as few goals is better or equal in all of ${objectives.join(', ')}: `,
    front.length ? front.join(', ') : 'none');

showTradeOff(report);

const counts = new Set(['beams', 'nodes']);
const head = ['', 'Set', 'Front', ...report.columns.map((c) =>
  element('abbr', {title: c.definition, tabindex: 0}, c.title + (c.unit === '1' ? '' : ` [${c.unit}]`))), 'Goals missed', 'What it is'];
const rows = report.sets.map((set, i) => ({
  attributes: {class: set.front ? 'front' : ''},
  cells: set.report ? [integer(i + 1), element('a', {href: set.report.split('/').map(encodeURIComponent).join('/')}, set.name), set.front ? '★ front' : '',
    ...report.columns.map((c) => number(report, ['sets', i, 'values', c.id], counts.has(c.id) ? integer : undefined) ?? '–'),
    element('span', {}, number(report, ['sets', i, 'goals_missed'], integer), ' of ', number(report, ['sets', i, 'goals'], integer)),
    set.description] :
    [integer(i + 1), set.name, '', element('span', {class: 'missed'}, `no plan: ${set.failure}`), ...report.columns.map(() => ''), set.description],
}));
section('sets').append(table(head, rows, {class: 'numbers wide'}),
    element('p', {class: 'note'}, 'A name opens its plan. Definitions: point at a title. With several targets: the least coverage and isodose, the largest of the other indices.'));
showWarnings(report);
showProvenance(report);
window.sbrtplanReport = {report, ready: Promise.resolve()};

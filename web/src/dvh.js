// The dose-volume histogram: curves of report.json, drawn by uPlot.
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import {element, short} from './data.js';
import {structureTable} from './tables.js';

// Curves differ in dashes too: not everybody can tell all colours apart.
const dashes = [[], [8, 4], [2, 3], [10, 3, 2, 3], [14, 4], [5, 2, 1, 2]];

export function showCurves(report, view) {
  const place = document.getElementById('dvh');
  if (!report.dvh) {
    place.append(element('p', {}, 'No structure has a dose.'), structureTable(report));
    return;
  }
  const dose = report.dvh.dose_gy, names = Object.keys(report.dvh.volume_pct);
  const colours = new Map((view.structures ?? []).map((s) => [s.name, `rgb(${s.colour.join(',')})`]));
  const isTarget = (name) => (view.targets ?? []).includes(name);
  const series = names.map((name, i) => ({
    label: name, stroke: colours.get(name) ?? '#ccc', width: isTarget(name) ? 3 : 1.5, dash: isTarget(name) ? [] : dashes[i % dashes.length],
    points: {show: false}, value: (_, v) => v === null || v === undefined ? '–' : `${short(v)} %`,
  }));
  const curves = names.map((name) => {
    const values = report.dvh.volume_pct[name];
    return dose.map((_, i) => (i < values.length ? values[i] : null));
  });
  const axis = {stroke: '#ddd', grid: {stroke: '#3a3f47', width: 1}, ticks: {stroke: '#666'}};
  const frame = element('div', {class: 'dark', id: 'dvh-plot'});
  place.append(frame, element('p', {class: 'note'}, 'Point at the plot to read all curves; click a name to hide or show its curve; drag to zoom, double-click to return.'),
      element('details', {open: true}, element('summary', {}, 'All structures'), structureTable(report)));
  const width = () => Math.max(320, frame.clientWidth - 16);
  const plot = new uPlot({
    width: width(), height: 420, scales: {x: {time: false}, y: {range: [0, 100.5]}},
    series: [{label: 'Dose', value: (_, v) => (v === null || v === undefined ? '–' : `${short(v)} Gy`)}, ...series],
    axes: [{...axis, label: 'Dose [Gy]'}, {...axis, label: 'Volume [%]'}],
  }, [dose, ...curves], frame);
  addEventListener('resize', () => plot.setSize({width: width(), height: 420}));
  window.sbrtplanDvh = plot;
}

// Two columns of a comparison against each other, drawn by uPlot. A point opens the plan of its set.
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import {element, short} from './data.js';

// Okabe and Ito's colours, which colour-blind people can tell apart; every point has its row's number too.
const colours = ['#e69f00', '#56b4e9', '#009e73', '#f0e442', '#d55e00', '#cc79a7', '#999999'];
const reach = 24;  // pixels around a point that belong to it

export function showTradeOff(report) {
  const place = document.getElementById('pareto');
  const sets = report.sets.map((set, i) => ({...set, row: i + 1, index: i})).filter((set) => set.report);
  if (sets.length === 0) {
    place.append(element('p', {}, 'No set has a plan.'));
    return;
  }
  const column = (id) => report.columns.find((c) => c.id === id);
  const label = (c) => `${c.title}${c.unit === '1' ? '' : ` [${c.unit}]`}, ${c.larger_is_better ? 'larger' : 'smaller'} is better`;
  const choice = (id, chosen) => element('select', {id, onchange: () => draw()}, report.columns.map((c) =>
    element('option', {value: c.id, selected: c.id === chosen}, c.title)));
  const [first, second = first] = report.objectives;
  const across = choice('pareto-x', first), up = choice('pareto-y', second);
  const frame = element('div', {class: 'dark', id: 'pareto-plot'}), readout = element('div', {class: 'readout', id: 'pareto-readout'});
  place.append(element('div', {class: 'controls'}, element('label', {}, 'across ', across), element('label', {}, 'up ', up)), frame,
      element('p', {class: 'note'}, 'Point at a number to read its set; click it to open its plan. ★ and the line: the front of ',
          report.objectives.map((id) => column(id).title).join(', '), '.'));
  let plot = null, points = [];

  const nearest = (x, y) => {
    let best = null, least = reach;
    for (const p of points) {
      const d = Math.hypot(plot.valToPos(p.x, 'x') - x, plot.valToPos(p.y, 'y') - y);
      if (d < least) [best, least] = [p, d];
    }
    return best;
  };
  const marks = (u) => {
    const {ctx} = u, scale = devicePixelRatio;
    ctx.save();
    ctx.textAlign = 'center';
    ctx.textBaseline = 'middle';
    const at = (p) => [u.valToPos(p.x, 'x', true), u.valToPos(p.y, 'y', true)];
    const line = points.filter((p) => p.set.front).sort((a, b) => a.x - b.x || a.y - b.y);
    ctx.strokeStyle = '#e6e8eb';
    ctx.setLineDash([6 * scale, 4 * scale]);
    ctx.beginPath();
    line.forEach((p, i) => ctx[i ? 'lineTo' : 'moveTo'](...at(p)));
    ctx.stroke();
    ctx.setLineDash([]);
    for (const p of points) {
      const [x, y] = at(p);
      ctx.fillStyle = colours[p.set.index % colours.length];
      ctx.beginPath();
      ctx.arc(x, y, (p.set.front ? 12 : 10) * scale, 0, 2 * Math.PI);
      ctx.fill();
      if (p.set.front) {
        ctx.lineWidth = 2 * scale;
        ctx.strokeStyle = '#fff';
        ctx.stroke();
      }
      ctx.fillStyle = '#000';
      ctx.font = `bold ${11 * scale}px system-ui, sans-serif`;
      ctx.fillText(String(p.set.row), x, y);
    }
    ctx.restore();
  };

  const width = () => Math.max(320, frame.clientWidth - 16);
  // Room around the points, so that none lies on an axis.
  const range = (_, low, high) => {
    const room = high > low ? (high - low) * 0.08 : Math.abs(high) * 0.05 || 1;
    return [low - room, high + room];
  };
  function draw() {
    plot?.destroy();
    const [cx, cy] = [column(across.value), column(up.value)];
    points = sets.filter((set) => set.values[cx.id] !== undefined && set.values[cy.id] !== undefined)
        .map((set) => ({set, x: set.values[cx.id], y: set.values[cy.id]})).sort((a, b) => a.x - b.x || a.y - b.y);
    const axis = {stroke: '#ddd', grid: {stroke: '#3a3f47', width: 1}, ticks: {stroke: '#666'}};
    plot = new uPlot({
      width: width(), height: 420, legend: {show: false}, cursor: {points: {show: false}, drag: {setScale: false}},
      scales: {x: {time: false, range}, y: {range}},
      series: [{}, {paths: () => null, points: {show: false}}],
      axes: [{...axis, label: label(cx)}, {...axis, label: label(cy), size: 70}],
      hooks: {draw: [marks], setCursor: [(u) => {
        const p = nearest(u.cursor.left, u.cursor.top);
        u.over.style.cursor = p ? 'pointer' : 'crosshair';
        readout.textContent = p ? `${p.set.row} ${p.set.name}${p.set.front ? ' ★' : ''}: ${cx.title} ${short(p.x)}, ${cy.title} ${short(p.y)}` : '';
      }]},
    }, [points.map((p) => p.x), points.map((p) => p.y)], frame);
    frame.append(readout);
    plot.over.addEventListener('click', () => {
      const p = nearest(plot.cursor.left, plot.cursor.top);
      if (p) location.href = p.set.report.split('/').map(encodeURIComponent).join('/');
    });
    window.sbrtplanPareto = {plot, points};
  }
  draw();
  addEventListener('resize', () => plot.setSize({width: width(), height: 420}));
}

// Everything of report.json that is shown as text and tables.
import {element, integer, interval, number, table} from './data.js';

const section = (id) => document.getElementById(id);
const leaveOut = (id) => section(id).remove();

export function showVerdict(report) {
  const v = report.verdict, line = section('verdict');
  const stated = v.met + v.minor + v.missed + v.without_value;
  const kind = stated === 0 ? 'none' : v.missed + v.without_value > 0 ? 'missed' : v.minor > 0 ? 'minor' : 'met';
  line.className = kind;
  line.append({none: '– ', missed: '✗ ', minor: '! ', met: '✓ '}[kind], v.text);
  if (report.patient) section('patient').append(`Patient ${report.patient.name} (${report.patient.id})`);
  else section('patient').append('Patient not named');
}

export function showPrescription(report) {
  if (!report.prescription) return leaveOut('prescription');
  const single = !report.prescriptions;
  const names = single ? Object.keys(report.targets) : report.prescriptions.map((p) => p.target);
  const rows = names.map((name, i) => {
    const at = single ? ['prescription'] : ['prescriptions', i];
    const bed = single ? ['radiobiology', 'prescription_bed_gy'] : [...at, 'bed_gy'];
    const eqd2 = single ? ['radiobiology', 'prescription_eqd2_gy'] : [...at, 'eqd2_gy'];
    return [name, number(report, [...at, 'dose_gy']), number(report, [...at, 'fractions'], integer),
      number(report, [...at, 'isodose_pct']), number(report, bed), number(report, eqd2)];
  });
  const biology = report.radiobiology ?? {};
  section('prescription').append(
      table(['Target', 'Dose [Gy]', 'Fractions', 'Isodose asked [%]', 'BED [Gy]', 'EQD2 [Gy]'], rows),
      element('p', {class: 'note'}, biology.alpha_beta_gy === undefined ? '' : 'α/β ', number(report, ['radiobiology', 'alpha_beta_gy']),
          biology.alpha_beta_gy === undefined ? '' : ' Gy', biology.model ? `, model ${biology.model}` : ''));
}

function definitionOf(report, id) {
  const d = report.definitions[id];
  return d ? d.formula + (d.source ? ` (${d.source})` : '') : '';
}

const asPublished = String;

export function showIndices(report) {
  const names = Object.keys(report.targets);
  if (names.length === 0) return leaveOut('indices');
  for (const name of names) {
    const rows = Object.keys(report.targets[name]).map((id) => {
      const at = ['targets', name, id], published = ['published', id], unit = report.definitions[id]?.unit;
      const range = interval(report, [...published, 'range'], asPublished);
      return [element('abbr', {title: definitionOf(report, id), tabindex: 0}, id),
        number(report, [...at, 'value']), interval(report, [...at, 'interval']), unit === '1' ? '' : unit ?? '',
        range ? element('span', {}, number(report, [...published, 'median'], asPublished), ' ', range) : ''];
    });
    section('indices').append(element('h3', {}, name),
        table(['Index', 'Value', 'Numerical interval', 'Unit', 'Published median [range]'], rows, {class: 'numbers'}));
    const rtog = report.rtog_0813_0915?.[name];
    if (rtog) section('indices').append(element('p', {}, `RTOG 0813/0915 deviation: R50 ${rtog.r50_deviation}, D2cm ${rtog.d2cm_deviation}`));
  }
  section('indices').append(element('p', {class: 'note'}, `Definitions: point at a name. Interval: ${report.method.interval}. `,
      `Published: ${report.published.source}; shown for orientation only. `,
      `PIV region: ${report.method.piv_region}; between planes: ${report.method.contour_rule}; dose between grid points: ${report.method.dose_interpolation}.`),
      element('details', {class: 'print-open'}, element('summary', {}, 'All definitions'),
          element('dl', {}, Object.keys(report.definitions).map((id) =>
            [element('dt', {}, id), element('dd', {}, definitionOf(report, id))]))));
}

const goalMark = {met: '✓ met', minor: '! minor deviation', missed: '✗ missed', 'not evaluated': '– not evaluated', reported: '– reported'};

export function showGoals(report) {
  if (!report.goals?.length) return leaveOut('goals');
  const rows = report.goals.map((goal, i) => {
    const status = goal.status ?? (goal.value === undefined ? 'not evaluated' : goal.met ? 'met' : 'missed');
    const notes = [goal.why_no_value ?? goal.why, goal.at_limit ? 'the limit lies within the numerical interval' : '', goal.protocol];
    return {attributes: {class: status.replace(' ', '-')},
      cells: [goal.text, number(report, ['goals', i, 'value']), interval(report, ['goals', i, 'interval']),
        goalMark[status] ?? status, notes.filter(Boolean).join('; ')]};
  });
  section('goals').append(table(['Goal', 'Value', 'Numerical interval', 'Result', 'Note'], rows, {class: 'goals'}));
}

export function showRobustness(report) {
  if (!report.robustness) return leaveOut('robustness');
  const of = (...path) => number(report, ['robustness', ...path]), count = (...path) => number(report, ['robustness', ...path], integer);
  const rows = report.robustness.bands.map((band, i) => {
    const at = ['bands', i], missed = count(...at, 'scenarios_that_miss');
    return [band.text, of(...at, 'nominal'), of(...at, 'low'), band.low_scenario, of(...at, 'high'), band.high_scenario, band.unit,
      missed ? element('span', {class: band.scenarios_that_miss > 0 ? 'missed' : ''}, missed, ' of ', count('scenarios')) : ''];
  });
  const shifts = report.robustness.errors.shifts_mm.map((_, i) => [i ? ', ' : '', count('errors', 'shifts_mm', i)]);
  section('robustness').append(
      table(['Quantity', 'Planned', 'Lowest', 'In', 'Highest', 'In', 'Unit', 'Scenarios that miss'], rows),
      element('p', {class: 'note'}, 'The finished plan computed again in ', count('scenarios'), ' scenarios: the patient shifted by ± ', ...shifts,
          ' mm along each axis and turned by ± ', count('errors', 'rotation_deg'), '° about each, densities ± ', count('errors', 'density_pct'), ' %, output ± ',
          count('errors', 'output_pct'), ' %, and ', count('errors', 'aiming_draws'), ' draws that displace every beam by its own error of ',
          count('errors', 'aiming_mm'), ' mm (one standard deviation). Each error holds for the whole treatment. Doses at points of their own, without the dose grid: planned values may differ a little from those above.'));
}

export function structureTable(report) {
  const rows = Object.entries(report.structures).map(([name, s]) => {
    const at = ['structures', name];
    const queries = Object.keys(s.queries ?? {}).map((q) =>
      element('span', {class: 'query'}, `${q} `, number(report, [...at, 'queries', q])));
    return [name, s.role, number(report, [...at, 'volume_cc']), number(report, [...at, 'min_gy']),
      number(report, [...at, 'mean_gy']), number(report, [...at, 'max_gy']), element('span', {}, queries)];
  });
  return table(['Structure', 'Role', 'Volume [cc]', 'Min [Gy]', 'Mean [Gy]', 'Max [Gy]', 'Queries [Gy, cc, %]'], rows, {class: 'numbers'});
}

export function showDelivery(report) {
  if (!report.delivery) return leaveOut('delivery');
  const of = (key, format) => number(report, ['delivery', key], format);
  section('delivery').append(table(['Beams', 'Nodes', 'MU in all', 'MU per fraction', 'Minutes per fraction'],
      [[of('beams', integer), of('nodes', integer), of('total_mu'), of('mu_per_fraction'), of('minutes')]]),
  element('p', {class: 'note'}, 'Minutes: ', Object.keys(report.delivery.minutes_of ?? {}).map((part, i) =>
    element('span', {}, i ? ', ' : '', part.replace('_', ' '), ' ', number(report, ['delivery', 'minutes_of', part])))));
}

export function showWarnings(report) {
  section('warnings').append(report.warnings.length === 0 ? element('p', {}, 'none') :
    element('ul', {}, report.warnings.map((w) => element('li', {}, element('b', {}, w.code), ` ${w.text}`))));
}

export function showProvenance(report) {
  const p = report.program, facts = [['Program', `${p.name} ${p.version}, revision ${p.revision}`]];
  const data = report.beam_data;
  if (data) facts.push(['Beam data', `${data.name}, version ${data.version}, ${data.clinical ? '' : 'not '}for clinical use, sha256 ${data.sha256}`]);
  if (report.density) facts.push(['Density table', `${report.density.table}${report.density.sha256 ? `, sha256 ${report.density.sha256}` : ''}`]);
  if (report.dose_grid) facts.push(['Dose grid', element('span', {}, [0, 1, 2].map((i) => [i ? ' × ' : '', number(report, ['dose_grid', 'size', i], integer)]).flat(),
      ' voxels of ', [0, 1, 2].map((i) => [i ? ' × ' : '', number(report, ['dose_grid', 'spacing_mm', i])]).flat(), ' mm')]);
  section('provenance').append(
      element('dl', {class: 'facts'}, facts.map(([name, value]) => [element('dt', {}, name), element('dd', {}, value)])),
      table(['Kind', 'Path', 'UID', 'SHA-256'], (report.inputs ?? []).map((i) =>
        [i.kind, i.path ?? '', element('code', {}, i.uid ?? ''), element('code', {}, i.sha256 ?? '')])));
  if (report.files?.length) section('provenance').append(element('h3', {}, 'Files beside this report'),
      table(['File', 'Content'], report.files.map((f) => [element('a', {href: f.path.split('/').map(encodeURIComponent).join('/')}, f.path), f.content])));
}

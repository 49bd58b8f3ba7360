// Opens the report.html of a comparison in the system's Chromium and checks what a reader sees against its JSON.
// usage: node check_comparison.mjs PLAYWRIGHT_FOLDER report.html comparison.json [--pictures FOLDER]
import {readFileSync} from 'node:fs';
import assert from 'node:assert/strict';
import {checkNumbers, openPage} from './browser.mjs';

const [modules, htmlFile, jsonFile, ...options] = process.argv.slice(2);
const report = JSON.parse(readFileSync(jsonFile, 'utf8'));
const {browser, page, changes, quiet} = await openPage(modules, htmlFile);

const place = (name) => page.evaluate((wanted) => {
  const {plot, points} = window.sbrtplanPareto, p = points.find((one) => one.set.name === wanted);
  return {x: plot.valToPos(p.x, 'x'), y: plot.valToPos(p.y, 'y')};
}, name);

try {
  assert.deepEqual(await page.evaluate(() => window.sbrtplanReport.report), report, 'the page carries another comparison.json');
  const paths = await checkNumbers(page, report);
  report.sets.forEach((set, i) => {
    for (const id of Object.keys(set.values ?? {})) assert.ok(paths.has(`sets\n${i}\nvalues\n${id}`), `${set.name} ${id} is not shown`);
  });
  const text = await page.evaluate(() => document.body.innerText);
  for (const set of report.sets) assert.ok(text.includes(set.name), `'${set.name}' is not shown`);
  for (const set of report.sets) if (set.failure) assert.ok(text.includes(set.failure), `why ${set.name} failed is not shown`);
  for (const set of report.sets.filter((one) => one.front)) assert.ok((await page.textContent('#verdict')).includes(set.name));
  const planned = report.sets.filter((one) => one.report);
  if (options.includes('--pictures')) await page.screenshot({path: `${options[options.indexOf('--pictures') + 1]}/comparison.png`});

  const over = page.locator('#pareto-plot .u-over'), last = planned.at(-1);
  await over.hover({position: await place(last.name)});
  assert.ok((await page.textContent('#pareto-readout')).includes(last.name), 'pointing at a point reads no set');
  await changes('axis', '#pareto-plot', () => page.selectOption('#pareto-x', 'total_mu'));
  await page.selectOption('#pareto-x', report.objectives[0]);
  assert.ok((await page.pdf()).length > 10000, 'the page does not print');
  quiet();

  // A point opens its plan.
  await over.click({position: await place(last.name)});
  await page.waitForURL((url) => decodeURIComponent(url.pathname).endsWith(last.report));
  assert.ok((await page.textContent('h1')).includes('Plan report'));
  console.log(`${paths.size} numbers equal comparison.json`);
} finally {
  await browser.close();
}

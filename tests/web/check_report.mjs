// Opens a report.html in the system's Chromium and checks what a reader sees against report.json.
// usage: node check_report.mjs PLAYWRIGHT_FOLDER report.html report.json [--no-image] [--no-dose] [--numbers] [--pictures FOLDER]
import {readFileSync} from 'node:fs';
import assert from 'node:assert/strict';
import {checkNumbers, openPage} from './browser.mjs';

const [modules, htmlFile, jsonFile, ...options] = process.argv.slice(2);
const has = (option) => options.includes(option), hasImage = !has('--no-image'), hasDose = !has('--no-dose');
const pictures = has('--pictures') ? options[options.indexOf('--pictures') + 1] : null;
const report = JSON.parse(readFileSync(jsonFile, 'utf8'));
const {browser, page, changes, quiet} = await openPage(modules, htmlFile);

async function checkReportNumbers() {
  const paths = await checkNumbers(page, report);
  for (const [name, target] of Object.entries(report.targets))
    for (const id of Object.keys(target)) assert.ok(paths.has(['targets', name, id, 'value'].join('\n')), `${name} ${id} is not shown`);
  for (const [name, s] of Object.entries(report.structures))
    for (const q of Object.keys(s.queries ?? {})) assert.ok(paths.has(['structures', name, 'queries', q].join('\n')), `${name} ${q} is not shown`);
  (report.goals ?? []).forEach((goal, i) => { if (goal.value !== undefined) assert.ok(paths.has(`goals\n${i}\nvalue`), `${goal.text} is not shown`); });
  (report.robustness?.bands ?? []).forEach((band, i) => ['nominal', 'low', 'high'].forEach((key) =>
    assert.ok(paths.has(['robustness', 'bands', i, key].join('\n')), `${band.text} ${key} is not shown`)));
  return paths.size;
}

async function checkPlanes() {
  const at = () => page.evaluate(() => Array.from(window.sbrtplanPictures.planes.nv.scene.crosshairPos));
  for (const name of ['axial', 'coronal', 'sagittal']) {
    const before = await at();
    await changes(`slider ${name}`, '.views', () => page.locator(`#slice-${name}`).evaluate((input) => {
      input.value = Number(input.value) + 3 * (Number(input.value) + 3 > Number(input.max) ? -1 : 1);
      input.dispatchEvent(new Event('input'));
    }));
    assert.notDeepEqual(await at(), before, `slider ${name} moves no slice`);
  }
  const before = await at();
  await page.locator('#planes').click({position: {x: 180, y: 200}, force: true});
  const clicked = await at();
  await page.mouse.wheel(0, 100);
  await page.waitForTimeout(300);
  const turned = await at();
  assert.notEqual(turned[2], clicked[2], `the wheel moves no slice (${before}, ${clicked}, ${turned})`);
  if (!has('--no-ct')) {
    await changes('window', '.views', () => page.getByRole('button', {name: 'Bone'}).click());
    await page.getByRole('button', {name: 'Wide'}).click();
    if (hasDose) await changes('colour wash', '.views', () => page.locator('#wash').click());
    if (hasDose) await page.locator('#wash').click();
  }
  const boxes = (await page.locator('#structure-list input').all()).slice(0, 3);
  await changes('structures', '.views', async () => { for (const box of boxes) await box.click(); });
  for (const box of boxes) await box.click();
}

async function checkCurves() {
  await page.locator('#dvh-plot .u-over').hover({position: {x: 80, y: 150}});
  await page.waitForTimeout(200);
  const readings = await page.$$eval('#dvh-plot .u-value', (all) => all.map((e) => e.textContent));
  assert.match(readings[0], /Gy$/, 'pointing at the plot reads no dose');
  assert.ok(readings.slice(1).some((text) => text.endsWith('%')), 'pointing at the plot reads no volume');
  const labels = await page.$$eval('#dvh-plot .u-label', (all) => all.map((e) => e.textContent));
  assert.deepEqual(labels.slice(1), Object.keys(report.dvh.volume_pct));
  const drawn = await page.evaluate(() => window.sbrtplanDvh.data.map((row) => Array.from(row)));
  assert.deepEqual(drawn[0], report.dvh.dose_gy);
  Object.values(report.dvh.volume_pct).forEach((curve, i) => assert.deepEqual(drawn[i + 1].filter((v) => v !== null), curve));
  const last = page.locator('#dvh-plot .u-series th').last();
  await changes('curve', '#dvh-plot canvas', () => last.click());
  assert.equal(await page.evaluate(() => window.sbrtplanDvh.series.at(-1).show), false);
  await last.click();
}

// What goes to paper: every definition, and pictures that show something.
async function checkPrint() {
  const [images, closed] = await page.evaluate(() => {
    dispatchEvent(new Event('beforeprint'));
    return [Array.from(document.querySelectorAll('.space > img.printed, .views > img.printed'), (i) => i.src.length),
      document.querySelectorAll('details.print-open:not([open])').length];
  });
  assert.equal(closed, 0);
  if (hasImage || hasDose) assert.ok(images.length >= 2 && Math.max(...images) > leastPicture, `pictures of ${images} characters`);
  await page.evaluate(() => dispatchEvent(new Event('afterprint')));
  assert.equal(await page.locator('img.printed').count(), 0);
  assert.ok((await page.pdf()).length > 10000, 'the page does not print');
}

const leastPicture = 10000;  // characters of a PNG in base64; a blank one of this size has a tenth
try {
  assert.deepEqual(await page.evaluate(() => window.sbrtplanReport.report), report, 'the page carries another report.json');
  assert.ok((await page.textContent('#verdict')).includes(report.verdict.text));
  assert.equal(await page.locator('.disclaimer').count(), 2);
  const count = await checkReportNumbers();
  const text = await page.evaluate(() => document.body.innerText);
  for (const name of Object.keys(report.structures)) assert.ok(text.includes(name), `'${name}' is not shown`);
  assert.equal(await page.evaluate(() => window.pwned), undefined, 'a name was run as a script');
  const order = await page.$$eval('main > section', (all) => all.map((s) => s.id));
  assert.deepEqual(order, ['prescription', 'indices', 'pictures', 'dvh', 'goals', 'robustness', 'delivery', 'warnings', 'provenance'].filter((id) => order.includes(id)));
  assert.equal(order.includes('robustness'), report.robustness !== undefined);
  for (const band of report.robustness?.bands ?? [])
    for (const name of [band.text, band.low_scenario, band.high_scenario]) assert.ok(text.includes(name), `'${name}' is not shown`);
  if (pictures) {
    await page.screenshot({path: `${pictures}/report-top.png`});
    await page.locator('#pictures').screenshot({path: `${pictures}/report-pictures.png`});
    await page.locator('#dvh-plot').screenshot({path: `${pictures}/report-dvh.png`});
  }
  if (hasImage || hasDose) {
    assert.equal(await page.locator('[role=alert]').count(), 0, await page.textContent('#pictures'));
    if (!has('--numbers')) await checkPlanes();
  }
  if (report.dvh) await checkCurves();
  await checkPrint();
  quiet();
  console.log(`${count} numbers equal report.json`);
} finally {
  await browser.close();
}

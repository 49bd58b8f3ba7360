// The system's Chromium, and what every page of the program must hold to: no complaint on the console, no request.
import {createRequire} from 'node:module';
import {resolve} from 'node:path';
import {pathToFileURL} from 'node:url';
import assert from 'node:assert/strict';

export async function openPage(modules, html) {
  const {chromium} = createRequire(resolve(modules, 'x.js'))('playwright-core');
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--ignore-gpu-blocklist'],
  });
  const page = await browser.newPage({viewport: {width: 1280, height: 900}});
  page.setDefaultTimeout(240000);
  const complaints = [], requests = [];
  page.on('console', (message) => { if (['error', 'warning', 'assert'].includes(message.type())) complaints.push(message.text()); });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => { if (!/^(file|data|blob):/.test(request.url())) requests.push(request.url()); });
  await page.goto(pathToFileURL(resolve(html)).href);
  await page.evaluate(() => window.sbrtplanReport.ready);
  await page.waitForTimeout(300);
  const picture = (selector) => page.locator(selector).screenshot().then((bytes) => bytes.toString('base64'));
  return {
    browser, page,
    async changes(what, selector, action) {
      const before = await picture(selector);
      await action();
      await page.waitForTimeout(300);
      assert.notEqual(await picture(selector), before, `${what}: nothing changed on the screen`);
    },
    quiet() {
      assert.deepEqual(complaints, [], 'the console complains');
      assert.deepEqual(requests, [], 'the page asks the network');
    },
  };
}

/** Every number of the page is that of the JSON at its path. Returns the paths that are shown. */
export async function checkNumbers(page, report) {
  const shown = await page.$$eval('.number', (all) => all.map((e) => [JSON.parse(e.dataset.path), e.textContent]));
  for (const [path, text] of shown) {
    const value = path.reduce((at, key) => at[key], report);
    const [mantissa, exponent = '0'] = text.split('e'), digits = (mantissa.split('.')[1] ?? '').length;
    // A number rounded to its last digit is off by half of that digit at most (and what doubles lose).
    const half = 0.5 * 10 ** (Number(exponent) - digits) * (1 + 1e-9);
    assert.ok(Math.abs(Number(text) - value) <= half, `${path.join('.')} is ${value}, the page shows ${text}`);
  }
  return new Set(shown.map(([path]) => path.join('\n')));
}

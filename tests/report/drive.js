// Drives headless Chromium, with a fresh profile, over every report of a folder. Usage: node drive.js REPORTS OUTPUT
const { readFileSync, mkdirSync, readdirSync } = require('node:fs');
const { execFileSync } = require('node:child_process');
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');
const { chromium } = require('playwright-core');

const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const CHROMIUM = process.env.CHROMIUM || '/usr/bin/chromium';
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];
const EVERY_VIEW = new Set(['red-flag', 'hostile']);
const INSPECTED = new Set(['red-flag', 'hostile', 'contradictory-answers', 'everything-known']);
const PRINTED = new Set(['red-flag', 'everything-known']);
const VIEWS = [[1280, 'light'], [1280, 'dark'], [360, 'light'], [360, 'dark']];
const failures = [];

function check(holds, what) {
  if (!holds) failures.push(what);
}

async function open(context, file, name) {
  const page = await context.newPage();
  const requests = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('pageerror', (error) => failures.push(`${name}: script error ${error.message}`));
  page.on('dialog', (dialog) => { failures.push(`${name}: a dialog opened`); dialog.dismiss(); });
  await page.goto(pathToFileURL(file).href, { waitUntil: 'load' });
  const remote = requests.filter((url) => !url.startsWith('file:') && !url.startsWith('data:'));
  check(remote.length === 0 && requests.filter((url) => url.startsWith('file:')).length === 1, `${name}: requests ${requests.slice(1)}`);
  return page;
}

async function inspect(page, name, view) {
  await page.evaluate(AXE);
  await page.evaluate(() => document.querySelectorAll('details').forEach((item) => { item.open = true; }));
  const found = await page.evaluate((tags) => axe.run(document, { runOnly: tags, resultTypes: ['violations'] }), TAGS);
  for (const item of found.violations) {
    check(false, `${name} ${view}: axe ${item.id}: ${item.help}: ${item.nodes.slice(0, 2).map((node) => node.html.slice(0, 160))}`);
  }
  const judged = new Set(found.passes.map((item) => item.id));
  const expected = ['color-contrast', 'heading-order', 'landmark-one-main', 'region', 'scrollable-region-focusable', 'list'];
  check(expected.every((id) => judged.has(id)), `${name} ${view}: axe did not judge ${expected.filter((id) => !judged.has(id))}`);
}

async function look(browser, file, name, output) {
  for (const [width, colorScheme] of EVERY_VIEW.has(name) ? VIEWS : VIEWS.slice(0, 1)) {
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
    const page = await open(context, file, name);
    await page.screenshot({ path: join(output, `${name}-${width}-${colorScheme}.png`), fullPage: true });
    if (INSPECTED.has(name)) await inspect(page, name, `${width} ${colorScheme}`);
    await page.setViewportSize({ width: 320, height: 900 });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    check(wide <= 320, `${name}: ${wide} px wide on a screen of 320 px`);
    check(!(await page.evaluate(() => 'pwned' in window)), `${name}: a script of the case ran`);
    await context.close();
  }
}

async function withoutScripts(browser, file, name) {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await open(context, file, name);
  const folded = page.locator('#conclusions details:not([open]) > summary').first();
  const inside = page.locator('#conclusions details').first().locator(':scope > ul');
  check(!(await inside.isVisible()), `${name}: a proof starts unfolded`);
  await folded.click();
  check(await inside.isVisible(), `${name}: a proof does not unfold without scripts`);
  await page.keyboard.press('Enter');
  check(!(await inside.isVisible()), `${name}: a proof does not fold with the keyboard`);
  await context.close();
}

async function printed(browser, file, name, output) {
  const context = await browser.newContext();
  const page = await open(context, file, name);
  const path = join(output, `${name}.pdf`);
  await page.pdf({ path, format: 'A4', printBackground: true });
  const text = execFileSync('pdftotext', ['-layout', path, '-'], { maxBuffer: 1 << 28 }).toString();
  const tokens = new Set(text.match(/[A-Za-z0-9_./-]+/g));
  const all = text.replace(/\s+/g, '');
  const ids = await page.evaluate(() => [...document.querySelectorAll('[data-id]')].map((item) => item.dataset.id));
  const summaries = await page.evaluate(() => document.querySelectorAll('details').length);
  const missing = [...new Set(ids)].filter((id) => id.length < 24 && !tokens.has(id) && !all.includes(id));
  check(summaries > 10 && missing.length === 0, `${name}: not in print: ${missing.slice(0, 5)}`);
  await context.close();
}

async function main([reports, output]) {
  mkdirSync(output, { recursive: true });
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  for (const name of readdirSync(reports).map((item) => item.replace(/\.html$/, '')).sort()) {
    const file = join(reports, `${name}.html`);
    const size = readFileSync(file).length;
    check(size < 400_000, `${name}: ${size} bytes`);
    await look(browser, file, name, output);
    await withoutScripts(browser, file, name);
    if (PRINTED.has(name)) await printed(browser, file, name, output);
    console.log(`${name}: ${(size / 1000).toFixed(0)} kB`);
  }
  await browser.close();
  failures.forEach((item) => console.error(`FAILED ${item}`));
  console.log(failures.length ? `${failures.length} failures` : 'no accessibility violation, no request, readable without scripts, printed unfolded');
  process.exit(failures.length ? 1 : 0);
}

main(process.argv.slice(2));

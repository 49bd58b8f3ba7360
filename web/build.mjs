// Bundles src/ into page/report.html and page/compare.html: files without references to anything outside.
import {build} from 'esbuild';
import {mkdir, readFile, readdir, writeFile} from 'node:fs/promises';

// Every page passes the bundled packages on, so their licences go with it.
async function licences(bundled) {
  const packages = new Set(Object.keys(bundled.metafile.inputs).map((f) => f.match(/.*node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[0]).filter(Boolean));
  const all = [];
  for (const folder of [...packages].sort()) {
    const {name, version, license} = JSON.parse(await readFile(`${folder}/package.json`, 'utf8'));
    const shipped = (await readdir(folder)).find((f) => /^licen[cs]e/i.test(f));
    // NiiVue's package comes without its licence text.
    const file = shipped ? `${folder}/${shipped}` : name === '@niivue/niivue' ? 'src/niivue-licence.txt' : null;
    all.push(`${name} ${version}, ${license}\n\n${file ? await readFile(file, 'utf8') : ''}`);
  }
  return all.join('\n\n');
}

const escaped = (words) => words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
await mkdir('page', {recursive: true});
for (const [script, name] of [['main', 'page'], ['compare', 'compare']]) {
  const bundled = await build({
    entryPoints: [`src/${script}.js`], bundle: true, minify: true, write: false, metafile: true, format: 'iife', target: 'es2022',
    outdir: 'bundle', legalComments: 'none', loader: {'.css': 'css'}, logLevel: 'warning',
  });
  const text = (ending) => bundled.outputFiles.find((f) => f.path.endsWith(ending)).text;
  const notices = escaped(await licences(bundled));
  const page = (await readFile(`src/${name}.html`, 'utf8'))
    .replace('<!-- style -->', () => `<style>${text('.css')}</style>`)
    .replace('<!-- script -->', () => `<script>${text('.js').replaceAll('</script', '<\\/script')}</script>`)
    .replace('<!-- licences -->', () => notices);
  await writeFile(`page/${name === 'page' ? 'report' : name}.html`, page);
}

// Bundles src/ into page/report.html: one file without references to anything outside.
import {build} from 'esbuild';
import {mkdir, readFile, writeFile} from 'node:fs/promises';

const bundled = await build({
  entryPoints: ['src/main.js'], bundle: true, minify: true, write: false, format: 'iife', target: 'es2022',
  outdir: 'bundle', legalComments: 'inline', loader: {'.css': 'css'}, logLevel: 'warning',
});
const text = (ending) => bundled.outputFiles.find((f) => f.path.endsWith(ending)).text;
const page = (await readFile('src/page.html', 'utf8'))
  .replace('<!-- style -->', () => `<style>${text('.css')}</style>`)
  .replace('<!-- script -->', () => `<script>${text('.js').replaceAll('</script', '<\\/script')}</script>`);
await mkdir('page', {recursive: true});
await writeFile('page/report.html', page);

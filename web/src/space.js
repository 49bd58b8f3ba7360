// Targets, organs and beams in space: surfaces of the view block, drawn by NiiVue.
import {NVMesh, Niivue, SLICE_TYPE} from '@niivue/niivue';
import {bytes, element} from './data.js';

const sides = 6, beamRadius = 0.8, nearMm = 320;

/** Prisms along the beams and a larger one at each source, as one set of triangles. */
function beamTriangles(beams, whole) {
  const points = [], triangles = [];
  const prism = (from, to, radius) => {
    const along = to.map((v, a) => v - from[a]), length = Math.hypot(...along), d = along.map((v) => v / length);
    const helper = Math.abs(d[2]) < 0.9 ? [0, 0, 1] : [1, 0, 0];
    const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
    const u = cross(d, helper).map((v, _, all) => v / Math.hypot(...all)), w = cross(d, u), first = points.length / 3;
    for (let s = 0; s < sides; ++s) {
      const angle = 2 * Math.PI * s / sides;
      for (const end of [from, to]) for (let a = 0; a < 3; ++a) points.push(end[a] + radius * (Math.cos(angle) * u[a] + Math.sin(angle) * w[a]));
    }
    for (let s = 0; s < sides; ++s) {
      const a = first + 2 * s, b = first + 2 * ((s + 1) % sides);
      triangles.push(a, b, a + 1, b, b + 1, a + 1);
    }
  };
  for (const beam of beams) {
    const ras = ([x, y, z]) => [-x, -y, z], source = ras(beam.source_mm), aim = ras(beam.aim_mm);
    const along = source.map((v, a) => v - aim[a]), length = Math.hypot(...along), shown = whole ? length : Math.min(length, nearMm);
    const from = aim.map((v, a) => v + along[a] * shown / length);
    prism(from, aim, beamRadius * (whole ? 2 : 1));
    if (whole) prism(from, from.map((v, a) => v + 12 * along[a] / length), 9);
  }
  return [new Float32Array(points), new Uint32Array(triangles)];
}

export async function showSpace(canvas, view) {
  const nv = new Niivue({logLevel: 'error', loadingText: '', backColor: [0.086, 0.098, 0.114, 1], show3Dcrosshair: false, isOrientCube: true, dragAndDropEnabled: false, scrollRequiresFocus: true});
  await nv.attachToCanvas(canvas);
  nv.setSliceType(SLICE_TYPE.RENDER);
  const meshes = new Map(), gl = nv.gl;
  const add = (name, points, triangles, colour, opacity) => {
    const mesh = new NVMesh(points, triangles, name, new Uint8Array([...colour, 255]), opacity, true, gl);
    nv.addMesh(mesh);
    meshes.set(name, mesh);
  };
  const opacityOf = (s) => (view.targets.includes(s.name) || s.role === 'GTV' ? 1 : s.role === 'EXTERNAL' ? 0.08 : 0.3);
  // Transparent surfaces after solid ones.
  const order = [...(view.structures ?? [])].sort((a, b) => opacityOf(b) - opacityOf(a));
  let beamsShown = 0;
  const showBeams = (whole) => {
    const name = `beams ${++beamsShown}`;
    if (meshes.has('beams')) nv.removeMesh(meshes.get('beams'));
    meshes.delete('beams');
    if (!view.beams?.length) return;
    const [points, triangles] = beamTriangles(view.beams, whole);
    add(name, points, triangles, [120, 200, 255], 0.9);
    meshes.set('beams', meshes.get(name));
    meshes.delete(name);
  };
  showBeams(false);
  for (const s of order) {
    const points = new Float32Array(bytes(s.points).buffer), triangles = new Uint32Array(bytes(s.triangles).buffer);
    if (triangles.length) add(s.name, points, triangles, s.colour, opacityOf(s));
  }
  nv.setRenderAzimuthElevation(150, 15);
  nv.setScale(1.6);
  const show = (name, visible) => {
    const mesh = meshes.get(name);
    if (!mesh) return;
    mesh.visible = visible;
    nv.drawScene();
  };
  nv.drawScene();
  return {nv, show, controls: () => (view.beams?.length ? [element('div', {class: 'controls'},
      element('label', {}, element('input', {type: 'checkbox', checked: true, id: 'beams-on', onchange: (e) => show('beams', e.target.checked)}), 'Beams'),
      element('label', {}, element('input', {type: 'checkbox', id: 'beams-whole', onchange: (e) => { showBeams(e.target.checked); nv.drawScene(); }}), 'up to their nodes'),
      'drag to turn, wheel to zoom')] : [])};
}

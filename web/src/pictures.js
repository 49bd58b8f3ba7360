// CT in three planes with structures and isodose lines, and the view in space; images by NiiVue.
import {NVImage, Niivue, SHOW_RENDER, SLICE_TYPE} from '@niivue/niivue';
import {base64, element} from './data.js';
import {linesOn, placed, readVolume} from './contours.js';
import {showSpace} from './space.js';

const windows = [['Wide', -300, 1600], ['Soft tissue', 40, 400], ['Lung', -600, 1500], ['Bone', 400, 1800], ['Brain', 40, 80]];
// Apart for every kind of colour vision, bright on dark (after Okabe and Ito).
const levelColours = ['#ff4b00', '#f0e442', '#56b4e9', '#cc79a7', '#009e73', '#e69f00', '#ffffff', '#0072b2'];

class Planes {
  constructor(view, prescriptionGy) {
    this.view = view;
    this.prescriptionGy = prescriptionGy;
    this.hidden = new Set();
    this.levels = prescriptionGy ? [105, 100, 80, 50, 20].map((pct) => ({gy: prescriptionGy * pct / 100, text: `${pct} %`, on: true})) : [];
    this.levels.forEach((level, i) => { level.colour = levelColours[i]; });
    this.readout = element('div', {class: 'readout', id: 'readout'});
    this.canvas = element('canvas', {id: 'planes', 'aria-label': 'CT in three planes'});
    this.lines = element('canvas', {class: 'lines'});
    this.frame = element('div', {class: 'views'}, this.canvas, this.lines);
  }

  async start() {
    const nv = this.nv = new Niivue({
      logLevel: 'error', loadingText: '', backColor: [0.086, 0.098, 0.114, 1], crosshairColor: [0.6, 0.6, 0.6, 0.7], crosshairWidth: 0.5,
      multiplanarShowRender: SHOW_RENDER.NEVER, isRadiologicalConvention: true, dragAndDropEnabled: false, isColorbar: false,
      isOrientCube: false, show3Dcrosshair: false, scrollRequiresFocus: true, sliceType: SLICE_TYPE.MULTIPLANAR,
    });
    await nv.attachToCanvas(this.canvas);
    nv.setMultiplanarLayout(3);
    const [ct, dose] = [base64('volume-ct'), base64('volume-dose')];
    this.hasCt = ct !== null;
    this.unit = this.view.dose_unit_gy;
    if (ct) nv.addVolume(await NVImage.loadFromBase64({base64: ct, name: 'ct.nii.gz', colormap: 'gray', cal_min: -1100, cal_max: 500}));
    if (dose) {
      const top = this.prescriptionGy ? this.prescriptionGy * 1.1 : 0;
      const volume = await NVImage.loadFromBase64({base64: dose, name: 'dose.nii.gz', colormap: ct ? 'plasma' : 'gray', opacity: 1,
        ...(top ? {cal_min: (ct ? 0.1 : 0) * top / this.unit, cal_max: top / this.unit} : {})});
      nv.addVolume(volume);
      this.doseIndex = nv.volumes.length - 1;
      if (ct) nv.setOpacity(this.doseIndex, 0.35);
    }
    const toFraction = (mm) => Array.from(nv.mm2frac(mm, 0, true));
    if (dose) this.dose = placed(readVolume(dose), toFraction);
    this.masks = (this.view.structures ?? []).map((_, i) => base64(`mask-${i}`)).map((text) => (text ? placed(readVolume(text), toFraction) : null));
    const draw = nv.drawScene.bind(nv);
    nv.drawScene = () => { const done = draw(); this.drawLines(); return done; };
    nv.onLocationChange = (location) => this.showReadout(location);
    if (this.view.focus_mm) {
      const [x, y, z] = this.view.focus_mm;
      nv.scene.crosshairPos = nv.mm2frac([-x, -y, z], 0, true);
      nv.createOnLocationChange();
    }
    nv.drawScene();
    new ResizeObserver(() => nv.drawScene()).observe(this.frame);
  }

  showReadout(location) {
    const values = location.values ?? [], [x, y, z] = location.mm;
    const parts = [`x ${(-x).toFixed(1)} y ${(-y).toFixed(1)} z ${z.toFixed(1)} mm`];
    if (this.hasCt && values[0]) parts.push(`${Math.round(values[0].value)} HU`);
    if (this.dose && values[this.doseIndex]) parts.push(`${(values[this.doseIndex].value * this.unit).toFixed(2)} Gy`);
    this.readout.textContent = parts.join(' · ');
    this.onMove?.();
  }

  // Lines lie on a canvas above NiiVue's, in its tiles.
  drawLines() {
    const {nv, canvas, lines} = this;
    lines.width = canvas.width;
    lines.height = canvas.height;
    const g = lines.getContext('2d');
    for (const tile of nv.screenSlices) {
      if (tile.axCorSag > 2) continue;
      const axis = 2 - tile.axCorSag;
      const place = this.placeIn(tile);
      const [left, top, width, height] = tile.leftTopWidthHeight;
      g.save();
      g.beginPath();
      g.rect(width < 0 ? left + width : left, top, Math.abs(width), height);
      g.clip();
      const fraction = nv.scene.crosshairPos[axis], scale = devicePixelRatio;
      this.masks.forEach((mask, i) => {
        const s = this.view.structures[i];
        if (!mask || this.hidden.has(s.name)) return;
        const target = this.view.targets.includes(s.name);
        this.stroke(g, linesOn(mask, axis, fraction, [50])[0], place, `rgb(${s.colour.join(',')})`, (target ? 2 : 1.2) * scale, []);
      });
      if (this.dose) {
        const shown = this.levels.filter((level) => level.on);
        linesOn(this.dose, axis, fraction, shown.map((level) => level.gy / this.unit)).forEach((found, i) =>
          this.stroke(g, found, place, shown[i].colour, 1.6 * scale, [6 * scale, 3 * scale]));
      }
      g.restore();
    }
  }

  stroke(g, lines, place, colour, width, dash) {
    g.strokeStyle = colour;
    g.lineWidth = width;
    g.setLineDash(dash);
    g.beginPath();
    for (const line of lines) line.forEach((point, i) => (i ? g.lineTo(...place(point)) : g.moveTo(...place(point))));
    g.stroke();
  }

  /** From image fractions to pixels of a tile. */
  placeIn(tile) {
    const across = tile.axCorSag === 2 ? 1 : 0, up = tile.axCorSag === 0 ? 1 : 2;
    const [left, top, width, height] = tile.leftTopWidthHeight, {leftTopMM, fovMM} = tile;
    const low = this.nv.frac2mm([0, 0, 0], 0, false), high = this.nv.frac2mm([1, 1, 1], 0, false);
    return (point) => {
      const mm = [0, 1, 2].map((a) => low[a] + point[a] * (high[a] - low[a]));
      return [left + (mm[across] - leftTopMM[0]) / fovMM[0] * width, top + (1 - (mm[up] - leftTopMM[1]) / fovMM[1]) * height];
    };
  }

  controls() {
    const {nv} = this, redraw = () => nv.drawScene();
    const rows = [];
    const slider = (name, axis) => {
      const size = nv.volumes[0].dimsRAS[axis + 1];
      const input = element('input', {type: 'range', min: 0, max: size - 1, step: 1, id: `slice-${name.toLowerCase()}`,
        oninput: () => { nv.scene.crosshairPos[axis] = (Number(input.value) + 0.5) / size; nv.createOnLocationChange(); nv.drawScene(); }});
      const follow = () => { input.value = Math.round(nv.scene.crosshairPos[axis] * size - 0.5); };
      follow();
      return [element('label', {}, name, input), follow];
    };
    const sliders = [['Axial', 2], ['Coronal', 1], ['Sagittal', 0]].map(([name, axis]) => slider(name, axis));
    this.onMove = () => sliders.forEach(([, follow]) => follow());
    rows.push(element('div', {class: 'controls'}, 'Slice', sliders.map(([label]) => label), 'or turn the wheel over a plane'));
    if (this.hasCt) {
      const ct = nv.volumes[0];
      const level = element('input', {type: 'number', step: 10, 'aria-label': 'level', id: 'window-level'}), width = element('input', {type: 'number', step: 10, min: 1, 'aria-label': 'width', id: 'window-width'});
      const apply = () => { ct.cal_min = level.value - width.value / 2; ct.cal_max = Number(level.value) + width.value / 2; nv.updateGLVolume(); };
      const set = (l, w) => { level.value = l; width.value = w; apply(); };
      level.addEventListener('change', apply);
      width.addEventListener('change', apply);
      set(windows[0][1], windows[0][2]);
      rows.push(element('div', {class: 'controls'}, 'Window', windows.map(([name, l, w]) => element('button', {type: 'button', onclick: () => set(l, w)}, name)),
          element('label', {}, 'level', level), element('label', {}, 'width', width), 'HU'));
    }
    if (this.dose) {
      const wash = element('input', {type: 'checkbox', checked: true, id: 'wash'}), strength = element('input', {type: 'range', min: 0, max: 1, step: 0.05, value: 0.35});
      const apply = () => nv.setOpacity(this.doseIndex, this.hasCt ? (wash.checked ? Number(strength.value) : 0) : 1);
      wash.addEventListener('change', apply);
      strength.addEventListener('input', apply);
      const levels = element('span', {class: 'controls', id: 'levels'});
      const addLevel = (l) => levels.append(element('label', {}, element('input', {type: 'checkbox', checked: l.on, onchange: (e) => { l.on = e.target.checked; redraw(); }}),
          element('span', {class: 'line', style: `border-color:${l.colour}`}), l.text));
      this.levels.forEach(addLevel);
      const value = element('input', {type: 'number', min: 0, step: 'any', 'aria-label': 'isodose level'});
      const unit = element('select', {'aria-label': 'unit'}, this.prescriptionGy ? element('option', {}, '%') : null, element('option', {}, 'Gy'));
      const add = () => {
        const given = Number(value.value);
        if (!(given > 0)) return;
        const level = {gy: unit.value === '%' ? given * this.prescriptionGy / 100 : given, text: `${given} ${unit.value}`, on: true, colour: levelColours[this.levels.length % levelColours.length]};
        this.levels.push(level);
        addLevel(level);
        redraw();
      };
      rows.push(element('div', {class: 'controls'}, 'Isodose lines', levels, value, unit, element('button', {type: 'button', onclick: add, id: 'add-level'}, 'add')));
      if (this.hasCt) rows.push(element('div', {class: 'controls'}, element('label', {}, wash, 'Dose colour wash'), element('label', {}, 'strength', strength)));
    }
    return rows;
  }
}

export async function showPictures(view, prescriptionGy) {
  const place = document.getElementById('pictures');
  if (base64('volume-ct') === null && base64('volume-dose') === null) {
    place.append(element('p', {}, 'No image and no dose: there is nothing to show.'));
    return null;
  }
  const planes = new Planes(view, prescriptionGy), box = element('div', {class: 'dark'}, planes.frame, planes.readout);
  const space = element('div', {class: 'space'}, element('canvas', {id: 'space', 'aria-label': 'Targets, organs and beams in space'}));
  place.append(box, element('div', {class: 'dark', style: 'margin-top:10px'}, space));
  try {
    await planes.start();
    const solid = await showSpace(space.firstChild, view);
    const list = (view.structures ?? []).map((s) => element('label', {}, element('input', {type: 'checkbox', checked: true, 'data-structure': s.name,
      onchange: (e) => {
        if (e.target.checked) planes.hidden.delete(s.name); else planes.hidden.add(s.name);
        solid.show(s.name, e.target.checked);
        planes.nv.drawScene();
      }}), element('span', {class: 'swatch', style: `background:rgb(${s.colour.join(',')})`}), s.name));
    box.append(...planes.controls(), element('div', {class: 'controls', id: 'structure-list'}, list));
    space.after(...solid.controls());
    window.sbrtplanPictures = {planes, solid};
    return planes;
  } catch (error) {
    place.append(element('p', {role: 'alert'}, `The pictures cannot be drawn (${error.message}); the browser may lack WebGL 2. Pictures lie beside this file.`));
    return null;
  }
}

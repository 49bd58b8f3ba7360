// Lines of equal value on one slice of a volume whose axes are parallel to the image's.
import {contours} from 'd3-contour';
import * as nifti from 'nifti-reader-js';
import {bytes} from './data.js';

/** A volume of the page: values with x fastest, and its affine to millimetres (RAS). */
export function readVolume(text) {
  const raw = bytes(text).buffer, data = nifti.isCompressed(raw) ? nifti.decompress(raw) : raw;
  const header = nifti.readHeader(data), image = nifti.readImage(header, data);
  const kinds = {2: Uint8Array, 4: Int16Array, 16: Float32Array};
  return {size: header.dims.slice(1, 4), affine: header.affine, values: new kinds[header.datatypeCode](image)};
}

/** Places a volume in the image's space of fractions 0...1: for each of its axes the image axis along it, start and step. */
export function placed(volume, mmToFraction) {
  const at = (i, j, k) => mmToFraction(volume.affine.slice(0, 3).map((row) => row[0] * i + row[1] * j + row[2] * k + row[3]));
  const start = at(0, 0, 0);
  const axes = [at(1, 0, 0), at(0, 1, 0), at(0, 0, 1)].map((point) => {
    const step = [0, 1, 2].map((a) => point[a] - start[a]);
    const along = step.reduce((best, s, a) => (Math.abs(s) > Math.abs(step[best]) ? a : best), 0);
    return {along, start: start[along], step: step[along]};
  });
  return {...volume, axes};
}

/** Values on the plane where the image's fraction `axis` is `fraction`; null outside the volume. */
function sliceOf(volume, axis, fraction) {
  const fixed = volume.axes.findIndex((a) => a.along === axis), n = volume.size;
  if (fixed < 0) return null;
  const index = (fraction - volume.axes[fixed].start) / volume.axes[fixed].step;
  if (!(index >= -0.5 && index <= n[fixed] - 0.5)) return null;
  const inside = Math.min(Math.max(index, 0), n[fixed] - 1), low = Math.floor(inside), high = Math.min(low + 1, n[fixed] - 1), share = inside - low;
  const stride = [1, n[0], n[0] * n[1]], [u, v] = [0, 1, 2].filter((a) => a !== fixed);
  const values = new Float32Array(n[u] * n[v]);
  for (let y = 0, at = 0; y < n[v]; ++y)
    for (let x = 0; x < n[u]; ++x, ++at) {
      const base = x * stride[u] + y * stride[v];
      const a = volume.values[base + low * stride[fixed]], b = volume.values[base + high * stride[fixed]];
      values[at] = a + share * (b - a);
    }
  return {values, u, v, width: n[u], height: n[v]};
}

/** Lines on a slice: for each level a list of lines, each a list of image fractions. */
export function linesOn(volume, axis, fraction, levels) {
  const slice = sliceOf(volume, axis, fraction);
  if (!slice) return levels.map(() => []);
  const {width, height, values} = slice, au = volume.axes[slice.u], av = volume.axes[slice.v];
  const toFraction = ([x, y]) => {
    const point = [0, 0, 0];
    point[axis] = fraction;
    point[au.along] = au.start + (x - 0.5) * au.step;
    point[av.along] = av.start + (y - 0.5) * av.step;
    return point;
  };
  // d3 closes lines along the edge of the slice; nothing is known there, so nothing is drawn.
  const onEdge = ([x, y]) => x <= 0 || y <= 0 || x >= width || y >= height;
  const marching = contours().size([width, height]);
  return levels.map((level) => {
    const lines = [];
    for (const ring of marching.contour(values, level).coordinates.flat()) {
      let line = [];
      ring.forEach((point, i) => {
        if (i > 0 && onEdge(point) && onEdge(ring[i - 1])) {
          if (line.length > 1) lines.push(line);
          line = [];
        }
        line.push(toFraction(point));
      });
      if (line.length > 1) lines.push(line);
    }
    return lines;
  });
}

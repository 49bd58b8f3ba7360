// On paper: WebGL pictures as images, since the browser may have dropped what they showed, and every list open.
const frames = '.views, .space';

function open() {
  for (const details of document.querySelectorAll('details.print-open:not([open])')) {
    details.open = true;
    details.dataset.opened = '';
  }
  const {planes, solid} = window.sbrtplanPictures ?? {};
  for (const nv of [planes?.nv, solid?.nv]) nv?.drawScene();
  for (const frame of document.querySelectorAll(frames))
    for (const canvas of frame.querySelectorAll('canvas')) {
      const image = document.createElement('img');
      image.src = canvas.toDataURL();
      image.className = 'printed';
      frame.append(image);
    }
}

function close() {
  for (const image of document.querySelectorAll('img.printed')) image.remove();
  for (const details of document.querySelectorAll('details[data-opened]')) {
    details.open = false;
    delete details.dataset.opened;
  }
}

export function preparePrint() {
  addEventListener('beforeprint', open);
  addEventListener('afterprint', close);
}

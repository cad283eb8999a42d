// What pages that show a scan by depth share. The page that includes this gives `picture` (width, height and rows of a tile, in its px),
// GUTTER (css px of the window left of the scan), PALE (how much of the scan's ink is shown), MODES (zooms: "fit" and numbers), `draw` and `drawLanes`.
const byId = (id) => document.getElementById(id);
const view = byId("view"), canvas = byId("log"), rail = byId("rail"), context = canvas.getContext("2d");

// -- Numbers -----------------------------------------------------------------------------------------------------------------------------
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
function bytesOf(id) {
  const text = atob(byId(id).textContent), bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
/** Piecewise linear through knots; beyond them constant, or going on. */
function along(x, xs, ys, goOn = false) {
  if (xs.length === 1) return ys[0];
  let low = 0, high = xs.length - 2;
  while (low < high) { const middle = (low + high + 1) >> 1; if (xs[middle] <= x) low = middle; else high = middle - 1; }
  const part = (x - xs[low]) / (xs[low + 1] - xs[low]);
  return ys[low] + (goOn ? part : clamp(part, 0, 1)) * (ys[low + 1] - ys[low]);
}
/** Round numbers from one to another, at least so many css px apart where the whole way is `length` css px. */
function roundNumbers(from, to, length, apart) {
  const least = Math.abs((to - from) / length) * apart, power = 10 ** Math.floor(Math.log10(least));
  const pace = power * [1, 2, 5, 10].find((factor) => factor * power >= least * 0.9999), found = [], decimals = Math.max(0, -Math.floor(Math.log10(pace) + 1e-9));
  for (let turn = Math.ceil(from / pace); turn * pace <= to; turn++) found.push({ value: turn * pace, text: (turn * pace).toFixed(decimals) });
  return found;
}

// -- Elements: text and attributes only, so that nothing of the sheet is ever read as markup ------------------------------------------------
function html(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

// -- View: the middle of it is at picture row scrollTop / zoom ---------------------------------------------------------------------------
let zoom = 1, mode = "fit", asked = false, arrived = null, tileCount = 0; // the last until the page has its picture
const middle = () => view.scrollTop / zoom;
const toX = (x) => GUTTER - view.scrollLeft + x * zoom;
const toY = (y) => view.clientHeight / 2 - view.scrollTop + y * zoom;
const railY = (y) => y / picture.height * rail.clientHeight;
function scrollTo(top) { view.scrollTop = clamp(top, 0, picture.height * zoom); redraw(); }
function centre(y) { scrollTo(y * zoom); arrived = view.scrollTop; }
function layOut(y = middle()) {
  const ratio = devicePixelRatio || 1, width = view.clientWidth, height = view.clientHeight;
  zoom = mode === "fit" ? Math.max(50, width - GUTTER) / picture.width : Number(mode);
  byId("paper").style.width = `${mode === "fit" ? width : Math.max(width, GUTTER + picture.width * zoom)}px`;
  byId("paper").style.height = `${picture.height * zoom + height}px`;
  [canvas.style.width, canvas.style.height] = [`${width}px`, `${height}px`];
  for (const target of [canvas, rail]) [target.width, target.height] = [target.clientWidth, target.clientHeight].map((size) => Math.round(size * ratio));
  for (const id of MODES) byId(`zoom-${id}`).setAttribute("aria-pressed", String(id === mode));
  const shrunk = Math.round(picture.width * zoom * ratio);
  tiles.resize(shrunk < 0.75 * picture.width ? shrunk : null);
  drawLanes();
  centre(y);
}
function setZoom(next) { const y = middle(); mode = next; layOut(y); }
function redraw() {
  if (asked) return;
  asked = true;
  view.setAttribute("aria-busy", "true");
  requestAnimationFrame(() => { asked = false; if (canvas.width && canvas.height) draw(); }); // a window may be shut to nothing
}

// -- Tiles: decoded when they are near, let go when they are not -------------------------------------------------------------------------
/** Pictures of tiles, `resized` columns wide or as they are; `changed` is called when one has been decoded. */
function tileKeeper(changed) {
  const held = new Map(), AT_ONCE = 3; // so that what was scrolled past is not waited for
  let resized = null, wanted = [], loading = 0;
  async function load(index) {
    const slot = { bitmap: null }, rows = Math.min(picture.tile, picture.height - index * picture.tile);
    held.set(index, slot);
    const size = resized && { resizeWidth: resized, resizeHeight: Math.max(1, Math.round(rows * resized / picture.width)), resizeQuality: "high" };
    const bitmap = await createImageBitmap(new Blob([bytesOf(`tile-${index}`)], { type: "image/png" }), size ?? {});
    if (held.get(index) !== slot) return bitmap.close(); // scrolled past meanwhile
    slot.bitmap = bitmap;
    changed();
  }
  function loadNext() {
    const index = wanted.find((one) => !held.has(one));
    if (index === undefined || loading === AT_ONCE) return;
    loading++;
    load(index).finally(() => { loading--; loadNext(); });
    loadNext();
  }
  /** Have tiles first to last, the others gone; `apron` more on either side are decoded when those are there. */
  function keep(first, last, apron = 0) {
    const from = Math.max(0, first - apron), to = Math.min(last + apron, tileCount - 1);
    for (const [index, { bitmap }] of held) if (index < from || index > to) { bitmap?.close(); held.delete(index); }
    wanted = Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i).sort((a, b) => (a < first || a > last) - (b < first || b > last));
    loadNext();
  }
  function resize(width) {
    if (width === resized) return;
    resized = width;
    keep(0, -1);
  }
  return { keep, resize, bitmap: (index) => held.get(index)?.bitmap };
}
const tiles = tileKeeper(redraw);
/** Draw the scan's rows between two picture rows; whether all of them were there. */
function drawScan(top, base) {
  tileCount = Math.ceil(picture.height / picture.tile);
  const first = clamp(Math.floor(top / picture.tile), 0, tileCount - 1), last = clamp(Math.floor(base / picture.tile), 0, tileCount - 1);
  tiles.keep(first, last, 1);
  context.fillStyle = "#fff";
  context.fillRect(toX(0), toY(0), picture.width * zoom, picture.height * zoom);
  context.globalAlpha = PALE; // so that colour shows on ink
  context.imageSmoothingQuality = "high";
  let whole = true;
  for (let index = first; index <= last; index++) {
    const bitmap = tiles.bitmap(index);
    if (!bitmap) { whole = false; continue; }
    // A tile ends on a whole px where the next one begins, so that no seam shows.
    const ratio = canvas.width / view.clientWidth, snap = (y) => Math.round(toY(y) * ratio) / ratio, from = snap(index * picture.tile);
    context.drawImage(bitmap, toX(0), from, picture.width * zoom, snap(Math.min((index + 1) * picture.tile, picture.height)) - from);
  }
  context.globalAlpha = 1;
  return whole;
}

// -- Rail: the whole log at one glance, which the page draws into `lanes`, and what of it is in view ----------------------------------------
const lanes = document.createElement("canvas");
function drawRail(top, base) {
  const paint = rail.getContext("2d"), ratio = rail.width / rail.clientWidth, width = rail.width / ratio;
  paint.setTransform(1, 0, 0, 1, 0, 0);
  paint.drawImage(lanes, 0, 0);
  paint.setTransform(ratio, 0, 0, ratio, 0, 0);
  const height = Math.max(6, railY(base) - railY(top)), from = railY((top + base) / 2) - height / 2;
  paint.fillStyle = "rgb(26 95 180 / .12)";
  paint.fillRect(0, from, width, height);
  Object.assign(paint, { strokeStyle: "#1a5fb4", lineWidth: 1.5 });
  paint.strokeRect(1, from, width - 2, height);
}
const follow = ({ offsetY, buttons }) => { if (buttons & 1) scrollTo(offsetY / rail.clientHeight * picture.height * zoom); };
rail.addEventListener("pointerdown", (event) => { rail.setPointerCapture(event.pointerId); follow(event); });
rail.addEventListener("pointermove", follow);
/** Begin: the zoom buttons work, and the page is laid out whenever its window changes. */
function openView() {
  for (const id of MODES) byId(`zoom-${id}`).addEventListener("click", () => setZoom(id));
  layOut(0);
  new ResizeObserver(() => layOut()).observe(view);
}

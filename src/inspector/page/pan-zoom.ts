import { narrow } from './elements.js';

const MIN_SCALE = 0.15;
const MAX_SCALE = 3;
/** Limits the size of small charts on large screens. */
const MAX_FIT_SCALE = 1.25;
/**
 * Text below this scale is not legible. A chart that would be smaller opens at this scale, centered on its active
 * state.
 */
const READABLE_SCALE = { wide: 0.5, phone: 0.65 } as const;
const MARGIN = 20;
const KEY_STEP = 60;

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Pans and zooms an SVG: wheel, drag, two-finger pinch, keys + - 0, and the arrow keys while it has the focus. */
export class PanZoom {
  readonly #frame: SVGSVGElement;
  readonly #content: SVGGElement;
  readonly #pointers = new Map<number, { x: number; y: number }>();
  #size: Size = { width: 1, height: 1 };
  #center: { readonly x: number; readonly y: number } | undefined;
  #x = 0;
  #y = 0;
  #scale = 1;
  #isTouched = false;

  constructor(frame: SVGSVGElement, content: SVGGElement) {
    this.#frame = frame;
    this.#content = content;
    frame.addEventListener(
      'wheel',
      (event) => {
        event.preventDefault();
        this.#zoomAt(Math.exp(-event.deltaY * 0.0015), event.clientX, event.clientY);
      },
      { passive: false },
    );
    frame.addEventListener('pointerdown', (event) => {
      frame.setPointerCapture(event.pointerId);
      this.#pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    });
    frame.addEventListener('pointermove', (event) => {
      this.#moved(event);
    });
    for (const end of ['pointerup', 'pointercancel'] as const)
      frame.addEventListener(end, ({ pointerId }) => this.#pointers.delete(pointerId));
    frame.addEventListener('keydown', (event) => {
      if (this.#arrow(event.key)) event.preventDefault();
    });
    new ResizeObserver(() => {
      if (!this.#isTouched) this.#show(readableScale());
    }).observe(frame);
  }

  /** Opens a new drawing. @param center the point to show if the whole drawing is not legible */
  open({ width, height }: Size, center: { readonly x: number; readonly y: number } | undefined): void {
    this.#size = { width, height };
    this.#center = center;
    this.#show(readableScale());
  }

  /** Fits the whole drawing. */
  fit(): void {
    this.#show(MIN_SCALE);
  }

  /** @param factor above 1 comes nearer */
  zoom(factor: number): void {
    const { left, top, width, height } = this.#frame.getBoundingClientRect();
    this.#zoomAt(factor, left + width / 2, top + height / 2);
  }

  /** @returns whether the key was + - or 0 */
  pressed(key: string): boolean {
    switch (key) {
      case '+':
      case '=':
        this.zoom(1.25);
        return true;
      case '-':
        this.zoom(0.8);
        return true;
      case '0':
        this.fit();
        return true;
      default:
        return false;
    }
  }

  #show(minScale: number): void {
    const { width, height } = this.#frame.getBoundingClientRect();
    if (width === 0 || height === 0) return;
    const { width: ownWidth, height: ownHeight } = this.#size;
    const fitting = Math.min((width - 2 * MARGIN) / ownWidth, (height - 2 * MARGIN) / ownHeight, MAX_FIT_SCALE);
    this.#scale = Math.max(fitting, minScale);
    this.#x = placed(width, ownWidth * this.#scale, (this.#center?.x ?? 0) * this.#scale);
    this.#y = placed(height, ownHeight * this.#scale, (this.#center?.y ?? 0) * this.#scale);
    this.#isTouched = false;
    this.#apply();
  }

  #zoomAt(factor: number, clientX: number, clientY: number): void {
    const { left, top } = this.#frame.getBoundingClientRect();
    const scale = Math.max(MIN_SCALE, Math.min(MAX_SCALE, this.#scale * factor));
    const [x, y] = [clientX - left, clientY - top];
    this.#x = x - ((x - this.#x) * scale) / this.#scale;
    this.#y = y - ((y - this.#y) * scale) / this.#scale;
    this.#scale = scale;
    this.#isTouched = true;
    this.#apply();
  }

  #moved({ pointerId, clientX, clientY }: PointerEvent): void {
    const before = this.#pointers.get(pointerId);
    if (before === undefined) return;
    const other = [...this.#pointers].find(([id]) => id !== pointerId)?.[1];
    if (other === undefined) this.#pan(clientX - before.x, clientY - before.y);
    else {
      const was = Math.hypot(before.x - other.x, before.y - other.y);
      const is = Math.hypot(clientX - other.x, clientY - other.y);
      if (was > 0) this.#zoomAt(is / was, (clientX + other.x) / 2, (clientY + other.y) / 2);
    }
    this.#pointers.set(pointerId, { x: clientX, y: clientY });
  }

  #pan(x: number, y: number): void {
    this.#x += x;
    this.#y += y;
    this.#isTouched = true;
    this.#apply();
  }

  /** @returns whether the key moved the drawing */
  #arrow(key: string): boolean {
    switch (key) {
      case 'ArrowLeft':
        this.#pan(KEY_STEP, 0);
        return true;
      case 'ArrowRight':
        this.#pan(-KEY_STEP, 0);
        return true;
      case 'ArrowUp':
        this.#pan(0, KEY_STEP);
        return true;
      case 'ArrowDown':
        this.#pan(0, -KEY_STEP);
        return true;
      default:
        return false;
    }
  }

  #apply(): void {
    this.#content.setAttribute('transform', `translate(${this.#x} ${this.#y}) scale(${this.#scale})`);
  }
}

/**
 * Returns the offset of the content in the view: centered if it fits, else so that `center` is in the middle and no
 * space is wasted.
 */
function placed(length: number, size: number, center: number): number {
  if (size + 2 * MARGIN <= length) return (length - size) / 2;
  return Math.min(MARGIN, Math.max(length - MARGIN - size, length / 2 - center));
}

function readableScale(): number {
  return narrow.matches ? READABLE_SCALE.phone : READABLE_SCALE.wide;
}

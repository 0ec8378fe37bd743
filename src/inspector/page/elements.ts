// Element builders. Data from the network is inserted as text, never as markup.

type Attributes = Readonly<Record<string, string>>;
type Child = Node | string;

const SVG = 'http://www.w3.org/2000/svg';

export function html<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  return filled(document.createElement(tag), attributes, children);
}

export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[K] {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

export function button(label: string, press: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const made = html('button', { type: 'button', ...attributes }, label);
  made.addEventListener('click', press);
  return made;
}

/**
 * Removes the focus from a form button after a pointer click, so that Space scrolls and does not click it again. A
 * button that was activated by a key keeps the focus.
 */
export function blurAfterClick(form: HTMLElement): void {
  form.addEventListener('click', ({ detail, target }) => {
    if (detail > 0 && target instanceof Element) target.closest('button')?.blur();
  });
}

/** Submits a form once per key press, and not at each repetition of a held Enter key. */
export function ignoreHeldEnter(form: HTMLElement): void {
  const ignore = (event: KeyboardEvent): void => {
    if (!event.repeat || event.key !== 'Enter' || event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
  };
  form.addEventListener('keydown', ignore, { capture: true });
}

/** Sets the text only if it differs: unchanged text costs no layout. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function setAttribute(element: Element, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** Returns whether keys go into a field, so that single letters are input and not commands. */
export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement ||
    (target instanceof HTMLInputElement && !['range', 'checkbox', 'button'].includes(target.type))
  );
}

/** Below this width the page uses its phone layout: cards instead of tables, sheets instead of panels. */
export const narrow = window.matchMedia('(max-width: 699px)');

function filled<E extends Element>(element: E, attributes: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

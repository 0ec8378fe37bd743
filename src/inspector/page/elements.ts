// Builders of elements. Whatever comes from the network gets in as text and never as markup.

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
 * Takes the focus from a button of a form once a pointer has pressed it, so that Space, which scrolls, does not press it again.
 * A button that was pressed by a key keeps the focus.
 */
export function blurAfterClick(form: HTMLElement): void {
  form.addEventListener('click', ({ detail, target }) => {
    if (detail > 0 && target instanceof Element) target.closest('button')?.blur();
  });
}

/** Lets a key that is held down send a form once, and not with each repetition of Enter. */
export function ignoreHeldEnter(form: HTMLElement): void {
  const ignore = (event: KeyboardEvent): void => {
    if (!event.repeat || event.key !== 'Enter' || event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
  };
  form.addEventListener('keydown', ignore, { capture: true });
}

/** Writes only what is new: an unchanged text costs no layout. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function setAttribute(element: Element, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** Whether what is typed now goes into a field, so that single keys are letters and no commands. */
export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement ||
    (target instanceof HTMLInputElement && !['range', 'checkbox', 'button'].includes(target.type))
  );
}

/** Below this the page is a phone's: cards for tables, sheets for panels. */
export const narrow = window.matchMedia('(max-width: 699px)');

function filled<E extends Element>(element: E, attributes: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

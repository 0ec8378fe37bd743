export interface Family {
  readonly type: string;
  readonly help: string;
  /** By name and labels, unchanged: `clasp_errors_total{code="404"}`. */
  readonly samples: Map<string, number>;
}

const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
const SAMPLE = new RegExp(`^(([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(?:${LABEL}(?:,${LABEL})*)?\\})?) (\\S+)$`);

/**
 * Parses Prometheus's text format strictly.
 *
 * @throws Error for an invalid line, for a sample without a family, and for duplicates
 */
export function parseExposition(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const families = new Map<string, Family>();
  let help: { readonly name: string; readonly text: string } | undefined;
  let current: { readonly name: string; readonly family: Family } | undefined;
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const [, helped, helpText = ''] = /^# HELP (\S+) (.+)$/.exec(line) ?? [];
    const [, typed, type = ''] = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line) ?? [];
    if (helped !== undefined) {
      help = { name: helped, text: helpText };
    } else if (typed !== undefined) {
      if (help?.name !== typed || families.has(typed)) throw new Error(`${typed} has no help, or comes twice`);
      current = { name: typed, family: { type, help: help.text, samples: new Map() } };
      families.set(typed, current.family);
    } else {
      addSample(line, current);
    }
  }
  return families;
}

function addSample(line: string, current: { readonly name: string; readonly family: Family } | undefined): void {
  const [, key, name, number = ''] = SAMPLE.exec(line) ?? [];
  if (key === undefined || current === undefined) throw new Error(`no sample: ${line}`);
  const { family } = current;
  const names = family.type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
  if (!names.some((suffix) => current.name + suffix === name)) throw new Error(`not of ${current.name}: ${line}`);
  const value = /^(nan|[+-]?inf)$/i.test(number) ? Number.NaN : Number(number);
  if (family.samples.has(key) || (Number.isNaN(value) && !/^(nan|[+-]?inf)$/i.test(number))) throw new Error(line);
  family.samples.set(key, value);
}

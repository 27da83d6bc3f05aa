/** A search that Okta refuses with E0000031. */
export class UnreadableSearch extends Error {
  override readonly name = 'UnreadableSearch' as const;
}

type Resource = Readonly<Record<string, unknown>>;

const ATTRIBUTES = {
  user: ['id', 'status', ...named('login email firstName lastName displayName title department employeeNumber')],
  group: ['id', 'type', ...named('name description')],
} as const;

function named(attributes: string): string[] {
  return attributes.split(' ').map((name) => `profile.${name}`);
}

/** `attribute eq "text"`, several joined by `and`: what is used of Okta's `search`. Case does not count in the value. */
export function readSearch(search: string, kind: keyof typeof ATTRIBUTES): (resource: Resource) => boolean {
  const condition = /\s*([\w.]+) eq ("(?:[^"\\]|\\.)*")\s*/y;
  const wanted: { readonly path: string; readonly value: string }[] = [];
  let at = 0;
  while (at < search.length) {
    condition.lastIndex = at;
    const [, path = '', quoted = '""'] = condition.exec(search) ?? [];
    if (!ATTRIBUTES[kind].includes(path)) throw new UnreadableSearch('not a search that can be read');
    wanted.push({ path, value: (JSON.parse(quoted) as string).toLowerCase() });
    at = condition.lastIndex;
    if (at < search.length && !search.startsWith('and ', at))
      throw new UnreadableSearch('conditions are joined by and');
    at += at < search.length ? 'and '.length : 0;
  }
  return (resource) => wanted.every(({ path, value }) => textAt(resource, path).toLowerCase() === value);
}

function textAt(resource: Resource, path: string): string {
  const found = path.split('.').reduce<unknown>((from, name) => (from as Resource | undefined)?.[name], resource);
  return typeof found === 'string' ? found : '';
}

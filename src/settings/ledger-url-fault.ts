/** Each would end a part of the URL, or is none of its characters. */
const RESERVED = /[/?#[\]@:%\s]/g;

/**
 * What is wrong with the text of a `DATABASE_URL`, without any of its password; undefined: nothing. `new URL` alone says
 * "Invalid URL" of a password with a `/`, and takes one with a `#` for a shorter URL.
 */
export function faultOfDatabaseUrl(text: string): string | undefined {
  if (!/^postgres(ql)?:\/\//.test(text)) return 'does not begin with postgres://';
  const password = passwordIn(text);
  const reserved = [...new Set(password.replace(/%[0-9a-f]{2}/gi, '').match(RESERVED) ?? [])];
  if (reserved.length > 0)
    return `its password has ${reserved.map(named).join(', ')}, to be written as ${reserved.map(encoded).join(', ')}; or set PGHOST, PGUSER and PGPASSWORD instead`;
  // Without a host, as for a socket (`postgres:///ledger?host=/run/postgresql`), it is no URL to some.
  return URL.canParse(text) || /^postgres(ql)?:\/\/([^@/]*@)?\//.test(text) ? undefined : 'is not a URL';
}

/** Between the first `:` after the scheme and the last `@`, which no host or database has unencoded. */
function passwordIn(text: string): string {
  const authority = text.slice(text.indexOf('//') + 2);
  const userInfo = authority.slice(0, Math.max(0, authority.lastIndexOf('@')));
  const colon = userInfo.indexOf(':');
  return colon < 0 ? '' : userInfo.slice(colon + 1);
}

function named(character: string): string {
  return /\s/.test(character) ? 'white space' : `\`${character}\``;
}

function encoded(character: string): string {
  return `\`%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}\``;
}

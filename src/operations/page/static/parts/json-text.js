/** JSON as somebody writes it. */

/** @returns {{ data?: any, fault?: { path: string, message: string } }} */
export function readJson(text) {
  try {
    return { data: JSON.parse(text) };
  } catch (error) {
    return { fault: { path: '', message: `This is not JSON: ${placed(error.message, text)}` } };
  }
}

/** Browsers name the position; a person needs the line. */
function placed(message, text) {
  const position = /at position (\d+)/.exec(message)?.[1];
  if (position === undefined || /line \d+/.test(message)) return message;
  const before = text.slice(0, Number(position)).split('\n');
  return message.replace(/at position \d+/, `at line ${before.length}, column ${before.at(-1).length + 1}`);
}

/** Where the last name of the path stands in the text: from and to; the beginning where it is missing. */
export function whereIs(text, path) {
  const name = path.split('.').at(-1);
  const start = text.indexOf(JSON.stringify(name));
  return start < 0 ? [0, 0] : [start, lineEnd(text, start)];
}

function lineEnd(text, start) {
  const end = text.indexOf('\n', start);
  return end < 0 ? text.length : end;
}

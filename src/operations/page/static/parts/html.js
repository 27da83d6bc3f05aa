/** What every part and view is made with. */
import { Fragment, h, render } from '../vendor/preact.js';
import htm from '../vendor/htm.js';

export { Fragment, render };
export { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from '../vendor/hooks.js';

export const html = htm.bind(h);

/** Deliveries of the last hour, a bar a minute. */
import { html } from './html.js';
import { formatTime, plural } from './time.js';

const WIDTH = 600;
const HEIGHT = 110;
const SERIES = [
  ['accepted', 'accepted'],
  ['duplicates', 'duplicates'],
  ['refused', 'refused'],
];

export function Rate({ minutes }) {
  const totals = SERIES.map(([name]) => minutes.reduce((sum, minute) => sum + minute[name], 0));
  const highest = Math.max(1, ...minutes.map(sumOf));
  const step = WIDTH / Math.max(1, minutes.length);
  const words = SERIES.map(([, title], index) => `${totals[index]} ${title}`).join(', ');
  return html`<figure class="box rate">
    <figcaption>
      The last hour:
      ${SERIES.map(([name, title], index) => html` <span key=${name} class=${`key ${name}`}><strong>${totals[index]}</strong> ${title}</span>`)}
      <span class="faint">at most ${plural(highest, 'delivery', 'deliveries')} a minute</span>
    </figcaption>
    <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label=${`Deliveries a minute in the last hour: ${words}`}>
      ${minutes.map((minute, index) => html`<${Bar} key=${minute.at} ...${{ minute, x: index * step, width: step * 0.72, highest }} />`)}
    </svg>
    <p class="ends"><span>${minutes.length > 0 && formatTime(minutes[0].at)}</span><span>now</span></p>
  </figure>`;
}

const sumOf = (minute) => SERIES.reduce((sum, [name]) => sum + minute[name], 0);

function Bar({ minute, x, width, highest }) {
  let top = HEIGHT;
  return html`<g>
    <title>${formatTime(minute.at)}: ${SERIES.map(([name, title]) => `${minute[name]} ${title}`).join(', ')}</title>
    ${SERIES.map(([name]) => {
      const height = (minute[name] / highest) * HEIGHT;
      top -= height;
      return html`<rect key=${name} class=${name} x=${x} y=${top} width=${width} height=${height} />`;
    })}
  </g>`;
}

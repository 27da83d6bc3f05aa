import { medianOf, named, perSecondAt, ratioOf, type Results } from './results';
import { plain } from './targets';

const WIDTH = 720;
const LABEL_WIDTH = 150;
const BAR_HEIGHT = 18;
const GROUP_HEIGHT = 2 * BAR_HEIGHT + 14;
const TOP = 56;
const BARS = [
  { connections: 32, color: '#2f6f9f' },
  { connections: 128, color: '#8fb8d6' },
] as const;

/** Acknowledged deliveries of each variant as a share of the floor, an SVG for the docs. */
export function chartOf(results: Results): string {
  const floor = named(results, 'floor');
  const shown = results.variants.filter((variant) => variant.samples.some(({ accepted }) => accepted.size > 0));
  const scale = WIDTH - LABEL_WIDTH - 130;
  const groups = shown.map((variant, row) => {
    const y = TOP + row * GROUP_HEIGHT;
    const bars = BARS.map(({ connections, color }, index) => {
      const share = (floor && ratioOf(variant, floor, perSecondAt(connections))) ?? 0;
      const length = Math.round(Math.min(1.05, share) * scale);
      const top = y + index * BAR_HEIGHT;
      const words = `${plain(share)} · ${plain(medianOf(variant, perSecondAt(connections)))}/s`;
      return [
        `<rect x="${LABEL_WIDTH}" y="${top}" width="${length}" height="${BAR_HEIGHT - 3}" fill="${color}"/>`,
        `<text x="${LABEL_WIDTH + length + 6}" y="${top + 12}" class="figure">${words}</text>`,
      ].join('\n');
    });
    const label = `<text x="${LABEL_WIDTH - 10}" y="${y + BAR_HEIGHT + 4}" text-anchor="end">${variant.name}</text>`;
    return [label, ...bars].join('\n');
  });
  const height = TOP + shown.length * GROUP_HEIGHT + 10;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Acknowledged deliveries a second, as a share of the floor">
<style>text { font: 13px sans-serif; fill: #1c2733 } .figure { font-size: 11px; fill: #4a5865 }</style>
<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>
<text x="10" y="20">Acknowledged deliveries a second, as a share of the floor</text>
${BARS.map(
  ({ connections, color }, index) =>
    `<rect x="${10 + index * 130}" y="30" width="12" height="12" fill="${color}"/><text x="${28 + index * 130}" y="41" class="figure">${connections} connections</text>`,
).join('\n')}
${groups.join('\n')}
</svg>
`;
}

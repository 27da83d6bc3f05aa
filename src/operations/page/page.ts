/** The operations page: one shell for every view's address, and the files that it loads. They hold no data, and no secret. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import express, { type Request, type Response, type Router } from 'express';

/** What the page may load: itself alone. It has no script and no style inside its HTML. */
export const PAGE_SECURITY_POLICY = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'"],
  'img-src': ["'self'"],
  'connect-src': ["'self'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
} as const;

/** The addresses of its views; Express' patterns. Each has the same shell, and the page itself decides what to show. */
export const VIEW_PATHS = [
  '/',
  '/needs',
  '/leavers',
  '/leavers/:workflowId',
  '/recertifications',
  '/coaching',
  '/hires',
  '/quarantine',
  '/quarantine/:workflowId',
  '/leaderboard',
  '/progress',
  '/learners/:userId',
  '/cases/:workflowId',
  '/deliveries',
  '/observed',
  '/connectors',
  '/audit',
  '/health',
] as const;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

interface PageFile {
  readonly contentType: string;
  readonly plain: Buffer;
  readonly gzip: Buffer;
}

/** The routes of the page. Whoever mounts them sends the security policy with them. */
export function createPage(): Router {
  const sources = readSources();
  const { shell, files } = addressed(sources);
  const router = express.Router({ caseSensitive: true, strict: true });
  router.get(VIEW_PATHS as unknown as string[], (request, response) => {
    response.set('cache-control', 'no-cache');
    send(request, response, shell);
  });
  router.get('/page/*path', (request, response, next) => {
    const file = files.get(request.path);
    if (file === undefined) next();
    else {
      // The address has a digest of all files: what it says never changes.
      response.set('cache-control', 'public, max-age=31536000, immutable');
      send(request, response, file);
    }
  });
  return router;
}

/** How many bytes a browser loads that has nothing of the page yet. */
export function compressedSizeOfPage(): number {
  const { shell, files } = addressed(readSources());
  return [shell, ...files.values()].reduce((sum, { gzip }) => sum + gzip.length, 0);
}

/** The files by their path within the page: our own, and the two libraries. */
function readSources(): Map<string, Buffer> {
  const folder = join(__dirname, 'static');
  const own = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => extname(path) !== '')
    .sort()
    .map((path) => [path.replaceAll('\\', '/'), readFileSync(join(folder, path))] as const);
  return new Map([
    ...own,
    ['vendor/preact.js', vendor(require.resolve('preact'))],
    ['vendor/hooks.js', vendor(require.resolve('preact/hooks'))],
    ['vendor/htm.js', vendor(join(dirname(require.resolve('htm')), 'htm.module.js'))],
  ]);
}

/** A browser knows no package names, and an import map would have to be inside the HTML. */
function vendor(path: string): Buffer {
  const source = readFileSync(path, 'utf8').replace(/from ?"preact"/g, 'from"./preact.js"');
  return Buffer.from(source.replace(/^\/\/# sourceMappingURL=.*$/m, ''));
}

/** Gives each file its address. The shell names all modules, so that a browser asks for all of them at once. */
function addressed(sources: ReadonlyMap<string, Buffer>): { shell: PageFile; files: ReadonlyMap<string, PageFile> } {
  const hash = createHash('sha256');
  for (const [path, content] of sources) hash.update(`${path}\n`).update(content);
  const root = `/page/${hash.digest('hex').slice(0, 16)}/`;
  const files = new Map<string, PageFile>();
  for (const [path, content] of sources) {
    const contentType = CONTENT_TYPES[extname(path)];
    if (contentType !== undefined) files.set(`${root}${path}`, pageFile(contentType, content));
  }
  const modules = [...files.keys()].filter((path) => path.endsWith('.js'));
  const html = String(sources.get('index.html'))
    .replaceAll('{{root}}', root)
    .replace('{{modules}}', modules.map((path) => `<link rel="modulepreload" href="${path}" />`).join('\n    '));
  return { shell: pageFile('text/html; charset=utf-8', Buffer.from(html)), files };
}

function pageFile(contentType: string, plain: Buffer): PageFile {
  return { contentType, plain, gzip: gzipSync(plain, { level: 9 }) };
}

function send(request: Request, response: Response, { contentType, plain, gzip }: PageFile): void {
  const isGzip = request.acceptsEncodings('gzip') === 'gzip';
  response.set({ 'content-type': contentType, vary: 'accept-encoding' });
  if (isGzip) response.set('content-encoding', 'gzip');
  response.send(isGzip ? gzip : plain);
}

# All processes from one image: `docker run … receiver`, `docker run … worker`, `docker run … ops`.
FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev

FROM node:20-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/package.json ./
# The receiver's spool: mount a volume here.
RUN mkdir /data && chown node:node /data
ENV DATA_DIR=/data
USER node
ENTRYPOINT ["node", "dist/src/cli.js"]

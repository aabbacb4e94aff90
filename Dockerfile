# The version that tools/node pins, so that the image runs what the tests ran on.
ARG NODE_VERSION=26.10.0

FROM node:${NODE_VERSION}-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY server/package.json server/
# Does nothing here: this Node is new enough.
COPY tools/node/install.mjs tools/node/
RUN npm ci --omit=dev
COPY LICENSE ./
COPY env env
COPY server server

FROM node:${NODE_VERSION}-slim AS console
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY web/package.json web/
COPY tools/node/install.mjs tools/node/
RUN npm ci --workspace web
COPY web web
RUN node web/scripts/build.ts

FROM node:${NODE_VERSION}-slim
ENV APP_ENV=production NODE_ENV=production
WORKDIR /app
COPY --from=build /app /app
COPY --from=console /app/web/dist web/dist
# The one folder that the service writes to.
RUN mkdir data && chown node:node data
USER node
VOLUME /app/data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 8000}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "server/main.ts"]

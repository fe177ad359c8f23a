# The service for production. It brings no database: set DATABASE_URL. What the embedded one needs is left out.
# One image, three programs: the service (the default), `prefect-service worker`, `prefect-service migrate`.

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build

FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Optional is the embedded PostgreSQL alone.
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM node:24-bookworm-slim
ARG REVISION=unknown
LABEL org.opencontainers.image.title="prefect-service" \
      org.opencontainers.image.description="Durable workflow orchestration for a hotel" \
      org.opencontainers.image.version="1.0.0" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="MIT"
# On any address but loopback the service starts only with a key: set API_KEYS, or make one with `keys create`.
# DATA_DIR is used without a DATABASE_URL only, and then a start says what is missing.
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=8004 \
    DATA_DIR=/tmp/prefect-service
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json ./
COPY migrations ./migrations
COPY templates ./templates
COPY deployments ./deployments
# npm does this where it installs a package; here for `docker exec <container> prefect-service ...`.
RUN chmod 755 dist/src/cli/main.js && ln -s /app/dist/src/cli/main.js /usr/local/bin/prefect-service
USER node
EXPOSE 8004
# The service hears SIGTERM itself: it is process 1, no shell in between.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/readyz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/src/main.js"]

FROM node:26.10.0-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The runtime's builds for other systems are two thirds of its size.
RUN npm ci --omit=dev \
  && rm -rf node_modules/onnxruntime-node/bin/napi-v*/darwin node_modules/onnxruntime-node/bin/napi-v*/win32

FROM node:26.10.0-slim
# docker build --build-arg COMMIT=$(git rev-parse HEAD)
ARG COMMIT=
ENV NODE_ENV=production MALLOC_ARENA_MAX=2 ORT_DISABLE_TELEMETRY=1 BUILD_COMMIT=$COMMIT
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json LICENSE README.md ./
COPY docs/samples docs/samples
COPY models models
COPY migrations migrations
COPY src src
RUN mkdir data && chown node:node data
USER node
# The SQLite file, and the token of operators where OPS_TOKEN is not set.
VOLUME /app/data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.APP_PORT || 8000}/health/ready`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "src/main.ts"]

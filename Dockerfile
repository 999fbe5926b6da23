# The app and its commands. Build: docker build -t funnel .   Run: see compose.yaml and docs/deployment.md
FROM python:3.11-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE requirements.lock app.py ./
COPY review review
COPY checklists checklists
COPY data data
# the versions of the lock, without the tools for tests that it pins as well
RUN sed -E '/^ +--hash/d; s/ *\\$//' requirements.lock > constraints.txt
RUN pip install --no-cache-dir --prefix /install --constraint constraints.txt ".[postgres]"

FROM python:3.11-slim
RUN useradd --uid 10001 --create-home funnel && install -d -o funnel -g funnel -m 0700 /review /review/backups
COPY --from=build /install /usr/local
USER funnel
ENV FUNNEL_REVIEW=/review PYTHONUNBUFFERED=1
WORKDIR /review
VOLUME /review
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/healthz', timeout=8)"]
ENTRYPOINT ["review"]
CMD ["app", "--address", "0.0.0.0"]

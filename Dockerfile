# The API and the chat in one image; what runs is the command. Built and run nowhere in our tests: see README.
FROM python:3.11-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY eval eval
COPY finetune finetune
COPY generation generation
COPY ingest ingest
COPY retrieval retrieval
RUN pip install --no-cache-dir --prefix=/installed '.[chart,ocr,openai,postgres,serve,ui]'

FROM python:3.11-slim
# libgomp: FAISS and onnxruntime. Nothing else of the system is needed.
RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 vouch && mkdir /data && chown vouch /data
COPY --from=build /installed /usr/local
USER vouch
ENV VOUCH_LIBRARY=/data/library XDG_DATA_HOME=/data XDG_CACHE_HOME=/data/cache PYTHONUNBUFFERED=1
VOLUME /data
EXPOSE 8080 8501
HEALTHCHECK --interval=15s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import sys,urllib.request as u; sys.exit(u.urlopen('http://127.0.0.1:8080/healthz',timeout=2).status!=200)"]
CMD ["vouch", "serve", "--host", "0.0.0.0"]

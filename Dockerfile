# VeerNet with its weights: Prefect server, Prefect worker and Dask workers are all this image, each with a command of its own.
ARG PYTHON=3.11.15-slim-bookworm

FROM python:${PYTHON} AS build
# An index that has builds of torch for CPUs only makes the image some gigabytes smaller; GPU workers need the usual builds.
ARG PIP_EXTRA_INDEX_URL=""
ENV PIP_EXTRA_INDEX_URL=${PIP_EXTRA_INDEX_URL} PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/veernet
WORKDIR /src
# Wheels alone, at the versions of the lock; what the lock has for development stays out, because nothing asks for it.
COPY requirements.lock pyproject.toml README.md LICENSE ./
COPY flows flows
COPY tasks tasks
COPY veernet veernet
RUN /opt/veernet/bin/pip install --only-binary :all: --constraint requirements.lock .

FROM python:${PYTHON}
# GDAL, in rasterio's wheel, is linked to the system's expat.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libexpat1 \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 10001 --user-group --create-home veernet \
    && install --directory --owner veernet --group veernet /app /work /certificates
COPY --from=build /opt/veernet /opt/veernet
COPY --chown=veernet:veernet prefect.yaml compose/health.py /app/
ENV PATH=/opt/veernet/bin:$PATH PYTHONUNBUFFERED=1 NUMBA_CACHE_DIR=/tmp/numba DO_NOT_TRACK=1
WORKDIR /app
USER veernet
CMD ["veernet", "--help"]

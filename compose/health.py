"""The health checks of the services whose images have no curl: ends with 0 where the service is well, with 1 where it is not.

``health.py http://127.0.0.1:4200/api/health`` asks a service; ``health.py`` alone asks the message broker whether the background services of the
Prefect server have told of themselves in the last minute, because they listen nowhere.
"""

import os
import sys
import time
import urllib.request

TIMEOUT_S = 5
SILENCE_S = 60


def answers(url: str) -> bool:
    """Whether a service answers 200."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=TIMEOUT_S) as response:
        return bool(response.status == 200)


def services_work() -> bool:
    """Whether a worker of the server's task queue has told of itself lately: it does so every few seconds."""
    from redis import Redis

    broker = Redis.from_url(os.environ["PREFECT_SERVER_DOCKET_URL"], socket_timeout=TIMEOUT_S)
    told = broker.zrange("prefect:workers", -1, -1, withscores=True)
    return bool(told) and time.time() - told[0][1] < SILENCE_S


if __name__ == "__main__":
    try:
        well = answers(sys.argv[1]) if len(sys.argv) > 1 else services_work()
    except Exception as error:  # noqa: BLE001 - whatever it is, the service is not well, and the engine keeps what is said
        sys.exit(f"{type(error).__name__}: {error}")
    sys.exit(0 if well else 1)

"""The doorbell: one queue on Redis, JSON only, and bells that can call nothing but `jobs.context.perform`."""

from collections.abc import Callable
from typing import Any

import redis
from rq import Queue
from rq.job import Job as RqJob
from rq.serializers import JSONSerializer

from config import Settings
from jobs import context

QUEUE = "kabinet"


class Bell(RqJob):
    """An RQ job that runs one function, whatever Redis says: who can write there must not run code here (T33)."""

    @property
    def func(self) -> Callable[..., Any]:
        """`perform`, or a refusal."""
        if self.func_name != context.BELL or self.instance:
            raise PermissionError(f"a bell may not call {self.func_name!r}")
        return context.perform

    @property
    def success_callback(self) -> None:
        """None are used, and none are read from Redis."""
        return None

    failure_callback = success_callback
    stopped_callback = success_callback

    def restore(self, raw_data: dict[Any, Any]) -> None:
        """As RQ's, without addresses to call."""
        super().restore(raw_data)
        self.webhooks = []


def connect(settings: Settings) -> redis.Redis:
    """A connection to Redis by the settings."""
    return redis.Redis.from_url(settings.redis, socket_connect_timeout=5)


def the_queue(connection: redis.Redis) -> Queue:
    """The one queue."""
    return Queue(QUEUE, connection=connection, serializer=JSONSerializer, job_class=Bell)

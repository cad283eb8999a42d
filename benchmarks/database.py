"""Rows of a PostgreSQL database, by table."""

from __future__ import annotations

import asyncio

import asyncpg


def database_rows(url: str) -> dict[str, int]:
    """Rows of every table."""

    async def count() -> dict[str, int]:
        connection = await asyncpg.connect(url)
        try:
            tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            names = sorted(row["tablename"] for row in tables)
            return {name: await connection.fetchval(f'SELECT count(*) FROM "{name}"') for name in names}
        finally:
            await connection.close()

    return asyncio.run(count())

# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A FastAPI application with PostgreSQL behind it: POSTGRESQL in the environment says how to connect. Its requests measure themselves."""
import json
import os
import threading

import psycopg2
from fastapi import FastAPI
from measured import Measured

LOCK_S = 0.08
ORDERS = "select id, customer, price::text, placed::text from orders order by md5(customer || id) limit 800"

app = FastAPI()
_mine = threading.local()


def connect():
    """This thread's connection."""
    if not hasattr(_mine, "connection"):
        _mine.connection = psycopg2.connect(os.environ["POSTGRESQL"])
        _mine.connection.autocommit = True
    return _mine.connection


def query(statement, *values):
    with connect().cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def reserve_stock():
    """What takes long in the database and nothing here."""
    return query("select pg_sleep(%s)", LOCK_S)


def fetch_orders():
    return query(ORDERS)


def format_order(row):
    key, customer, price, placed = row
    return {"id": key, "customer": customer.title(), "price": price, "placed": placed.replace(" ", "T"), "tags": sorted(customer)}


def serialize(orders, times):
    """Once for each client that wants them."""
    return sum(len(json.dumps([format_order(row) for row in orders])) for _ in range(times))


@app.get("/orders")
def list_orders(clients: int = 20):
    m = Measured("05")
    m.call(reserve_stock)
    orders = m.call(fetch_orders)
    m.call(serialize, orders, clients)
    return m.truth()


@app.get("/ready")
def ready():
    return len(fetch_orders())

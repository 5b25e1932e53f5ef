# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Flask whose requests measure themselves: /def/SLOT/OPERATIONS, see measured.py."""
import os

from flask import Flask
from measured import Measured

application = Flask(__name__)


@application.get("/hello")
def hello():
    return {"pid": os.getpid()}


@application.get("/def/<slot>/<path:operations>")
def do(slot, operations):
    return Measured(slot).operate(operations).truth()

# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Django, in one file, whose requests measure themselves: /do/SLOT/OPERATIONS is async, /def/… is not. `wsgi` and `asgi` are the applications."""
import os

import django
from async_operations import operate
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import path
from measured import Measured

settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="none", DEBUG=False,
                   MIDDLEWARE=["django.middleware.common.CommonMiddleware"])
django.setup()


def hello(_request):
    return JsonResponse({"pid": os.getpid()})


def do_in_thread(_request, slot, operations):
    return JsonResponse(Measured(slot).operate(operations).truth())


async def do(_request, slot, operations):
    return JsonResponse((await operate(Measured(slot), operations)).truth())


urlpatterns = [path("hello", hello), path("def/<slot>/<path:operations>", do_in_thread), path("do/<slot>/<path:operations>", do)]
wsgi, asgi = get_wsgi_application(), get_asgi_application()

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""plugins.py DIRECTORY [PORT]: loads libraries while it serves. Prints "port N".

/run/FILE/NAME/MS       load FILE of the directory if it is not there, call its NAME_work(MS)
/memory/FILE/NAME/MS    the same from memory that has no name in any file system
/unload/FILE            give it back
/exec                   become this program anew
/llvm/N                 have libLLVM parse a module of N functions
"""
import _ctypes
import ctypes
import http.server
import os
import sys

directory = sys.argv[1]
loaded = {}


def load(name, path):
    if name not in loaded:
        loaded[name] = ctypes.CDLL(path)
    return loaded[name]


def run(name, function, ms):
    return getattr(load(name, f"{directory}/{name}"), f"{function}_work")(int(ms))


def memory(name, function, ms):
    fd = os.memfd_create("plugin")
    with open(f"{directory}/{name}", "rb") as f:
        os.write(fd, f.read())
    return getattr(load(f"memory {name}", f"/proc/self/fd/{fd}"), f"{function}_work")(int(ms))


def unload(name):
    _ctypes.dlclose(loaded.pop(name)._handle)


def llvm(n):
    lib = load("llvm", "libLLVM-14.so.1")
    for f in "LLVMContextCreate", "LLVMCreateMemoryBufferWithMemoryRangeCopy":
        getattr(lib, f).restype = ctypes.c_void_p
    body = b"".join(b"define i32 @f%d(i32 %%a) {\n %%b = add i32 %%a, %d\n %%c = mul i32 %%b, %%a\n ret i32 %%c\n}\n" % (i, i) for i in range(int(n)))
    buffer = ctypes.c_void_p(lib.LLVMCreateMemoryBufferWithMemoryRangeCopy(body, ctypes.c_size_t(len(body)), b"m"))
    module, message = ctypes.c_void_p(), ctypes.c_void_p()
    return lib.LLVMParseIRInContext(ctypes.c_void_p(lib.LLVMContextCreate()), buffer, ctypes.byref(module), ctypes.byref(message))


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        what, *args = self.path.split("?")[0].strip("/").split("/")
        result = f"{actions[what](*args) if what in actions else ''}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(result)))
        self.end_headers()
        self.wfile.write(result)
        self.wfile.flush()
        if what == "exec":
            os.execv(sys.executable, [sys.executable, __file__, directory, str(server.server_port)])

    def log_message(self, *_):
        pass


actions = {"run": run, "memory": memory, "unload": unload, "llvm": llvm}
server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[2]) if len(sys.argv) > 2 else 0), Handler)
print(f"port {server.server_port}", flush=True)
server.serve_forever()

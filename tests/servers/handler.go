// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

// Go's net/http, over plain connections and over TLS with HTTP/2: handler ADDRESS TLS_ADDRESS CERTIFICATE KEY. A path names what is done,
// "/cpu:20/sleep:5/ask:10" in ms; "ask" asks the server itself to sleep. "status:404" answers so, "silent" says nothing at all, "take" takes the
// connection and answers by itself.
package main

import (
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

const clockThreadCPU = 3 // include/uapi/linux/time.h

// CPU time of the thread.
func clock() time.Duration {
	var t syscall.Timespec
	syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clockThreadCPU, uintptr(unsafe.Pointer(&t)), 0)
	return time.Duration(t.Nano())
}

//go:noinline
func compute(d time.Duration) int {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	n := 0
	for until := clock() + d; clock() < until; {
		for i := 0; i < 50000; i++ {
			n += i ^ n
		}
	}
	return n
}

func take(w http.ResponseWriter) {
	connection, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		fmt.Fprint(connection, "HTTP/1.1 418 I'm a teapot\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		connection.Close()
	}
}

func handle(w http.ResponseWriter, r *http.Request) {
	for _, part := range strings.Split(r.URL.Path[1:], "/") {
		name, ms, _ := strings.Cut(part, ":")
		n, _ := strconv.Atoi(ms)
		d := time.Duration(n) * time.Millisecond
		switch name {
		case "cpu":
			compute(d)
		case "sleep":
			time.Sleep(d)
		case "ask":
			answer, err := http.Get(fmt.Sprintf("http://%s/sleep:%d", os.Args[1], n))
			if err == nil {
				answer.Body.Close()
			}
		case "panic":
			panic(http.ErrAbortHandler)
		case "status":
			w.WriteHeader(n)
		case "silent":
			return
		case "take":
			take(w)
			return
		}
	}
	fmt.Fprintln(w, "done")
}

func main() {
	http.HandleFunc("/", handle)
	go http.ListenAndServeTLS(os.Args[2], os.Args[3], os.Args[4], nil)
	http.ListenAndServe(os.Args[1], nil)
}

<?php
// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Computes `cpu` ms by its own clock and as long again when the answer is complete but for its end, sleeps `sleep` ms, answers with `status`.

function used(): float
{
	$u = getrusage();

	return ($u["ru_utime.tv_sec"] + $u["ru_stime.tv_sec"]) * 1e3 + ($u["ru_utime.tv_usec"] + $u["ru_stime.tv_usec"]) / 1e3;
}

function compute(float $ms): void
{
	for ($end = used() + $ms; used() < $end;)
		for ($i = 0; $i < 2000; $i++)
			crc32((string)$i);
}

function wish(string $name, string $otherwise): string
{
	return $_GET[$name] ?? $otherwise;
}

register_shutdown_function(fn() => compute((float)wish("cpu", "0")));
http_response_code((int)wish("status", "200"));
compute((float)wish("cpu", "0"));
usleep((int)((float)wish("sleep", "0") * 1e3));
echo "done\n";

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * deep: C++ that never ends, for stacks: virtual calls, exceptions thrown through frames with destructors, std::sort with lambdas, large frames,
 * alloca, frames aligned for vectors, recursion through std::function, and a second thread that also sleeps and waits for a lock.
 */
#include <alloca.h>
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <immintrin.h>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#define NOINLINE __attribute__((noinline))

namespace {

volatile uint64_t sink;

NOINLINE uint64_t spin(uint64_t x, int rounds)
{
	for (int i = 0; i < rounds; i++)
		x = x * 6364136223846793005ULL + i;
	return x;
}

struct node {
	virtual ~node() = default;
	virtual uint64_t value(int depth) const = 0;
};

struct leaf final : node {
	uint64_t x;
	explicit leaf(uint64_t v) : x(v) {}
	NOINLINE uint64_t value(int depth) const override { return spin(x, 200 + depth); }
};

struct pair final : node {
	std::unique_ptr<node> left, right;
	pair(std::unique_ptr<node> l, std::unique_ptr<node> r) : left(std::move(l)), right(std::move(r)) {}
	NOINLINE uint64_t value(int depth) const override { return left->value(depth + 1) ^ right->value(depth + 1); }
};

std::unique_ptr<node> tree(int depth)
{
	if (!depth)
		return std::make_unique<leaf>(depth);
	return std::make_unique<pair>(tree(depth - 1), tree(depth - 1));
}

/* ---- exceptions ---- */

struct guard {
	uint64_t &count;
	~guard() { count = spin(count, 50); }
};

NOINLINE uint64_t thrower(int depth, uint64_t &count)
{
	guard g{count};
	std::string text(depth % 7 * 20, 'x');

	if (!depth)
		throw std::runtime_error(text + "bottom");
	return thrower(depth - 1, count) + text.size();
}

NOINLINE uint64_t catcher(int depth)
{
	uint64_t count = 1;

	try {
		return thrower(depth, count);
	} catch (const std::exception &e) {
		return count + strlen(e.what());
	}
}

/* ---- frames ---- */

NOINLINE uint64_t large(int depth)
{
	volatile char room[20000];

	room[depth] = depth;
	return depth ? large(depth - 1) + room[depth] : spin(room[0], 2000);
}

NOINLINE uint64_t sized(int depth, size_t n)
{
	volatile char *room = static_cast<volatile char *>(alloca(n));

	room[n - 1] = depth;
	return (depth ? sized(depth - 1, n + 24) : spin(n, 2000)) + room[n - 1];
}

__attribute__((noinline, target("avx2"))) uint64_t aligned(int depth, size_t n)
{
	alignas(64) volatile uint64_t lanes[16];
	volatile char *room = static_cast<volatile char *>(alloca(n));
	__m256i x = _mm256_set1_epi64x(depth + n);

	for (int i = 0; i < 100; i++)
		x = _mm256_add_epi64(x, _mm256_slli_epi64(x, 3));
	_mm256_store_si256((__m256i *)lanes, x);
	room[0] = depth;
	return (depth ? aligned(depth - 1, n + 8) : spin(lanes[3], 2000)) + lanes[1] + room[0];
}

/* ---- the library calls back ---- */

NOINLINE uint64_t sorted(size_t n)
{
	std::vector<uint64_t> v(n);
	uint64_t seed = 1, compared = 0;

	for (auto &x : v)
		x = seed = spin(seed, 3);
	std::sort(v.begin(), v.end(), [&](uint64_t a, uint64_t b) { compared++; return spin(a, 5) < spin(b, 5); });
	std::stable_sort(v.begin(), v.end(), [&](uint64_t a, uint64_t b) { compared++; return (a ^ 0x55) < (b ^ 0x55); });
	return compared;
}

NOINLINE uint64_t functions(int depth)
{
	std::function<uint64_t(int)> f = [&](int n) -> uint64_t { return n ? f(n - 1) + n : spin(n, 3000); };

	return f(depth);
}

NOINLINE uint64_t strings(int n)
{
	std::map<std::string, std::string> m;

	for (int i = 0; i < n; i++)
		m["key " + std::to_string(i * 7919 % n)] += std::string(i % 50, 'v') + std::to_string(i / 3.0);
	return m.size();
}

/* ---- a second thread ---- */

std::mutex lock;
std::condition_variable changed;
uint64_t generation;

void partner()
{
	for (uint64_t seen = 0;;) {
		std::unique_lock<std::mutex> hold(lock);

		changed.wait(hold, [&] { return generation != seen; });
		seen = generation;
		hold.unlock();
		sink = catcher(5) + sink;
		std::this_thread::sleep_for(std::chrono::microseconds(300));
	}
}

void tell()
{
	std::lock_guard<std::mutex> hold(lock);

	generation++;
	changed.notify_one();
}

} // namespace

int main()
{
	const auto root = tree(6);
	const bool vectors = __builtin_cpu_supports("avx2");

	std::thread(partner).detach();
	std::puts("ready");
	std::fflush(stdout);
	for (;;) {
		sink = root->value(0) + catcher(30) + large(20) + sized(30, 40) + sorted(500) + functions(40) + strings(200);
		if (vectors)
			sink = aligned(20, 33) + sink;
		tell();
	}
}

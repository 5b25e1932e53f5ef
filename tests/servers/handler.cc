// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The same in C++: templates, strings that know their length, a handler that is left by an exception ("/throw/"), one that ends by a jump to another
 * function ("/tail"), two of one name ("/twice").
 */
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace app {

struct Line {
	int number;
	std::string url;
};

template <class A, class B> struct Server {
	int handled = 0;
	int handle(const Line &line, B method);
	int view(std::string_view url);
};

template <class A, class B> [[gnu::noinline]] int Server<A, B>::handle(const Line &line, B method)
{
	if (line.url.rfind("/throw/", 0) == 0)
		throw std::runtime_error("left");
	handled++;
	return method[0] == 'A' ? 204 : 205;
}

template <class A, class B> [[gnu::noinline]] int Server<A, B>::view(std::string_view url)
{
	handled += url.size();
	return 206;
}

template struct Server<int, const char *>;

[[gnu::noinline]] int last(const Line &line, int status)
{
	return status + (line.url.back() == 'x');
}

[[gnu::noinline]] int tail(const Line &line, int status)
{
	return last(line, line.number + status);
}

[[gnu::noinline]] int twice(int n)
{
	return 2 * n;
}

[[gnu::noinline]] int twice(const Line &line)
{
	return 2 * line.url.size();
}

[[gnu::noinline]] int called(const Line &line)
{
	__asm__ volatile("" : : : "rbx");
	return line.number;
}

/* "/calls:N" */
int call(const Line &line)
{
	int status = 0;

	for (long n = std::stol(line.url.substr(7)); n > 0; n--) {
		status += called(line);
		__asm__ volatile("" : : : "memory");
	}
	return status;
}

int choose(Server<int, const char *> &server, const Line &line)
{
	if (line.url.rfind("/view", 0) == 0)
		return server.view(line.url);
	if (line.url.rfind("/tail", 0) == 0)
		return tail(line, 211);
	if (line.url.rfind("/twice", 0) == 0)
		return twice(100) + twice(line);
	if (line.url.rfind("/calls:", 0) == 0)
		return call(line);
	return server.handle(line, "ASK");
}

}

int main()
{
	app::Server<int, const char *> server;
	app::Line line{};

	while (std::getline(std::cin, line.url)) {
		int status = 500;

		try {
			status = choose(server, line);
		} catch (const std::exception &) {
		}
		std::cout << status << std::endl;
	}
}

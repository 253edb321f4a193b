/* SPDX-License-Identifier: MIT */
/*
 * A transform for objlens in C++: the first lines of a text. The payload is how many, 10 by default.
 *
 *   c++ -std=c++17 -O2 -fPIC -shared -fvisibility=hidden -I include -o first_lines.so \
 *       examples/cpp/first_lines.cpp
 *   objlens run ./first_lines.so --payload 2 < /etc/services
 *
 * No exception may leave a callback, since the host is C: nothing here throws.
 */
#include <objlens/transform.h>

#include <charconv>
#include <cstdio>
#include <cstring>
#include <new>

namespace {

struct Config {
    unsigned long lines = 10;
};

class Request {
public:
    Request(const objlens_host *host, objlens_call *call)
        : host_(host), call_(call), left_(static_cast<const Config *>(host->config(call))->lines)
    {
    }

    // What has been asked for ends with the last newline that counts; the rest is not even fetched.
    int write(const char *bytes, std::size_t size)
    {
        std::size_t taken = 0;
        while (left_ > 0 && taken < size) {
            const void *newline = std::memchr(bytes + taken, '\n', size - taken);
            if (!newline) {
                taken = size;
                break;
            }
            taken = static_cast<std::size_t>(static_cast<const char *>(newline) - bytes) + 1;
            left_--;
        }
        int rc = taken > 0 ? host_->emit(call_, bytes, taken) : OBJLENS_OK;
        return rc != OBJLENS_OK ? rc : left_ == 0 ? OBJLENS_DONE : OBJLENS_OK;
    }

private:
    const objlens_host *host_;
    objlens_call *call_;
    unsigned long left_;
};

int configure(const objlens_host *, const void *payload, std::size_t size, void **config,
              char *reason, std::size_t reason_size)
{
    auto *made = new (std::nothrow) Config;
    if (!made)
        return OBJLENS_ENOMEM;
    const char *text = static_cast<const char *>(payload);
    auto [end, error] = std::from_chars(text, text + size, made->lines);
    if (size > 0 && (error != std::errc() || end != text + size)) {
        delete made;
        std::snprintf(reason, reason_size, "the payload is a number of lines");
        return OBJLENS_EINVAL;
    }
    *config = made;
    return OBJLENS_OK;
}

void unconfigure(void *config)
{
    delete static_cast<Config *>(config);
}

int open(const objlens_host *host, objlens_call *call, void **instance)
{
    *instance = new (std::nothrow) Request(host, call);
    return *instance ? OBJLENS_OK : OBJLENS_ENOMEM;
}

int write(void *instance, const void *bytes, std::size_t size)
{
    return static_cast<Request *>(instance)->write(static_cast<const char *>(bytes), size);
}

int finish(void *)
{
    return OBJLENS_OK;
}

void close(void *instance)
{
    delete static_cast<Request *>(instance);
}

// C++17 has no designated initialisers: the fields are set by name in a function instead.
objlens_transform describe()
{
    objlens_transform t = {OBJLENS_TRANSFORM_HEAD};
    t.name = "first_lines";
    t.flags = OBJLENS_REENTRANT | OBJLENS_IGNORES_IDENTITY;
    t.open = open;
    t.write = write;
    t.finish = finish;
    t.close = close;
    t.configure = configure;
    t.unconfigure = unconfigure;
    return t;
}

} // namespace

const objlens_transform *objlens_transform_v1(void)
{
    static const objlens_transform transform = describe();
    return &transform;
}

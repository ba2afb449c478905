/* Addresses and prefixes, all as 16 bytes: IPv4 as ::ffff:a.b.c.d. */
#include "kernel/post_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

struct address {
    uint8_t b[16];
};
struct entry {
    struct address address;
    int prefix;   /* bits of the 128 */
    int64_t port; /* 0: any */
};

enum { V4_BITS = 96, ENTRY_MAX = 80 };

static struct address from_v4(const void *four)
{
    struct address a = { { [10] = 0xff, [11] = 0xff } };
    memcpy(a.b + 12, four, 4);
    return a;
}

static bool within(const struct address *a, const struct address *net, int prefix)
{
    const size_t whole = (size_t)prefix / 8;
    const int rest = prefix % 8;
    if (memcmp(a->b, net->b, whole) != 0)
        return false;
    const uint8_t mask = (uint8_t)(0xff << (8 - rest));
    return rest == 0 || (a->b[whole] & mask) == (net->b[whole] & mask);
}

static bool text_read(struct address *out, bool *v4, struct str text)
{
    char z[INET6_ADDRSTRLEN + 1];
    uint8_t four[4];
    if (text.n == 0 || text.n >= sizeof z)
        return false;
    snprintf(z, sizeof z, "%.*s", STR(text));
    *v4 = inet_pton(AF_INET, z, four) == 1;
    if (*v4)
        *out = from_v4(four);
    return *v4 || inet_pton(AF_INET6, z, out->b) == 1;
}

/* "10.0.0.0/8", "127.0.0.1:80", "[::1]:80", "fd00::/8". */
static bool entry_read(struct entry *out, struct str text)
{
    struct str address = text;
    struct str port = { 0 };
    struct str prefix = { 0 };
    *out = (struct entry){ .prefix = 128 };
    if (text.n > 0 && text.p[0] == '[') {
        struct str rest = str_from(text, 1);
        address = str_cut(&rest, ']');
        if (!rest.p || (rest.n > 0 && rest.p[0] != ':'))
            return false;
        port = rest.n > 0 ? str_from(rest, 1) : (struct str){ 0 };
    } else if (str_find(text, '.') < text.n && str_find(text, ':') < text.n) {
        struct str rest = text;
        address = str_cut(&rest, ':');
        port = rest;
    }
    if (str_find(address, '/') < address.n) {
        prefix = address;
        address = str_cut(&prefix, '/');
    }
    bool v4;
    int64_t bits = 0;
    if (!text_read(&out->address, &v4, address) || (port.p && !str_to_u63(&out->port, port)) ||
        out->port > 65535)
        return false;
    if (!prefix.p)
        return true;
    if (!str_to_u63(&bits, prefix) || bits > (v4 ? 32 : 128))
        return false;
    out->prefix = (int)bits + (v4 ? V4_BITS : 0);
    return true;
}

bool post_guard_valid(struct str allowed)
{
    struct entry entry;
    while (allowed.p) {
        struct str one = str_trim(str_cut(&allowed, ','));
        if (one.n > 0 && !entry_read(&entry, one))
            return false;
    }
    return true;
}

static bool is_allowed(const struct address *a, int64_t port, struct str allowed)
{
    struct entry entry;
    while (allowed.p) {
        struct str one = str_trim(str_cut(&allowed, ','));
        if (one.n > 0 && entry_read(&entry, one) && within(a, &entry.address, entry.prefix) &&
            (entry.port == 0 || entry.port == port))
            return true;
    }
    return false;
}

static bool is_inside(const struct address *a)
{
    static const char *const nets[] = {
        "0.0.0.0/8",     "10.0.0.0/8",      "100.64.0.0/10",  "127.0.0.0/8",    "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24",    "192.0.2.0/24",   "192.88.99.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",    "240.0.0.0/4",
        "::/128",        "::1/128",         "64:ff9b:1::/48", "100::/64",       "2001::/23",
        "2001:db8::/32", "2002::/16",       "fc00::/7",       "fe80::/10",      "fec0::/10",
        "ff00::/8",      "3fff::/20",
    };
    struct entry net;
    for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++)
        if (entry_read(&net, str_z(nets[i])) && within(a, &net.address, net.prefix))
            return true;
    return false;
}

enum post_place post_guard(const struct sockaddr *address, struct str allowed)
{
    static const struct address translated = { { 0, 0x64, 0xff, 0x9b } }; /* NAT64, RFC 6052 */
    static const struct address compatible = { { 0 } };                   /* ::a.b.c.d */
    struct address a;
    int64_t port;
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)address;
        a = from_v4(&in->sin_addr);
        port = ntohs(in->sin_port);
    } else if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const void *)address;
        memcpy(a.b, &in->sin6_addr, sizeof a.b);
        port = ntohs(in->sin6_port);
    } else {
        return POST_INSIDE;
    }
    if (is_allowed(&a, port, allowed))
        return POST_ALLOWED;
    if (is_inside(&a))
        return POST_INSIDE;
    if (!within(&a, &translated, V4_BITS) && !within(&a, &compatible, V4_BITS))
        return POST_OUTSIDE;
    const struct address inner = from_v4(a.b + 12);
    return is_inside(&inner) ? POST_INSIDE : POST_OUTSIDE;
}

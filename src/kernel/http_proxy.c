/* Who stands behind a proxy that is trusted. Anybody can write X-Forwarded-For; only what a trusted
 * proxy has added at its end is known. Pure functions; see http_impl.h. */
#include <arpa/inet.h>

#include "kernel/http_impl.h"

/* "[::1]:8443" and "10.0.0.1:80" without what is not the address. */
static struct str without_port(struct str text)
{
    if (text.n > 0 && text.p[0] == '[') {
        struct str rest = str_from(text, 1);
        return str_cut(&rest, ']');
    }
    const size_t colon = str_find(text, ':');
    const bool one =
        colon < text.n && str_find(str_from(text, colon + 1), ':') == str_from(text, colon + 1).n;
    return one ? (struct str){ text.p, colon } : text;
}

bool http_address_read(char out[HTTP_ADDRESS_SIZE], struct str text)
{
    char z[HTTP_ADDRESS_SIZE];
    struct in_addr v4;
    struct in6_addr v6;
    const struct str bare = without_port(text);
    if (bare.n == 0 || bare.n >= sizeof z)
        return false;
    memcpy(z, bare.p, bare.n);
    z[bare.n] = '\0';
    if (inet_pton(AF_INET, z, &v4) == 1)
        return inet_ntop(AF_INET, &v4, out, HTTP_ADDRESS_SIZE) != NULL;
    if (inet_pton(AF_INET6, z, &v6) != 1)
        return false;
    if (!IN6_IS_ADDR_V4MAPPED(&v6))
        return inet_ntop(AF_INET6, &v6, out, HTTP_ADDRESS_SIZE) != NULL;
    memcpy(&v4, v6.s6_addr + 12, sizeof v4);
    return inet_ntop(AF_INET, &v4, out, HTTP_ADDRESS_SIZE) != NULL;
}

enum outcome http_proxies_read(struct http_proxies *out, const char *list, struct err *e)
{
    struct str rest = str_z(list);
    out->n = 0;
    while (rest.n > 0) {
        const struct str item = str_trim(str_cut(&rest, ','));
        if (out->n == HTTP_PROXIES_MAX || !http_address_read(out->address[out->n], item))
            return REFUSE(e, "http.malformed_proxy", { "address", item });
        out->n++;
    }
    return OK;
}

bool http_proxies_have(const struct http_proxies *p, struct str address)
{
    for (size_t i = 0; i < p->n; i++)
        if (str_is(address, p->address[i]))
            return true;
    return false;
}

/* The part behind the last comma; *rest is what stands before it, absent at the end. */
static struct str last_item(struct str *rest)
{
    size_t at = rest->n;
    while (at > 0 && rest->p[at - 1] != ',')
        at--;
    const struct str item = str_trim(str_from(*rest, at));
    *rest = at > 0 ? (struct str){ rest->p, at - 1 } : (struct str){ 0 };
    return item;
}

struct str http_forwarded_peer(const struct http_proxies *p, struct arena *a, struct str peer,
                               struct str forwarded_for)
{
    char address[HTTP_ADDRESS_SIZE];
    struct str rest = forwarded_for;
    while (rest.p && http_proxies_have(p, peer)) {
        if (!http_address_read(address, last_item(&rest)))
            return peer;
        peer = arena_str(a, str_z(address));
    }
    return peer;
}

/* --- Accept-Language --- */

/* "de-AT;q=0.8": *weight in thousandths; 0 for what is malformed. */
static struct str language_read(struct str item, int *weight)
{
    struct str rest = item;
    const struct str tag = str_trim(str_cut(&rest, ';'));
    *weight = 1000;
    rest = str_trim(rest);
    if (rest.n == 0)
        return tag;
    *weight = 0;
    if (!str_starts(rest, S("q=")) || rest.n < 3 || (rest.p[2] != '0' && rest.p[2] != '1'))
        return tag;
    int value = rest.p[2] == '1' ? 1000 : 0;
    int unit = 100;
    for (size_t i = 4; i < rest.n && unit > 0 && rest.p[3] == '.'; i++, unit /= 10) {
        if (rest.p[i] < '0' || rest.p[i] > '9')
            return tag;
        value += (rest.p[i] - '0') * unit;
    }
    *weight = value > 1000 ? 0 : value;
    return tag;
}

struct str http_language_choose(struct str header, bool (*speaks)(struct str language))
{
    struct str best = S("en");
    int most = 0;
    while (header.p) {
        int weight;
        struct str tag = language_read(str_cut(&header, ','), &weight);
        const struct str primary = str_cut(&tag, '-');
        if (weight > most && primary.n > 0 && speaks(primary)) {
            most = weight;
            best = primary;
        }
    }
    return best;
}

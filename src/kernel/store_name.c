#include "kernel/store_name.h"

#include <libpq-fe.h>
#include <stdio.h>

static const struct str schemes[] = { { "postgres://", 11 }, { "postgresql://", 13 } };

static const struct str *scheme_of(const char *name)
{
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (str_starts(str_z(name), schemes[i]))
            return &schemes[i];
    return NULL;
}

bool store_name_is_url(const char *name)
{
    return scheme_of(name) != NULL;
}

/* %XX into bytes, with a NUL behind them; false when it does not fit or is not well formed. */
static bool decode(char *out, size_t size, struct str in)
{
    size_t n = 0;
    for (size_t i = 0; i < in.n; i++) {
        int byte = (unsigned char)in.p[i];
        if (byte == '%') {
            const int high = i + 2 < in.n ? str_hex_digit(in.p[i + 1]) : -1;
            const int low = high < 0 ? -1 : str_hex_digit(in.p[i + 2]);
            byte = low < 0 ? 0 : 16 * high + low;
            i += 2;
        }
        if (byte == 0 || n + 1 >= size)
            return false;
        out[n++] = (char)byte;
    }
    out[n] = '\0';
    return true;
}

static bool schema_valid(const char *schema)
{
    const size_t n = strspn(schema, "abcdefghijklmnopqrstuvwxyz0123456789_-");
    return n > 0 && schema[n] == '\0' && schema[0] != '-';
}

/* Authority and path: as they are for libpq, shown without what stands between ':' and '@'. */
static void put_place(struct buf *libpq, struct buf *shown, struct str place)
{
    const struct str authority = { place.p, str_find(place, '/') };
    size_t at = authority.n;
    while (at > 0 && authority.p[at - 1] != '@')
        at--;
    const struct str user = { place.p, at > 0 ? at - 1 : 0 };
    buf_str(libpq, place);
    buf_str(shown, (struct str){ user.p, str_find(user, ':') });
    buf_str(shown, str_from(place, user.n));
}

/* Parameters that hold no secret, of libpq and of ours. What a newer libpq takes is not among them
 * until somebody has looked. */
static bool may_be_shown(struct str key)
{
    static const char *const harmless[] = {
        "host",    "hostaddr",        "port",       "user",
        "dbname",  "connect_timeout", "sslmode",    "target_session_attrs",
        "sslcert", "sslrootcert",     "gssencmode", "application_name",
        "schema",  "files",           "unverified", "load_balance_hosts",
    };
    for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++)
        if (str_is(key, harmless[i]))
            return true;
    return false;
}

static bool put_parameters(struct store_url *out, struct buf *libpq, struct buf *shown,
                           struct str query)
{
    size_t n = 0, nshown = 0;
    while (query.p != NULL) {
        struct str value = str_cut(&query, '&');
        const struct str whole = value;
        const struct str key = str_cut(&value, '=');
        if (str_is(key, "schema")) {
            if (!decode(out->schema, sizeof out->schema, value) || !schema_valid(out->schema))
                return false;
        } else if (str_is(key, "files")) {
            if (!decode(out->files, sizeof out->files, value))
                return false;
        } else if (str_is(key, "unverified")) {
            out->unverified = str_is(value, "yes");
            if (!out->unverified && !str_is(value, "no"))
                return false;
        } else if (whole.n > 0) {
            buf_char(libpq, n++ == 0 ? '?' : '&');
            buf_str(libpq, whole);
        }
        if (!may_be_shown(key))
            continue;
        buf_char(shown, nshown++ == 0 ? '?' : '&');
        buf_str(shown, whole);
    }
    return true;
}

/* What libpq would not understand it would repeat in its error, password and all. Files that are
 * not named: the database's name in the folder where we run; "vein" when libpq chooses one by the
 * user's. */
static bool understood(struct store_url *out)
{
    char *ignored = NULL;
    PQconninfoOption *options = PQconninfoParse(out->libpq, &ignored);
    const char *name = NULL;
    PQfreemem(ignored); /* it may hold the password */
    if (options == NULL)
        return false;
    for (const PQconninfoOption *o = options; o->keyword != NULL; o++)
        if (strcmp(o->keyword, "dbname") == 0)
            name = o->val;
    if (name == NULL || *name == '\0')
        name = "vein";
    const bool named = out->files[0] != '\0';
    const int n = named ? 0 : snprintf(out->files, sizeof out->files, "%s", name);
    const bool fits = named || ((size_t)n < sizeof out->files && strchr(name, '/') == NULL);
    PQconninfoFree(options);
    return fits;
}

static bool url_read(struct store_url *out, const char *name)
{
    const struct str *scheme = scheme_of(name);
    struct buf libpq = buf_over(out->libpq, sizeof out->libpq - 1);
    struct buf shown = buf_over(out->shown, sizeof out->shown - 1);
    if (scheme == NULL)
        return false;
    struct str query = str_from(str_z(name), scheme->n);
    const struct str place = str_cut(&query, '?');
    buf_str(&libpq, *scheme);
    buf_str(&shown, *scheme);
    /* A '/' within a password would end the authority before it. */
    const struct str path = str_from(place, str_find(place, '/'));
    if (str_find(path, '@') < path.n)
        return false;
    put_place(&libpq, &shown, place);
    if (!put_parameters(out, &libpq, &shown, query) || !buf_ok(&libpq) || !buf_ok(&shown))
        return false;
    out->libpq[libpq.n] = '\0';
    out->shown[shown.n] = '\0';
    return understood(out);
}

/* What is not understood is not repeated: it may hold a password. */
enum outcome store_url_read(struct store_url *out, const char *name, struct err *e)
{
    *out = (struct store_url){ .schema = "vein" };
    return url_read(out, name) ? OK : REFUSE(e, "store.name");
}

static enum outcome copy_name(char *out, size_t size, const char *name, struct err *e)
{
    const int n = snprintf(out, size, "%s", name);
    return n >= 0 && (size_t)n < size ? OK : REFUSE(e, "store.name");
}

enum outcome store_name_files(char *out, size_t size, const char *name, struct err *e)
{
    struct store_url url;
    if (!store_name_is_url(name))
        return copy_name(out, size, name, e);
    TRY(store_url_read(&url, name, e));
    return copy_name(out, size, url.files, e);
}

enum outcome store_name_shown(char *out, size_t size, const char *name, struct err *e)
{
    struct store_url url;
    if (!store_name_is_url(name))
        return copy_name(out, size, name, e);
    TRY(store_url_read(&url, name, e));
    return copy_name(out, size, url.shown, e);
}

/* -- Whom it leads to ------------------------------------------------------------------------- */

/* What libpq will go by: the URL, then the environment. What a service file says that the URL names
 * is not read here: it counts as said by nobody. */
static const char *setting(const char *name, const PQconninfoOption *url,
                           const PQconninfoOption *around)
{
    bool service = false;
    for (const PQconninfoOption *o = url; o->keyword != NULL; o++) {
        if (strcmp(o->keyword, name) == 0 && o->val != NULL)
            return o->val;
        service |= strcmp(o->keyword, "service") == 0 && o->val != NULL;
    }
    if (service)
        return "?";
    for (const PQconninfoOption *o = around; o->keyword != NULL; o++)
        if (strcmp(o->keyword, name) == 0 && o->val != NULL)
            return o->val;
    return "";
}

/* None and a path are sockets; 127. may begin a name, too. */
static bool is_here(struct str host)
{
    if (host.n == 0 || host.p[0] == '/' || host.p[0] == '@' || str_is(host, "localhost") ||
        str_is(host, "::1"))
        return true;
    return str_starts(host, S("127.")) && strspn(host.p, "0123456789.") >= host.n;
}

/* Hosts with commas between. */
static bool all_here(const char *hosts)
{
    struct str rest = str_z(hosts);
    while (rest.p != NULL)
        if (!is_here(str_cut(&rest, ',')))
            return false;
    return true;
}

static bool verified(const PQconninfoOption *url, const PQconninfoOption *around)
{
    return strcmp(setting("sslmode", url, around), "verify-full") == 0 ||
           (all_here(setting("host", url, around)) && all_here(setting("hostaddr", url, around)));
}

enum outcome store_url_check(const struct store_url *url, struct err *e)
{
    PQconninfoOption *options = PQconninfoParse(url->libpq, NULL);
    PQconninfoOption *around = PQconndefaults();
    const bool read = options != NULL && around != NULL;
    const bool good = url->unverified || (read && verified(options, around));
    PQconninfoFree(options);
    PQconninfoFree(around);
    if (!read)
        return err_no_memory(e);
    return good ? OK : REFUSE(e, "store.unverified", { "path", str_z(url->shown) });
}

/* The URL anew: libpq's part, and ours behind it. */
static enum outcome url_write(char *out, size_t size, const struct store_url *url, const char *tail,
                              struct err *e)
{
    struct buf b = buf_over(out, size - 1);
    buf_z(&b, url->libpq);
    buf_printf(&b, "%cschema=%s_%s&files=", strchr(url->libpq, '?') ? '&' : '?', url->schema, tail);
    for (const char *p = url->files; *p != '\0'; p++) {
        if (strchr("&%?=#", *p))
            buf_printf(&b, "%%%02x", (unsigned char)*p);
        else
            buf_char(&b, *p);
    }
    if (url->unverified)
        buf_z(&b, "&unverified=yes");
    if (!buf_ok(&b) || strlen(url->schema) + 1 + strlen(tail) > STORE_SCHEMA_MAX)
        return REFUSE(e, "store.name");
    out[b.n] = '\0';
    return OK;
}

enum outcome store_name_beside(char *out, size_t size, const char *name, const char *tail,
                               struct err *e)
{
    struct store_url url;
    if (store_name_is_url(name)) {
        TRY(store_url_read(&url, name, e));
        return url_write(out, size, &url, tail, e);
    }
    const int n = snprintf(out, size, "%s.%s", name, tail);
    return n >= 0 && (size_t)n < size ? OK : REFUSE(e, "store.name");
}

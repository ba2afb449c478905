/* The router: rows are split once at start, and a request is held against each. Where two rows
 * take a path, the one whose first differing segment is literal does. */
#include "kernel/http_impl.h"

#include <stdlib.h>

struct compiled {
    const struct route *route;
    struct str segments[HTTP_SEGMENTS_MAX]; /* "units", "{unit}", "{rest*}" */
    size_t nsegments;
};

struct http_router {
    struct compiled *rows;
    size_t n;
};

static bool is_param(struct str segment)
{
    return segment.n > 2 && segment.p[0] == '{';
}

/* "{rest*}": takes all segments that are left, at least one. */
static bool is_rest(struct str segment)
{
    return is_param(segment) && segment.p[segment.n - 2] == '*';
}

static bool segment_valid(struct str s, bool last)
{
    const bool param = s.n > 0 && s.p[0] == '{';
    if (param && (s.n < 3 || s.p[s.n - 1] != '}' || (is_rest(s) && (!last || s.n < 4))))
        return false;
    const size_t end = s.n - (param ? 1 + (size_t)is_rest(s) : 0);
    for (size_t i = param; i < end; i++) {
        const char c = s.p[i];
        if (c <= ' ' || c > '~' || strchr("{}%?#*\\", c))
            return false;
    }
    return true;
}

static bool compile(struct compiled *out, const struct route *route)
{
    struct str rest = str_z(route->path);
    size_t params = 0;
    out->route = route;
    if (rest.n == 0 || rest.p[0] != '/' || !route->method || !route->handler ||
        route->body_max > HTTP_BODY_MAX)
        return false;
    rest = str_from(rest, 1);
    while (rest.p) {
        if (out->nsegments == HTTP_SEGMENTS_MAX)
            return false;
        const struct str segment = str_cut(&rest, '/');
        params += is_param(segment);
        if (!segment_valid(segment, !rest.p) || params > HTTP_PATH_PARAMS_MAX)
            return false;
        out->segments[out->nsegments++] = segment;
    }
    return true;
}

/* Both rows take the same paths. */
static bool same_shape(const struct compiled *a, const struct compiled *b)
{
    if (a->nsegments != b->nsegments)
        return false;
    for (size_t i = 0; i < a->nsegments; i++) {
        const struct str x = a->segments[i];
        const struct str y = b->segments[i];
        if (is_param(x) != is_param(y) || is_rest(x) != is_rest(y) ||
            (!is_param(x) && !str_eq(x, y)))
            return false;
    }
    return true;
}

static enum outcome add_row(struct http_router *r, const struct route *route, struct err *e)
{
    struct compiled *row = &r->rows[r->n];
    const struct str method = route->method ? str_z(route->method) : S("");
    const struct str path = route->path ? str_z(route->path) : S("");
    if (!route->access || route->access[0] == '\0')
        return REFUSE(e, "http.no_access_rule", { "method", method }, { "path", path });
    if (!route->path || !compile(row, route))
        return REFUSE(e, "http.malformed_route", { "method", method }, { "path", path });
    for (size_t i = 0; i < r->n; i++) {
        if (str_is(method, r->rows[i].route->method) && same_shape(row, &r->rows[i]))
            return REFUSE(e, "http.route_twice", { "method", method }, { "path", path });
    }
    r->n++;
    return OK;
}

enum outcome http_router_new(struct http_router **out, const struct http_options *options,
                             struct err *e)
{
    size_t count = 0;
    for (size_t t = 0; t < options->ntables; t++)
        count += options->nroutes[t];
    BUG_ON(count > HTTP_ROUTES_MAX);
    struct http_router *r = calloc(1, sizeof *r);
    struct compiled *rows = calloc(count + 1, sizeof *rows);
    if (!r || !rows) {
        free(r);
        free(rows);
        return err_no_memory(e);
    }
    r->rows = rows;
    for (size_t t = 0; t < options->ntables; t++) {
        for (size_t i = 0; i < options->nroutes[t]; i++) {
            const enum outcome o = add_row(r, &options->routes[t][i], e);
            if (o != OK) {
                http_router_free(r);
                return o;
            }
        }
    }
    *out = r;
    return OK;
}

void http_router_free(struct http_router *r)
{
    if (!r)
        return;
    free(r->rows);
    free(r);
}

static bool matches(const struct compiled *row, const struct http_target *target)
{
    for (size_t i = 0; i < row->nsegments; i++) {
        const struct str segment = row->segments[i];
        if (i == target->nsegments)
            return false;
        if (is_rest(segment))
            return target->segments[i].n > 0;
        if (is_param(segment) ? target->segments[i].n == 0 : !str_eq(segment, target->segments[i]))
            return false;
    }
    return row->nsegments == target->nsegments;
}

/* Rows that both match: at the first segment where one is literal and the other not, it wins, and
 * so does a {param} over a {rest*}. */
static bool goes_before(const struct compiled *a, const struct compiled *b)
{
    for (size_t i = 0; i < a->nsegments && i < b->nsegments; i++) {
        const int x = is_rest(a->segments[i]) ? 2 : is_param(a->segments[i]);
        const int y = is_rest(b->segments[i]) ? 2 : is_param(b->segments[i]);
        if (x != y)
            return x < y;
    }
    return false;
}

/* All segments from i on, with their slashes; what they decode to was checked one by one. */
static struct str join_rest(struct arena *a, const struct http_target *target, size_t i)
{
    struct buf b = buf_in(a, HTTP_TARGET_MAX);
    for (size_t k = i; k < target->nsegments; k++) {
        if (k > i)
            buf_char(&b, '/');
        buf_str(&b, target->segments[k]);
    }
    return buf_get(&b);
}

static void fill_params(struct http_request *r, const struct compiled *row,
                        const struct http_target *target)
{
    size_t n = 0;
    for (size_t i = 0; i < row->nsegments; i++) {
        const struct str s = row->segments[i];
        if (!is_param(s))
            continue;
        const bool rest = is_rest(s);
        r->params[n].name = (struct str){ .p = s.p + 1, .n = s.n - 2 - (size_t)rest };
        r->params[n].value = rest ? join_rest(r->arena, target, i) : target->segments[i];
        n++;
    }
}

static bool method_takes(const struct route *route, struct str method)
{
    return str_is(method, route->method) ||
           (str_is(method, "HEAD") && strcmp(route->method, "GET") == 0);
}

enum outcome http_route_find(const struct route **out, struct http_request *r, struct str *allow,
                             const struct http_router *router, const struct http_target *target,
                             struct err *e)
{
    const struct compiled *best = NULL;
    struct buf allowed = buf_in(r->arena, 256);
    for (size_t i = 0; i < router->n; i++) {
        const struct compiled *row = &router->rows[i];
        if (!matches(row, target))
            continue;
        if (!method_takes(row->route, r->method)) {
            buf_printf(&allowed, "%s%s%s", allowed.n > 0 ? ", " : "", row->route->method,
                       strcmp(row->route->method, "GET") == 0 ? ", HEAD" : "");
            continue;
        }
        if (!best || goes_before(row, best))
            best = row;
    }
    if (best) {
        fill_params(r, best, target);
        *out = best->route;
        return OK;
    }
    if (allowed.n == 0)
        return REFUSE(e, "http.unknown");
    *allow = buf_get(&allowed);
    return REFUSE(e, "http.method", { "allowed", *allow });
}

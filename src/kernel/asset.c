/* The table of assets, looked up by name for pages and by URL for browsers. */
#include "kernel/asset.h"

#include "kernel/app.h"

struct str asset_url(const char *name)
{
    for (size_t i = 0; i < asset_rows_count; i++)
        if (strcmp(asset_rows[i].name, name) == 0)
            return str_z(asset_rows[i].url);
    BUG_ON(true);
}

/* As every browser asks for it; who gives it a weight ("gzip;q=0.5") gets it unpacked. */
static bool takes_gzip(const struct http_request *r)
{
    struct str rest = http_header(r, "Accept-Encoding");
    while (rest.n > 0)
        if (str_is(str_trim(str_cut(&rest, ',')), "gzip"))
            return true;
    return false;
}

static void offer_gzip(struct http_request *r, const struct asset *a)
{
    r->answer.headers[0].name = "Vary";
    r->answer.headers[0].value = S("Accept-Encoding");
    if (!takes_gzip(r))
        return;
    r->answer.headers[1].name = "Content-Encoding";
    r->answer.headers[1].value = S("gzip");
    r->answer.body = (struct str){ (const char *)a->gzip, a->ngzip };
}

enum http_state asset_get(struct http_request *r)
{
    for (size_t i = 0; i < asset_rows_count; i++) {
        const struct asset *a = &asset_rows[i];
        if (!str_is(r->path, a->url))
            continue;
        r->answer = (struct http_answer){
            .status = 200,
            .media_type = a->media_type,
            .body = { (const char *)a->bytes, a->n },
            .immutable = true,
            .wasm = strcmp(a->name, "camera_worker.js") == 0,
        };
        if (a->gzip)
            offer_gzip(r, a);
        return HTTP_DONE;
    }
    struct err e = { 0 };
    (void)REFUSE(&e, "asset.unknown");
    return app_problem(r, &e);
}

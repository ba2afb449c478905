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
        };
        return HTTP_DONE;
    }
    struct err e = { 0 };
    (void)REFUSE(&e, "asset.unknown");
    return app_problem(r, &e);
}

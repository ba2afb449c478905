/* The page of what is on its way: a table, which a script draws as a map above it. */
#include "base/id.h"
#include "gen/desk/pages/map.html.h"
#include "modules/desk/map.h"

#define RECORDS "modules/desk/map.def"
#include "base/record_tables.h"
#undef RECORDS

static enum outcome map(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    const struct str order = http_query(r, "order");
    struct desk_map_view v = { 0 };
    TRY(desk_moving(&v, r, db, p, order.n > 0 ? order : (struct str){ 0 }, e));
    if (http_wants_json(r))
        return show_rows(r, &desk_moving_record, v.as_json, v.n, (struct str){ 0 }, e);
    p->wall = v.wall = str_is(http_query(r, "wall"), "1");
    page_map(p, &v);
    return OK;
}

enum http_state desk_get_map(struct http_request *r)
{
    return show(r, "page.map.title", map);
}

/* The gallery: every component that pages are made of, in every state, on one page of made-up data.
 * What is changed in the look of one is seen here first, and its pictures are compared by a test.
 */
#ifndef VEIN_MODULES_DESK_GALLERY_H
#define VEIN_MODULES_DESK_GALLERY_H

#include "kernel/chart.h"
#include "kernel/table.h"
#include "modules/desk/tower.h"

enum {
    GALLERY_ORDERS = 4,
    GALLERY_COLOURS = 17,
    GALLERY_ICONS = 28,
    GALLERY_TONES = 6,
    GALLERY_CHARTS = 5,
};

struct gallery_tone {
    enum show_tone tone;
    struct str word;
};
struct gallery_view {
    const char *const *colours; /* names of the tokens in ui/vein.css */
    const char *const *icons;
    struct gallery_tone tones[GALLERY_TONES];
    struct desk_order orders[GALLERY_ORDERS]; /* on their way, waiting, stopped, ended */
    struct desk_tower_out lines[GALLERY_ORDERS];
    struct desk_tower_row rows[GALLERY_ORDERS]; /* the same in the control tower */
    int64_t left[GALLERY_TONES];                /* until when: from long to over */
    struct str alike; /* letters and digits that a typeface must keep apart */
    struct str hash;
    struct str weight;
    struct str people[2];
    int64_t dated;
    struct html form; /* each type of field, some sent with faults */
    struct table_view table;
    struct desk_task_view task;          /* with steps behind, before and at the present one */
    struct chart charts[GALLERY_CHARTS]; /* within limits, outside, empty, one point, spans */
    struct str loggers[2];
    struct str times[3];
    struct show_refusal refused;
};

void gallery_charts(struct gallery_view *v, struct page *p);

/* GET /help/gallery */
enum http_state desk_get_gallery(struct http_request *r);

#endif

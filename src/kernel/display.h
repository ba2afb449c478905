/* How pages are shown on one device: their language, colours and sound. It is kept in cookies of
 * the device and nowhere else, for it says nothing of what happened. */
#ifndef VEIN_KERNEL_DISPLAY_H
#define VEIN_KERNEL_DISPLAY_H

#include "kernel/http.h"
#include "kernel/text.h"

/* The language that the device chose, of those that there are catalogues in; else the one that its
 * browser asks for. */
struct str display_language(const struct http_request *r);
/* "light", "dark" or "contrast"; empty: as the device has it. */
struct str display_theme(const struct http_request *r);

/* A stop is shown without sound and vibration. */
bool display_quiet(const struct http_request *r);

/* What pages/display.html shows. */
struct display_choice {
    struct str value; /* empty: as the device has it */
    struct str label;
    bool chosen;
};
enum { DISPLAY_CHOICES_MAX = 16 };
struct display_view {
    struct display_choice languages[DISPLAY_CHOICES_MAX];
    size_t nlanguages;
    struct display_choice themes[DISPLAY_CHOICES_MAX];
    size_t nthemes;
    struct display_choice sounds[DISPLAY_CHOICES_MAX];
    size_t nsounds;
    struct str next;
};

/* GET and POST /display. */
enum http_state display_get(struct http_request *r);
enum http_state display_post(struct http_request *r);

#endif

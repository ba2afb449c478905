/* The row of the print worker; both sides read it. */
#include "kernel/print.h"

/* Fonts, and what fontconfig and GLib look up beside them. */
static const char *const read_paths[] = {
    "/usr/share/fonts",      "/usr/local/share/fonts", "/etc/fonts", "/var/cache/fontconfig",
    "/usr/share/fontconfig", "/usr/share/mime",        NULL,
};
static const char *const refusals[] = { "print.too_long", "print.malformed", NULL };

const struct worker_kind print_kind = {
    .name = "print",
    .program = "vein-print",
    .children = 2,
    .jobs = 50,
    .wall_ms = 120000,
    .cpu_s = 600,
    .memory_max = (size_t)1536 << 20,
    .in_max = PRINT_IN_MAX,
    .out_max = PRINT_OUT_MAX,
    .read = read_paths,
    .refusals = refusals,
};

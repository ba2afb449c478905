/* Assets: style, scripts, icons and fonts of the pages, bundled from ui/ and compiled in. Each is
 * served under a URL with the hash of its content, for ever. */
#ifndef VEIN_KERNEL_ASSET_H
#define VEIN_KERNEL_ASSET_H

#include "kernel/http.h"

struct asset {
    const char *name; /* "vein.css" */
    const char *url;  /* "/assets/vein.QQC54YHS.css" */
    const char *media_type;
    const unsigned char *bytes;
    size_t n;
    const unsigned char *gzip; /* the same, packed; NULL where packing gains nothing (fonts) */
    size_t ngzip;
};

/* The table that tools/assetgen made, sorted by URL. */
extern const struct asset asset_rows[];
extern const size_t asset_rows_count;

/* The URL of an asset; a name that is not there is a bug. */
struct str asset_url(const char *name);

/* GET /assets/{rest*}: public, cached for a year, packed for who takes gzip; REFUSED
 * "asset.unknown" for any other path. Pages are never packed: they hold secrets (the token of the
 * forms, patients' names) beside what a stranger may choose, and their packed length would tell of
 * them (BREACH). */
http_handler_fn asset_get;

#endif

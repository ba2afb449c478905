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
};

/* The table that tools/assetgen made, sorted by URL. */
extern const struct asset asset_rows[];
extern const size_t asset_rows_count;

/* The URL of an asset; a name that is not there is a bug. */
struct str asset_url(const char *name);

/* GET /assets/{rest*}: public, cached for a year; REFUSED "asset.unknown" for any other path. */
http_handler_fn asset_get;

#endif

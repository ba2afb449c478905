/* Fonts: Atkinson Hyperlegible as ui/ ships it, handed to fontconfig from memory, so that the same
 * document looks the same on every machine; other scripts by what the machine has. */
#define _GNU_SOURCE
#include <fontconfig/fontconfig.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/asset.h"
#include "worker/print_pdf.h"

static enum outcome add(const struct asset *a, struct err *e)
{
    char path[40];
    const int fd = memfd_create("font", MFD_CLOEXEC); /* stays open as long as the program */
    size_t put = 0;
    while (fd >= 0 && put < a->n) {
        const ssize_t n = write(fd, a->bytes + put, a->n - put);
        if (n <= 0)
            break;
        put += (size_t)n;
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (fd < 0 || put < a->n || !FcConfigAppFontAddFile(NULL, (const FcChar8 *)path))
        return err_fault(e, "print.fonts", "a font that ships cannot be used");
    return OK;
}

enum outcome pdf_fonts(struct err *e)
{
    size_t n = 0;
    if (!FcInit())
        return err_fault(e, "print.fonts", "fontconfig cannot begin");
    for (size_t i = 0; i < asset_rows_count; i++)
        if (strcmp(asset_rows[i].media_type, "font/woff2") == 0) {
            TRY(add(&asset_rows[i], e));
            n++;
        }
    if (n == 0)
        return err_fault(e, "print.fonts", "no font ships");
    /* Once, so that what pango looks up first is there before files are out of reach. */
    PangoFontMap *map = pango_cairo_font_map_get_default();
    PangoContext *context = pango_font_map_create_context(map);
    PangoLayout *layout = pango_layout_new(context);
    int width;
    pango_layout_set_text(layout, "vein", 4);
    pango_layout_get_size(layout, &width, NULL);
    g_object_unref(layout);
    g_object_unref(context);
    return OK;
}

/* Fonts: Atkinson Hyperlegible as ui/ ships it, handed to fontconfig from memory, so that the same
 * document looks the same on every machine; other scripts by what the machine has. */
#define _GNU_SOURCE
#include <fontconfig/fontconfig.h>
#include <ft2build.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include FT_FREETYPE_H
#include FT_TRUETYPE_TABLES_H

#include "kernel/asset.h"
#include "worker/print_pdf.h"

enum { FONT_PATH = 40, FONT_MAX = 16 << 20 };

/* In memory, as a file that fontconfig, FreeType and HarfBuzz open by its path; it stays open as
 * long as the program. */
static bool write_font(char path[FONT_PATH], const uint8_t *bytes, size_t n)
{
    const int fd = memfd_create("font", MFD_CLOEXEC);
    size_t put = 0;
    while (fd >= 0 && put < n) {
        const ssize_t more = write(fd, bytes + put, n - put);
        if (more <= 0)
            return false;
        put += (size_t)more;
    }
    snprintf(path, FONT_PATH, "/proc/self/fd/%d", fd);
    return fd >= 0;
}

/* WOFF2 as browsers get it is nothing to HarfBuzz: FreeType unpacks it. */
static bool add(FT_Library library, const struct asset *a)
{
    FT_Face face;
    FT_ULong n = 0;
    char path[FONT_PATH];
    if (FT_New_Memory_Face(library, a->bytes, (FT_Long)a->n, 0, &face) != 0)
        return false;
    bool good = FT_Load_Sfnt_Table(face, 0, 0, NULL, &n) == 0 && n > 0 && n < FONT_MAX;
    uint8_t *bytes = good ? malloc(n) : NULL;
    good = bytes && FT_Load_Sfnt_Table(face, 0, 0, bytes, &n) == 0 && write_font(path, bytes, n) &&
           FcConfigAppFontAddFile(NULL, (const FcChar8 *)path);
    free(bytes);
    FT_Done_Face(face);
    return good;
}

enum outcome pdf_fonts(struct err *e)
{
    size_t n = 0;
    FT_Library library;
    if (!FcInit() || FT_Init_FreeType(&library) != 0)
        return err_fault(e, "print.fonts", "fontconfig cannot begin");
    for (size_t i = 0; i < asset_rows_count; i++)
        if (strcmp(asset_rows[i].media_type, "font/woff2") == 0) {
            if (!add(library, &asset_rows[i]))
                return err_fault(e, "print.fonts", "a font that ships cannot be used");
            n++;
        }
    FT_Done_FreeType(library);
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

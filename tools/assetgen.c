/* Makes C of the files that browsers get: assetgen OUT.c FILE…
 *
 * A file is named NAME.HASH.EXT by the bundler, whose hash is over its content and that of what it
 * refers to. It becomes a row of the table in kernel/asset.h: found as "NAME.EXT", served as
 * /assets/NAME.HASH.EXT, packed where a file FILE.gz stands beside it. Rows are sorted by URL, so
 * that two builds of the same files agree. */
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ASSETS_MAX = 64, ASSET_MAX = 4 << 20 };

_Noreturn static void stop(const char *path, const char *what)
{
    (void)fprintf(stderr, "%s: %s\n", path, what);
    exit(1);
}

static const char *file_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static const char *media_type_of(const char *path)
{
    static const struct {
        const char *end, *type;
    } types[] = {
        { ".css", "text/css; charset=utf-8" }, { ".js", "text/javascript; charset=utf-8" },
        { ".svg", "image/svg+xml" },           { ".woff2", "font/woff2" },
        { ".wasm", "application/wasm" },
    };
    const char *end = strrchr(path, '.');
    for (size_t i = 0; end && i < sizeof types / sizeof types[0]; i++)
        if (strcmp(end, types[i].end) == 0)
            return types[i].type;
    stop(path, "no media type is known for its ending: add it here");
}

static void put_bytes(FILE *out, const char *path, FILE *f, const char *name, int number)
{
    (void)fprintf(out, "static const unsigned char %s_%d[] = {", name, number);
    long n = 0;
    for (int c; (c = fgetc(f)) != EOF; n++)
        (void)fprintf(out, "%s%d,", n % 24 == 0 ? "\n    " : "", c);
    (void)fprintf(out, "\n};\n");
    if (n == 0 || n > ASSET_MAX || ferror(f))
        stop(path, "is empty, too large, or cannot be read");
    (void)fclose(f);
}

static FILE *open_packed(const char *path)
{
    char packed[PATH_MAX];
    if (snprintf(packed, sizeof packed, "%s.gz", path) >= (int)sizeof packed)
        stop(path, "its path is too long");
    return fopen(packed, "rb");
}

/* Whether it was packed, too. */
static bool put_file(FILE *out, const char *path, int number)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        stop(path, "cannot be opened");
    put_bytes(out, path, f, "asset", number);
    FILE *packed = open_packed(path);
    if (packed)
        put_bytes(out, path, packed, "packed", number);
    return packed != NULL;
}

/* NAME.HASH.EXT: the name is what stands before the last but one dot. */
static void put_row(FILE *out, const char *path, int number, bool packed)
{
    const char *file = file_of(path);
    const char *end = strrchr(file, '.');
    const char *hash = end;
    while (hash && hash > file && (hash == end || *hash != '.'))
        hash--;
    if (!hash || hash == file)
        stop(path, "is not named NAME.HASH.EXT");
    (void)fprintf(out, "    { \"%.*s%s\", \"/assets/%s\", \"%s\", asset_%d, sizeof asset_%d",
                  (int)(hash - file), file, end, file, media_type_of(path), number, number);
    if (packed)
        (void)fprintf(out, ", packed_%d, sizeof packed_%d },\n", number, number);
    else
        (void)fprintf(out, ", NULL, 0 },\n");
}

static int by_file(const void *a, const void *b)
{
    return strcmp(file_of(*(char *const *)a), file_of(*(char *const *)b));
}

int main(int argc, char **argv)
{
    if (argc < 3 || argc - 2 > ASSETS_MAX) {
        (void)fprintf(stderr, "usage: assetgen OUT.c FILE… (at most %d)\n", ASSETS_MAX);
        return 2;
    }
    const int n = argc - 2;
    char **files = argv + 2;
    qsort(files, (size_t)n, sizeof *files, by_file);
    FILE *out = fopen(argv[1], "w");
    if (!out)
        stop(argv[1], "cannot be written");
    (void)fprintf(out, "/* Made by tools/assetgen. */\n#include \"kernel/asset.h\"\n\n");
    bool packed[ASSETS_MAX];
    for (int i = 0; i < n; i++)
        packed[i] = put_file(out, files[i], i);
    (void)fprintf(out, "\nconst struct asset asset_rows[] = {\n");
    for (int i = 0; i < n; i++)
        put_row(out, files[i], i, packed[i]);
    (void)fprintf(out, "};\nconst size_t asset_rows_count = %d;\n", n);
    if (fclose(out) != 0)
        stop(argv[1], "cannot be written");
    return 0;
}

/* The bundle (docs/bundle.md): each event's exact bytes with its proof into one signed checkpoint,
 * the report for machines and for people, the keys of what is disclosed, and a manifest that the
 * log's key signs. Into a folder, or as one tape archive. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/draw.h"
#include "kernel/node.h"
#include "modules/desk/audit.h"

enum {
    PATH_BYTES = 64,
    MANIFEST_MAX = 4 << 20,
    REPORT_MAX = 64 << 20,
    TRAIL_MAX = 64 << 20,
    PROOF_ARENA = 1 << 20,
};

struct writing {
    const struct desk_coi *c;
    desk_coi_put_fn *put;
    void *context;
    struct buf manifest;
};

/* A file, and its line in the manifest. */
static enum outcome put(struct writing *w, const char *path, struct str content, struct err *e)
{
    char hex[HASH_HEX + 1];
    hash_hex(hex, hash_of(content.p, content.n));
    buf_printf(&w->manifest, "%s %zu %s\n", hex, content.n, path);
    return w->put(w->context, path, content, e);
}

/* The document of an event that brings a definition. */
static enum outcome put_definition(struct writing *w, const struct desk_coi_event *x,
                                   struct arena *scratch, struct err *e)
{
    char path[PATH_BYTES];
    if (!w->c->audit || !desk_audit_defines(x))
        return OK;
    struct buf b = buf_in(scratch, DEFINE_YAML_MAX);
    snprintf(path, sizeof path, "definition/%lld", (long long)x->sequence);
    TRY(desk_audit_definition(&b, x, e));
    return put(w, path, buf_get(&b), e);
}

static enum outcome put_events(struct writing *w, struct err *e)
{
    struct arena *scratch = arena_new(PROOF_ARENA);
    enum outcome o = scratch ? OK : err_no_memory(e);
    for (size_t i = 0; i < w->c->n && o == OK; i++) {
        const struct desk_coi_event *x = &w->c->events[i];
        char path[PATH_BYTES];
        struct str proof;
        arena_reset(scratch);
        snprintf(path, sizeof path, "event/%lld", (long long)x->sequence);
        o = put(w, path, x->leaf, e);
        if (o == OK)
            o = tlog_prove(&proof, w->c->prover, (uint64_t)x->sequence, scratch, e);
        snprintf(path, sizeof path, "proof/%lld", (long long)x->sequence);
        if (o == OK)
            o = put(w, path, proof, e);
        if (o == OK)
            o = put_definition(w, x, scratch, e);
    }
    arena_free(scratch);
    return o;
}

/* One line a disclosed text: place in the log of its event, path, key. */
static enum outcome put_keys(struct writing *w, struct err *e)
{
    struct buf b = buf_new(REPORT_MAX);
    for (size_t i = 0; i < w->c->n; i++)
        for (size_t k = 0; k < w->c->events[i].nopened; k++) {
            const struct desk_opened *opened = &w->c->events[i].opened[k];
            buf_printf(&b, "%lld %.*s ", (long long)w->c->events[i].sequence, STR(opened->path));
            buf_base64(&b, opened->key, sizeof opened->key);
            buf_char(&b, '\n');
        }
    enum outcome o = buf_check(&b, e);
    if (o == OK && b.n > 0)
        o = put(w, "keys", buf_get(&b), e);
    buf_free(&b);
    return o;
}

static enum outcome put_report(struct writing *w, struct err *e)
{
    struct buf b = buf_new(REPORT_MAX);
    enum outcome o = desk_coi_report(&b, w->c, e);
    if (o == OK)
        o = put(w, "report.json", buf_get(&b), e);
    buf_free(&b);
    return o;
}

/* The report in words, as a page that stands alone. */
static enum outcome put_page(struct writing *w, struct page *p, struct db *db, struct err *e)
{
    static const char style[] =
        "body{font:16px/1.45 sans-serif;margin:2rem auto;max-width:78rem;padding:0 1rem;color:#111;"
        "background:#fff}table{border-collapse:collapse;width:100%;margin:1rem 0;font-size:.875rem}"
        "th,td{border:1px solid #999;padding:.25rem .5rem;text-align:left;vertical-align:top;"
        "overflow-wrap:anywhere}tr.stop td{font-weight:bold}dl.facts div{display:flex;gap:1rem}"
        "dt{min-width:14rem;color:#444}dd{margin:0;overflow-wrap:anywhere}figure{overflow-x:auto;"
        "margin:1rem 0}.soft,footer{color:#444}td.id,th.id{white-space:nowrap}";
    const struct print_document *d;
    struct page part = *p;
    struct buf words = buf_in(w->c->arena, REPORT_MAX); /* lends its arena */
    struct buf b = buf_new(REPORT_MAX);
    part.b = &words;
    enum outcome o = desk_coi_document(&d, &part, db, w->c, e);
    part.b = &b;
    if (o == OK) {
        buf_printf(&b,
                   "<!doctype html>\n<html lang=\"%.*s\"><head><meta charset=\"utf-8\">"
                   "<meta name=\"viewport\" content=\"width=device-width\"><title>",
                   STR(p->language));
        page_put_text(&part, d->title);
        buf_printf(&b, "</title><style>%s%.*s</style></head><body>\n", style, STR(draw_style()));
        print_html(&part, d);
        buf_z(&b, "</body></html>\n");
        o = buf_check(&b, e);
    }
    if (o == OK)
        o = put(w, "report.html", buf_get(&b), e);
    buf_free(&b);
    return o;
}

/* The trail itself, as a page and on paper. */
static enum outcome put_trail(struct writing *w, struct err *e)
{
    const struct str pdf = { (const char *)w->c->pdf.p, w->c->pdf.n };
    struct buf b = buf_new(TRAIL_MAX);
    enum outcome o = desk_audit_html(&b, w->c, e);
    if (o == OK)
        o = put(w, "trail.html", buf_get(&b), e);
    if (o == OK && pdf.n > 0)
        o = put(w, "trail.pdf", pdf, e);
    buf_free(&b);
    return o;
}

static enum outcome put_vkey(struct writing *w, struct err *e)
{
    char line[NOTE_KEY_NAME_MAX + 80];
    const int n = snprintf(line, sizeof line, "%.*s\n", STR(w->c->vkey));
    return put(w, "vkey", (struct str){ line, (size_t)n }, e);
}

/* What witnesses cosigned, and that it is the beginning of the log of the checkpoint. */
static enum outcome put_cosigned(struct writing *w, struct db *db, struct err *e)
{
    struct str note;
    uint64_t size;
    struct buf proof = buf_in(w->c->arena, PROOF_ARENA);
    TRY(ledger_cosigned(db, &note, &size, w->c->arena, e));
    if (!note.p || size > w->c->checkpoint.size)
        return OK;
    TRY(put(w, "cosigned", note, e));
    TRY(tlog_consistency(&proof, db, size, w->c->checkpoint.size, e));
    buf_char(&proof, '\n');
    TRY(buf_check(&proof, e));
    return put(w, "consistency", buf_get(&proof), e);
}

enum outcome desk_coi_bundle(struct page *p, struct db *db, const struct node *n,
                             const struct desk_coi *c, desk_coi_put_fn *put_file, void *context,
                             struct err *e)
{
    struct writing w = { c, put_file, context, buf_new(MANIFEST_MAX) };
    buf_printf(&w.manifest, "vein.%s/v1\norder %.*s\n", c->audit ? "audit" : "bundle",
               STR(c->order));
    enum outcome o = put_vkey(&w, e);
    if (o == OK)
        o = put(&w, "checkpoint", tlog_prover_note(c->prover), e);
    if (o == OK)
        o = put_cosigned(&w, db, e);
    if (o == OK)
        o = put_report(&w, e);
    if (o == OK)
        o = put_page(&w, p, db, e);
    if (o == OK && c->audit)
        o = put_trail(&w, e);
    if (o == OK)
        o = put_keys(&w, e);
    if (o == OK)
        o = put_events(&w, e);
    note_sign(&w.manifest, 0, &n->signer);
    if (o == OK)
        o = buf_check(&w.manifest, e);
    if (o == OK)
        o = put_file(context, "manifest", buf_get(&w.manifest), e);
    buf_free(&w.manifest);
    return o;
}

/* --- a folder --- */

static enum outcome put_in_folder(void *context, const char *path, struct str content,
                                  struct err *e)
{
    const int folder = *(const int *)context;
    const int f = openat(folder, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (f < 0)
        return err_fault(e, "tlog.write", "%s: %m", path);
    while (content.n > 0) {
        const ssize_t n = write(f, content.p, content.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        content = str_from(content, (size_t)n);
    }
    const bool synced = content.n == 0 && fsync(f) == 0;
    return close(f) == 0 && synced ? OK : err_fault(e, "tlog.write", "%s: %m", path);
}

static bool folder_empty(const char *path)
{
    DIR *d = opendir(path);
    bool empty = d != NULL;
    for (struct dirent *x = d ? readdir(d) : NULL; x; x = readdir(d))
        empty &= strcmp(x->d_name, ".") == 0 || strcmp(x->d_name, "..") == 0;
    if (d)
        closedir(d);
    return empty;
}

enum outcome desk_coi_export(struct page *p, struct db *db, const struct node *n,
                             const struct desk_coi *c, const char *path, struct err *e)
{
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return err_fault(e, "tlog.write", "%s: %m", path);
    if (!folder_empty(path))
        return REFUSE(e, "tlog.not_empty", { "folder", str_z(path) });
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0 || mkdirat(folder, "event", 0700) != 0 || mkdirat(folder, "proof", 0700) != 0 ||
        (c->audit && mkdirat(folder, "definition", 0700) != 0)) {
        if (folder >= 0)
            close(folder);
        return err_fault(e, "tlog.write", "%s: %m", path);
    }
    const enum outcome o = desk_coi_bundle(p, db, n, c, put_in_folder, &folder, e);
    close(folder);
    return o;
}

/* --- a tape archive: POSIX.1 ustar, regular files alone --- */

enum { BLOCK = 512 };
struct ustar {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], sum[8], type, link[100];
    char magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155], rest[12];
};
_Static_assert(sizeof(struct ustar) == BLOCK, "a header is a block");

struct archive {
    struct buf *out;
    int64_t made_us;
};

static void pad(struct buf *out, size_t n)
{
    static const char zeros[BLOCK] = { 0 };
    buf_put(out, zeros, (BLOCK - n % BLOCK) % BLOCK);
}

static enum outcome put_in_tar(void *context, const char *path, struct str content, struct err *e)
{
    const struct archive *a = context;
    struct ustar h = { .type = '0', .magic = "ustar", .version = { '0', '0' } };
    unsigned sum = 0;
    snprintf(h.name, sizeof h.name, "bundle/%s", path);
    snprintf(h.mode, sizeof h.mode, "%07o", 0600U);
    snprintf(h.uid, sizeof h.uid, "%07o", 0U);
    snprintf(h.gid, sizeof h.gid, "%07o", 0U);
    snprintf(h.size, sizeof h.size, "%011llo", (unsigned long long)content.n);
    snprintf(h.mtime, sizeof h.mtime, "%011llo", (unsigned long long)(a->made_us / TIME_SECOND));
    memset(h.sum, ' ', sizeof h.sum);
    for (size_t i = 0; i < BLOCK; i++)
        sum += ((const unsigned char *)&h)[i];
    snprintf(h.sum, sizeof h.sum, "%06o", sum);
    buf_put(a->out, &h, BLOCK);
    buf_str(a->out, content);
    pad(a->out, content.n);
    return buf_check(a->out, e);
}

enum outcome desk_coi_tar(struct buf *out, struct page *p, struct db *db, const struct node *n,
                          const struct desk_coi *c, struct err *e)
{
    struct archive a = { out, p->now_us };
    TRY(desk_coi_bundle(p, db, n, c, put_in_tar, &a, e));
    static const char end[2 * BLOCK] = { 0 };
    buf_put(out, end, sizeof end);
    return buf_check(out, e);
}

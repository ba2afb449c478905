/* Certificate and key by GnuTLS; see tls_make.h. */
#include "kernel/tls_make.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <libgen.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"

enum { PEM_MAX = 64 * 1024, DAYS_VALID = 825, SERIAL_SIZE = 16, CHAIN_MAX = 8 };

/* -- Files ------------------------------------------------------------------------------------- */

static enum outcome write_synced(int fd, const char *path, struct str text, struct err *e)
{
    if (!io_write_all(fd, text.p, text.n) || fsync(fd) < 0)
        return err_fault(e, "tls.write", "write %s: %m", path);
    return OK;
}

static void sync_folder(const char *path)
{
    char folder[PATH_MAX];
    (void)snprintf(folder, sizeof folder, "%s", path);
    const int fd = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)fsync(fd);
    (void)close(fd);
}

/* Whole under its name or not at all; a name that is taken stays as it is. */
static enum outcome write_file(const char *path, struct str text, mode_t mode, struct err *e)
{
    char part[PATH_MAX];
    if (snprintf(part, sizeof part, "%s.part", path) >= (int)sizeof part)
        return err_fault(e, "tls.write", "%s: the name is too long", path);
    (void)unlink(part); /* of a start that was cut off */
    const int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0)
        return err_fault(e, "tls.write", "open %s: %m", part);
    enum outcome o = write_synced(fd, part, text, e);
    (void)close(fd);
    if (o == OK && link(part, path) < 0)
        o = err_fault(e, "tls.write", "link %s: %m", path);
    (void)unlink(part);
    sync_folder(path);
    return o;
}

static enum outcome read_file(char **out, const char *path, bool secret, struct err *e)
{
    struct stat status;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_fault(e, "tls.unreadable", "open %s: %m", path);
    enum outcome o = OK;
    ssize_t n = 0;
    char *text = calloc(1, PEM_MAX + 1);
    if (!text)
        o = err_no_memory(e);
    else if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size > PEM_MAX)
        o = err_fault(e, "tls.unreadable", "%s is no file of at most %d bytes", path, PEM_MAX);
    else if (secret && (status.st_mode & 077) != 0)
        o = REFUSE(e, "tls.key_readable_by_others", { "file", str_z(path) });
    else if ((n = read(fd, text, PEM_MAX)) < 0 || n != status.st_size)
        o = err_fault(e, "tls.unreadable", "read %s: %m", path);
    (void)close(fd);
    if (o != OK) {
        free(text);
        return o;
    }
    *out = text;
    return OK;
}

/* -- Making ------------------------------------------------------------------------------------ */

static int set_host(gnutls_x509_crt_t certificate, const char *host)
{
    unsigned char address[16];
    unsigned length = 0;
    if (inet_pton(AF_INET, host, address) == 1)
        length = 4;
    else if (inet_pton(AF_INET6, host, address) == 1)
        length = 16;
    if (length > 0)
        return gnutls_x509_crt_set_subject_alt_name(certificate, GNUTLS_SAN_IPADDRESS, address,
                                                    length, GNUTLS_FSAN_SET);
    return gnutls_x509_crt_set_subject_alt_name(certificate, GNUTLS_SAN_DNSNAME, host,
                                                (unsigned)strlen(host), GNUTLS_FSAN_SET);
}

/* What the certificate says; each call gives 0 or a negative code. */
static int fill(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key, const char *host,
                const struct env *env)
{
    static const char name[] = "vein";
    const time_t now = (time_t)(env_now(env) / TIME_SECOND);
    unsigned char serial[SERIAL_SIZE];
    env_random(env, serial, sizeof serial);
    serial[0] = (unsigned char)((serial[0] & 0x7F) | 0x40); /* positive and of full length */
    int r = gnutls_x509_crt_set_version(certificate, 3);
    r = r ? r : gnutls_x509_crt_set_key(certificate, key);
    r = r ? r : gnutls_x509_crt_set_serial(certificate, serial, sizeof serial);
    r = r ? r : gnutls_x509_crt_set_activation_time(certificate, now - 3600);
    r = r ? r : gnutls_x509_crt_set_expiration_time(certificate, now + DAYS_VALID * 86400);
    r = r ? r
          : gnutls_x509_crt_set_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, name,
                                          sizeof name - 1);
    r = r ? r : set_host(certificate, host);
    r = r ? r : gnutls_x509_crt_set_basic_constraints(certificate, 0, -1);
    r = r ? r : gnutls_x509_crt_set_key_usage(certificate, GNUTLS_KEY_DIGITAL_SIGNATURE);
    r = r ? r : gnutls_x509_crt_set_key_purpose_oid(certificate, GNUTLS_KP_TLS_WWW_SERVER, 0);
    return r ? r : gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA256, 0);
}

/* The key first: a certificate without key would look complete. */
static enum outcome save(const char *certificate_path, const char *key_path,
                         gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key, struct err *e)
{
    gnutls_datum_t key_pem = { 0 };
    gnutls_datum_t certificate_pem = { 0 };
    enum outcome o = OK;
    if (gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &key_pem) < 0 ||
        gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &certificate_pem) < 0)
        o = err_no_memory(e);
    if (o == OK)
        o = write_file(key_path, (struct str){ (char *)key_pem.data, key_pem.size }, 0600, e);
    if (o == OK)
        o = write_file(certificate_path,
                       (struct str){ (char *)certificate_pem.data, certificate_pem.size }, 0644, e);
    if (key_pem.data)
        sodium_memzero(key_pem.data, key_pem.size);
    gnutls_free(key_pem.data);
    gnutls_free(certificate_pem.data);
    return o;
}

enum outcome tls_make(const char *certificate_path, const char *key_path, const char *host,
                      const struct env *env, struct err *e)
{
    const bool has_certificate = access(certificate_path, F_OK) == 0;
    const bool has_key = access(key_path, F_OK) == 0;
    if (has_certificate && has_key)
        return OK;
    if (has_certificate || has_key)
        return err_fault(e, "tls.half_made", "%s is there without %s",
                         has_key ? key_path : certificate_path,
                         has_key ? certificate_path : key_path);
    gnutls_x509_privkey_t key = NULL;
    gnutls_x509_crt_t certificate = NULL;
    int r = gnutls_x509_privkey_init(&key);
    r = r ? r : gnutls_x509_crt_init(&certificate);
    r = r ? r
          : gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
                                         GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
    r = r ? r : fill(certificate, key, host, env);
    const enum outcome o = r == 0 ? save(certificate_path, key_path, certificate, key, e)
                                  : err_fault(e, "tls.make", "%s", gnutls_strerror(r));
    gnutls_x509_crt_deinit(certificate);
    gnutls_x509_privkey_deinit(key);
    return o;
}

/* -- Loading ----------------------------------------------------------------------------------- */

/* The key belongs to the certificate: their key ids, hashes of the public key, are equal. */
static enum outcome check_match(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key,
                                struct err *e)
{
    unsigned char a[64];
    unsigned char b[64];
    size_t na = sizeof a;
    size_t nb = sizeof b;
    if (gnutls_x509_crt_get_key_id(certificate, GNUTLS_KEYID_USE_SHA256, a, &na) < 0 ||
        gnutls_x509_privkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, b, &nb) < 0)
        return err_fault(e, "tls.unreadable", "the key's identifier cannot be computed");
    if (na != nb || memcmp(a, b, na) != 0)
        return REFUSE(e, "tls.mismatch");
    return OK;
}

static enum outcome check_time(gnutls_x509_crt_t certificate, const struct env *env, struct err *e)
{
    const time_t until = gnutls_x509_crt_get_expiration_time(certificate);
    if (until == (time_t)-1)
        return err_fault(e, "tls.unreadable", "the certificate has no end");
    if (env_now(env) / TIME_SECOND <= until)
        return OK;
    char text[CLOCK_TEXT_LENGTH + 1];
    struct buf b = buf_over(text, sizeof text);
    clock_write(&b, until * TIME_SECOND);
    return REFUSE(e, "tls.expired", { "until", buf_get(&b) });
}

static enum outcome check_pair(const struct tls_pair *pair, const char *certificate_path,
                               const char *key_path, const struct env *env, struct err *e)
{
    const gnutls_datum_t certificate_pem = { (unsigned char *)pair->certificate,
                                             (unsigned)strlen(pair->certificate) };
    const gnutls_datum_t key_pem = { (unsigned char *)pair->key, (unsigned)strlen(pair->key) };
    gnutls_x509_crt_t chain[CHAIN_MAX] = { 0 };
    gnutls_x509_privkey_t key = NULL;
    unsigned count = CHAIN_MAX;
    enum outcome o = OK;
    const int read =
        gnutls_x509_crt_list_import(chain, &count, &certificate_pem, GNUTLS_X509_FMT_PEM, 0);
    int r = gnutls_x509_privkey_init(&key);
    if (read < 1)
        o = err_fault(e, "tls.unreadable", "%s: %s", certificate_path, gnutls_strerror(read));
    else if (r == 0 && (r = gnutls_x509_privkey_import(key, &key_pem, GNUTLS_X509_FMT_PEM)) < 0)
        o = err_fault(e, "tls.unreadable", "%s: %s", key_path, gnutls_strerror(r));
    if (o == OK)
        o = check_match(chain[0], key, e);
    if (o == OK)
        o = check_time(chain[0], env, e);
    for (int i = 0; i < read; i++)
        gnutls_x509_crt_deinit(chain[i]);
    gnutls_x509_privkey_deinit(key);
    return o;
}

enum outcome tls_load(struct tls_pair *out, const char *certificate_path, const char *key_path,
                      const struct env *env, struct err *e)
{
    *out = (struct tls_pair){ 0 };
    BUG_ON(!certificate_path || !key_path);
    enum outcome o = read_file(&out->certificate, certificate_path, false, e);
    if (o == OK)
        o = read_file(&out->key, key_path, true, e);
    if (o == OK)
        o = check_pair(out, certificate_path, key_path, env, e);
    if (o != OK)
        tls_pair_free(out);
    return o;
}

void tls_pair_free(struct tls_pair *pair)
{
    free(pair->certificate);
    if (pair->key)
        sodium_memzero(pair->key, strlen(pair->key));
    free(pair->key);
    *pair = (struct tls_pair){ 0 };
}

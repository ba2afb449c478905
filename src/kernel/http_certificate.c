/* The certificate that a client showed in the TLS handshake. */
#include "kernel/http_impl.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

/* Of an authority that the server trusts, within its time, and for use by clients. */
static bool is_valid(gnutls_session_t session)
{
    static char purpose[] = GNUTLS_KP_TLS_WWW_CLIENT;
    gnutls_typed_vdata_st data[] = { { GNUTLS_DT_KEY_PURPOSE_OID, (unsigned char *)purpose, 0 } };
    unsigned status = 0;
    return gnutls_certificate_type_get(session) == GNUTLS_CRT_X509 &&
           gnutls_certificate_verify_peers(session, data, 1, &status) == 0 && status == 0;
}

static bool key_hash(struct hash *out, gnutls_session_t session)
{
    unsigned n = 0;
    size_t size = sizeof out->b;
    gnutls_x509_crt_t certificate;
    const gnutls_datum_t *list = gnutls_certificate_get_peers(session, &n);
    if (!list || n == 0 || gnutls_x509_crt_init(&certificate) != 0)
        return false;
    const bool good =
        gnutls_x509_crt_import(certificate, &list[0], GNUTLS_X509_FMT_DER) == 0 &&
        gnutls_x509_crt_get_key_id(certificate, GNUTLS_KEYID_USE_SHA256, out->b, &size) == 0;
    gnutls_x509_crt_deinit(certificate);
    return good && size == sizeof out->b;
}

struct str http_certificate(const struct http_request *r)
{
    const struct http_exchange *x = (const struct http_exchange *)r;
    const union MHD_ConnectionInfo *info =
        x->server->tls && x->server->options.client_ca
            ? MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION)
            : NULL;
    struct hash hash;
    char hex[HASH_HEX + 1];
    if (!info || !info->tls_session || !is_valid(info->tls_session) ||
        !key_hash(&hash, info->tls_session))
        return (struct str){ 0 };
    hash_hex(hex, hash);
    return arena_str(r->arena, str_z(hex));
}

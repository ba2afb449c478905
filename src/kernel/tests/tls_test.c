/* The server's own certificate, and what is spoken with it. */
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel/tests/http_client.h"
#include "kernel/tls_make.h"

static char folder[] = "/tmp/vein-tls-XXXXXX";
static char certificate[64];
static char key[64];
static char other[64];

static int fresh(void **state)
{
    (void)state;
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
    assert_non_null(mkdtemp(folder));
    (void)snprintf(certificate, sizeof certificate, "%s/cert.pem", folder);
    (void)snprintf(key, sizeof key, "%s/key.pem", folder);
    (void)snprintf(other, sizeof other, "%s/other.pem", folder);
    return 0;
}

static int clear(void **state)
{
    (void)state;
    (void)unlink(certificate);
    (void)unlink(key);
    (void)unlink(other);
    return rmdir(folder); /* nothing else was left behind */
}

static void make(void)
{
    struct err e = { 0 };
    if (tls_make(certificate, key, "127.0.0.1", &env_system, &e) != OK)
        fail_msg("%s %s", e.code, e.detail);
}

static void overwrite(const char *path, const char *text)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void assert_load(const struct env *env, enum outcome expected, const char *code)
{
    struct tls_pair pair;
    struct err e = { 0 };
    assert_int_equal(tls_load(&pair, certificate, key, env, &e), expected);
    if (code)
        assert_string_equal(e.code, code);
    tls_pair_free(&pair);
}

static void makes_once(void **state)
{
    (void)state;
    struct stat before;
    struct stat after;
    make();
    assert_int_equal(stat(key, &before), 0);
    assert_int_equal(before.st_mode & 0777, 0600);
    assert_load(&env_system, OK, NULL);
    make();
    assert_int_equal(stat(key, &after), 0);
    assert_int_equal(after.st_ino, before.st_ino);
}

static void half_of_it_is_a_fault(void **state)
{
    (void)state;
    struct err e = { 0 };
    make();
    assert_int_equal(rename(certificate, other), 0);
    assert_int_equal(tls_make(certificate, key, "127.0.0.1", &env_system, &e), FAULT);
    assert_string_equal(e.code, "tls.half_made");
    assert_load(&env_system, FAULT, "tls.unreadable");
    assert_int_equal(rename(key, certificate), 0); /* a key is no certificate */
    assert_int_equal(tls_make(certificate, key, "127.0.0.1", &env_system, &e), FAULT);
    assert_string_equal(e.code, "tls.half_made");
}

static void unreadable_is_a_fault(void **state)
{
    (void)state;
    make();
    struct stat status;
    assert_int_equal(stat(certificate, &status), 0);
    assert_int_equal(truncate(certificate, status.st_size / 2), 0);
    assert_load(&env_system, FAULT, "tls.unreadable");
    overwrite(certificate, "");
    assert_load(&env_system, FAULT, "tls.unreadable");
}

static void wrong_pairs_are_refused(void **state)
{
    (void)state;
    make();
    assert_int_equal(rename(certificate, other), 0);
    assert_int_equal(unlink(key), 0);
    make();
    assert_int_equal(rename(other, certificate), 0);
    assert_load(&env_system, REFUSED, "tls.mismatch");
    assert_int_equal(chmod(key, 0640), 0);
    assert_load(&env_system, REFUSED, "tls.key_readable_by_others");
    assert_int_equal(chmod(key, 0600), 0);
    assert_int_equal(unlink(certificate), 0);
    assert_int_equal(unlink(key), 0);
    make();
    struct env_sim later;
    env_sim_init(&later, 1, env_now(&env_system) + INT64_C(900) * 86400 * 1000000);
    assert_load(&later.env, REFUSED, "tls.expired");
}

/* Speaks TLS with the server; the answer to GET /hello, or false when they do not agree. */
static bool ask(const struct http_server *s, const char *priority, char *answer, size_t size)
{
    gnutls_certificate_credentials_t trust;
    gnutls_session_t session;
    assert_int_equal(gnutls_certificate_allocate_credentials(&trust), 0);
    assert_int_equal(
        gnutls_certificate_set_x509_trust_file(trust, certificate, GNUTLS_X509_FMT_PEM), 1);
    assert_int_equal(gnutls_init(&session, GNUTLS_CLIENT), 0);
    const int fd = client_connect(s);
    bool ok = gnutls_priority_set_direct(session, priority, NULL) == 0 &&
              gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, trust) == 0;
    gnutls_session_set_verify_cert(session, "127.0.0.1", 0);
    gnutls_transport_set_int(session, fd);
    gnutls_handshake_set_timeout(session, 5000);
    ok = ok && gnutls_handshake(session) == 0;
    if (ok) {
        static const char request[] = "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        assert_int_equal(gnutls_record_send(session, request, sizeof request - 1),
                         sizeof request - 1);
        size_t n = 0;
        ssize_t more;
        while ((more = gnutls_record_recv(session, answer + n, size - 1 - n)) > 0)
            n += (size_t)more;
        answer[n] = '\0';
    }
    gnutls_deinit(session);
    gnutls_certificate_free_credentials(trust);
    (void)close(fd);
    return ok;
}

/* partial: SEC-02 outside loopback only TLS is spoken, of version 1.2 at least */
static void serves_tls(void **state)
{
    (void)state;
    char answer[4000];
    make();
    struct http_options options = test_options();
    options.tls_certificate = certificate;
    options.tls_key = key;
    struct http_server *s = test_start(&options);
    assert_true(ask(s, "NORMAL:-VERS-ALL:+VERS-TLS1.3", answer, sizeof answer));
    assert_int_equal(client_status(answer), 200);
    assert_non_null(strstr(answer, "Strict-Transport-Security: max-age=31536000\r\n"));
    assert_true(ask(s, "NORMAL:-VERS-ALL:+VERS-TLS1.2", answer, sizeof answer));
    assert_false(ask(s, "NORMAL:-VERS-ALL:+VERS-TLS1.1:+VERS-TLS1.0", answer, sizeof answer));
    assert_int_equal(
        client_ask(s, S("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"), answer, sizeof answer), 0);
    http_stop(s);
}

static void refuses_plain_outside(void **state)
{
    (void)state;
    static const char *const outside[] = { "0.0.0.0:0", "[::]:0", "192.0.2.1:8080" };
    static const char *const malformed[] = { "",       "127.0.0.1",       ":80", "example.org:80",
                                             "[::1:0", "127.0.0.1:70000", "1:x", "127.0.0.1:-1" };
    struct http_options options = test_options();
    struct http_server *s;
    struct err e = { 0 };
    for (size_t i = 0; i < 3; i++) {
        options.listen = outside[i];
        assert_int_equal(http_start(&s, &options, &e), REFUSED);
        assert_string_equal(e.code, "http.plain_outside");
    }
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
        options.listen = malformed[i];
        assert_int_equal(http_start(&s, &options, &e), REFUSED);
        assert_string_equal(e.code, "http.malformed_address");
    }
    options = test_options();
    s = test_start(&options);
    options.listen = http_address(s).p;
    struct http_server *second;
    assert_int_equal(http_start(&second, &options, &e), REFUSED);
    assert_string_equal(e.code, "http.address_in_use");
    http_stop(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(makes_once, fresh, clear),
        cmocka_unit_test_setup_teardown(half_of_it_is_a_fault, fresh, clear),
        cmocka_unit_test_setup_teardown(unreadable_is_a_fault, fresh, clear),
        cmocka_unit_test_setup_teardown(wrong_pairs_are_refused, fresh, clear),
        cmocka_unit_test_setup_teardown(serves_tls, fresh, clear),
        cmocka_unit_test(refuses_plain_outside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

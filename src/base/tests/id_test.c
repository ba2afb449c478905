/* Hashes against published vectors, identifiers, and chance that a seed replays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/id.h"

static void assert_hash(struct hash h, const char *want)
{
    char hex[HASH_HEX + 1];
    hash_hex(hex, h);
    assert_string_equal(hex, want);
}

/* FIPS 180-4 example messages: empty, one block, two blocks, a million times "a". */
static void sha256_gives_the_published_vectors(void **state)
{
    (void)state;
    assert_hash(hash_of(NULL, 0),
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_hash(hash_of("abc", 3),
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    const char *two = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    assert_hash(hash_of(two, 56),
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    enum { MILLION = 1000000 };
    char *as = malloc(MILLION);
    assert_non_null(as);
    memset(as, 'a', MILLION);
    assert_hash(hash_of(as, MILLION),
                "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(as);
}

static void parts_hash_as_the_whole(void **state)
{
    (void)state;
    const struct bytes parts[] = { { (const uint8_t *)"a", 1 },
                                   { NULL, 0 },
                                   { (const uint8_t *)"bc", 2 } };
    assert_true(hash_eq(hash_parts(parts, 3), hash_of("abc", 3)));
    assert_true(hash_eq(hash_parts(NULL, 0), hash_of("", 0)));
}

static void hexadecimal_is_read_strictly(void **state)
{
    (void)state;
    char hex[HASH_HEX + 1];
    struct hash h;
    const struct hash abc = hash_of("abc", 3);
    hash_hex(hex, abc);
    assert_true(hash_from_hex(&h, str_z(hex)));
    assert_true(hash_eq(h, abc));
    assert_false(hash_from_hex(&h, (struct str){ hex, 63 }));
    assert_false(hash_from_hex(&h, (struct str){ 0 }));
    hex[0] = 'B';
    assert_false(hash_from_hex(&h, str_z(hex)));
    hex[0] = ' ';
    assert_false(hash_from_hex(&h, str_z(hex)));
}

static void *hash_in_thread(void *out)
{
    struct hash h = { 0 };
    for (int i = 0; i < 2000; i++)
        h = hash_of(h.b, sizeof h.b);
    *(struct hash *)out = h;
    return NULL;
}

static void threads_do_not_share_a_context(void **state)
{
    (void)state;
    struct hash alone;
    struct hash results[4];
    pthread_t threads[4];
    hash_in_thread(&alone);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hash_in_thread, &results[i]), 0);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(hash_eq(results[i], alone));
    }
}

static void fresh_ids_are_version_7_with_their_time(void **state)
{
    (void)state;
    struct env_sim sim;
    env_sim_init(&sim, 7, INT64_C(1795339800000000));
    const struct id first = id_new(&sim.env);
    assert_true(id_valid(id_str(&first)));
    /* 1795339800000 ms is 0x01a202974dc0 */
    assert_true(str_starts(id_str(&first), S("01a20297-4dc0-7000-")));
    assert_non_null(strchr("89ab", first.text[19]));
    env_sim_advance(&sim, 500);
    const struct id half = id_new(&sim.env);
    assert_true(str_starts(id_str(&half), S("01a20297-4dc0-7800-")));
    const struct id other = id_new(&sim.env);
    assert_string_not_equal(half.text, other.text);
    env_sim_step_clock(&sim, INT64_MIN / 2); /* before 1970 */
    const struct id early = id_new(&sim.env);
    assert_true(str_starts(id_str(&early), S("00000000-0000-7000-")));
    const struct id real = id_new(&env_system);
    assert_true(id_valid(id_str(&real)));
}

/* Golden: a retry years later must derive the same id. Computed apart, with Python's hashlib. */
static void derived_ids_are_the_same_for_ever(void **state)
{
    (void)state;
    const struct str parent = S("019314a5-0000-7000-8000-000000000001");
    const struct id id = id_derive(parent, S("unit"), 3);
    assert_string_equal(id.text, "e03a0687-2a4a-8e7a-ad4c-6519946a6834");
    const struct id number = id_derive(parent, S("unit"), 4);
    const struct id what = id_derive(parent, S("label"), 3);
    assert_string_not_equal(number.text, id.text);
    assert_string_not_equal(what.text, id.text);
    assert_true(id_valid(id_str(&number)));
}

static void only_canonical_ids_are_valid(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "E03a0687-2a4a-8e7a-ad4c-6519946a6834",
        "e03a06872a4a8e7aad4c6519946a6834",
        "e03a0687-2a4a-8e7a-ad4c-6519946a683",
        "e03a0687-2a4a-8e7a-ad4c-6519946a68345",
        "e03a0687-2a4a-8e7aa-d4c-6519946a6834",
        "g03a0687-2a4a-8e7a-ad4c-6519946a6834",
        "{03a0687-2a4a-8e7a-ad4c-6519946a683}",
        "e03a0687-2a4a-8e7a-ad4c-6519946a683-",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(id_valid(str_z(bad[i])));
    assert_false(id_valid((struct str){ 0 }));
}

static void a_seed_replays_chance_and_time(void **state)
{
    (void)state;
    struct env_sim a;
    struct env_sim b;
    struct env_sim c;
    uint8_t from_a[3][40];
    uint8_t from_b[3][40];
    uint8_t from_c[40];
    env_sim_init(&a, 1, 1000);
    env_sim_init(&b, 1, 1000);
    env_sim_init(&c, 2, 1000);
    for (int i = 0; i < 3; i++) {
        env_random(&a.env, from_a[i], 40);
        env_random(&b.env, from_b[i], 40);
    }
    env_random(&c.env, from_c, 40);
    assert_memory_equal(from_a, from_b, sizeof from_a);
    assert_memory_not_equal(from_a[0], from_a[1], 40);
    assert_memory_not_equal(from_a[0], from_c, 40);
    env_sim_advance(&a, 50);
    env_sim_step_clock(&a, -500);
    assert_int_equal(env_now(&a.env), 550);
    assert_int_equal(env_mono(&a.env), 50); /* a step moves the wall clock alone */
}

static void the_real_world_gives_time_and_chance(void **state)
{
    (void)state;
    uint8_t x[32];
    uint8_t y[32];
    env_random(&env_system, x, sizeof x);
    env_random(&env_system, y, sizeof y);
    assert_memory_not_equal(x, y, sizeof x);
    const int64_t mono = env_mono(&env_system);
    assert_true(env_mono(&env_system) >= mono);
    assert_true(env_now(&env_system) > INT64_C(1700000000000000)); /* this program's birth */
}

static void codes_for_people_repeat_and_hold_no_lookalikes(void **state)
{
    (void)state;
    char a[9], b[9];
    id_code(a, 8, S("parent"), S("what"));
    id_code(b, 8, S("parent"), S("what"));
    assert_string_equal(a, b);
    id_code(b, 8, S("parent"), S("other"));
    assert_string_not_equal(a, b);
    unsigned seen[sizeof ID_LETTERS - 1] = { 0 };
    for (unsigned i = 0; i < 27000; i++)
        seen[id_draw(S("p"), S("w"), i, i, sizeof ID_LETTERS - 1)]++;
    for (size_t i = 0; i < sizeof ID_LETTERS - 1; i++)
        assert_in_range(seen[i], 800, 1200); /* 1000 expected, six deviations wide */
    assert_null(strpbrk(ID_LETTERS, "01ILOZSBU"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_gives_the_published_vectors),
        cmocka_unit_test(parts_hash_as_the_whole),
        cmocka_unit_test(hexadecimal_is_read_strictly),
        cmocka_unit_test(threads_do_not_share_a_context),
        cmocka_unit_test(fresh_ids_are_version_7_with_their_time),
        cmocka_unit_test(derived_ids_are_the_same_for_ever),
        cmocka_unit_test(only_canonical_ids_are_valid),
        cmocka_unit_test(a_seed_replays_chance_and_time),
        cmocka_unit_test(the_real_world_gives_time_and_chance),
        cmocka_unit_test(codes_for_people_repeat_and_hold_no_lookalikes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

-- patient (patient ID) -> (
--     patient ID, organisation ID, site ID, pseudonym TEXT, family TEXT, given TEXT,
--     birth_date TEXT, sex CODE, source TEXT, event ID, named ID, corrected TIME, enrolled TIME,
--     erasure ID, erasure_by TEXT, erasure_at TIME, erased TIME, erased_by TEXT)
SELECT patient, organisation, site, pseudonym, family, given, birth_date, sex, source, event, named,
       corrected, enrolled, erasure, erasure_by, erasure_at, erased, erased_by
FROM order_patient WHERE patient = :patient;

-- pseudonym_taken (pseudonym TEXT, patient ID) -> (taken BOOL)
-- By another patient than this.
SELECT 1 AS taken WHERE EXISTS (
    SELECT 1 FROM order_patient WHERE pseudonym = :pseudonym AND patient <> :patient);

-- identifiers (patient ID) -> (number INT, system TEXT, value TEXT)
SELECT number, system, value FROM order_identifier WHERE patient = :patient ORDER BY number;

-- conditions (patient ID) -> (number INT, system TEXT, code TEXT, title TEXT, since DATE)
SELECT number, system, code, title, since FROM order_condition
WHERE patient = :patient ORDER BY number;

-- {patients_of}
-- Of a site.
SELECT patient, pseudonym, sex, enrolled FROM order_patient
WHERE organisation = :organisation AND site = :site;

-- patients (organisation ID, site ID, at TIME, id TEXT, most INT) -> (
--     patient ID, pseudonym TEXT, sex CODE, enrolled TIME)
-- The newest first. Each list goes on behind its last row's enrolled and patient.
{patients_of} AND (enrolled, patient) < (:at, :id)
ORDER BY enrolled DESC, patient DESC LIMIT :most;

-- patients_oldest (organisation ID, site ID, at TIME, id TEXT, most INT) -> (
--     patient ID, pseudonym TEXT, sex CODE, enrolled TIME)
{patients_of} AND (enrolled, patient) > (:at, :id)
ORDER BY enrolled, patient LIMIT :most;

-- patients_named (organisation ID, site ID, id TEXT, start TEXT, most INT) -> (
--     patient ID, pseudonym TEXT, sex CODE, enrolled TIME)
-- By pseudonym, behind the patient :id; on the first page, of which there is none, behind :start.
{patients_of} AND (pseudonym, patient) > (
    COALESCE((SELECT x.pseudonym FROM order_patient x WHERE x.patient = :id), :start), :id)
ORDER BY pseudonym, patient LIMIT :most;

-- patients_named_back (organisation ID, site ID, id TEXT, start TEXT, most INT) -> (
--     patient ID, pseudonym TEXT, sex CODE, enrolled TIME)
{patients_of} AND (pseudonym, patient) < (
    COALESCE((SELECT x.pseudonym FROM order_patient x WHERE x.patient = :id), :start), :id)
ORDER BY pseudonym DESC, patient DESC LIMIT :most;

-- order (order_id ID) -> (
--     order_id ID, patient ID, pseudonym TEXT, coi TEXT, organisation ID, site ID, product CODE,
--     product_version INT, indication TEXT, jurisdiction CODE, regime CODE, weight QUANTITY,
--     dose DECIMAL, dose_rule TEXT, state CODE, workflow CODE, workflow_version INT,
--     prescribed TIME, prescriber TEXT, placed TIME, named ID, corrected TIME, erased TIME)
-- named, corrected and erased as of the patient.
SELECT o.order_id, o.patient, p.pseudonym, o.coi, o.organisation, o.site, o.product,
       o.product_version, o.indication, o.jurisdiction, o.regime, o.weight, o.dose, o.dose_rule,
       o.state, o.workflow, o.workflow_version, o.prescribed, o.prescriber, o.placed, p.named,
       p.corrected, p.erased
FROM order_order o LEFT JOIN order_patient p ON p.patient = o.patient
WHERE o.order_id = :order_id;

-- by_coi (coi TEXT) -> (order_id ID)
SELECT order_id FROM order_order WHERE coi = :coi;

-- list (organisation ID, site ID, before TIME, before_id TEXT) -> (
--     order_id ID, patient ID, pseudonym TEXT, coi TEXT, product CODE, indication TEXT,
--     placed TIME)
-- Orders that a site placed, newest first, 200 at most. The next page begins behind the last row's
-- placed and order; the first behind the end of time and ''.
SELECT o.order_id, o.patient, p.pseudonym, o.coi, o.product, o.indication, o.placed
FROM order_order o LEFT JOIN order_patient p ON p.patient = o.patient
WHERE o.organisation = :organisation AND o.site = :site
  AND (o.placed, o.order_id) < (:before, :before_id)
ORDER BY o.placed DESC, o.order_id DESC LIMIT 200;

-- to_place (organisation ID, site ID, after TIME, after_id TEXT) -> (
--     order_id ID, patient ID, pseudonym TEXT, product CODE, indication TEXT, prescribed TIME)
-- Prescribed and not yet placed, oldest first, 200 at most.
SELECT o.order_id, o.patient, p.pseudonym, o.product, o.indication, o.prescribed
FROM order_order o LEFT JOIN order_patient p ON p.patient = o.patient
WHERE o.organisation = :organisation AND o.site = :site AND o.placed IS NULL
  AND (o.prescribed, o.order_id) > (:after, :after_id)
ORDER BY o.prescribed, o.order_id LIMIT 200;

-- of_patient (patient ID) -> (order_id ID, coi TEXT, product CODE, state CODE, prescribed TIME,
--                             placed TIME)
SELECT order_id, coi, product, state, prescribed, placed FROM order_order
WHERE patient = :patient ORDER BY prescribed, order_id;

-- live_of_patient (patient ID) -> (order_id ID, placed TIME)
-- That have not ended, placed or not.
SELECT o.order_id, o.placed
FROM order_order o LEFT JOIN flow_order f ON f.order_id = o.order_id
WHERE o.patient = :patient AND (f.order_id IS NULL OR f.state <> 'ended')
ORDER BY o.prescribed, o.order_id LIMIT 40;

-- dates (order_id ID) -> (what CODE, planned TIME)
SELECT what, planned FROM order_date WHERE order_id = :order_id ORDER BY planned, what;

-- patient_add (
--     patient ID, organisation ID, site ID, pseudonym TEXT, family TEXT, given TEXT,
--     birth_date TEXT, sex CODE, source TEXT, event ID, enrolled TIME)
INSERT INTO order_patient (patient, organisation, site, pseudonym, family, given, birth_date, sex,
                           source, event, named, enrolled)
VALUES (:patient, :organisation, :site, :pseudonym, :family, :given, :birth_date, :sex, :source,
        :event, :event, :enrolled);

-- patient_set (patient ID, family TEXT, given TEXT, birth_date TEXT, sex CODE, event ID)
UPDATE order_patient
SET family = :family, given = :given, birth_date = :birth_date, sex = :sex, event = :event
WHERE patient = :patient;

-- patient_name (patient ID, named ID, corrected TIME)
UPDATE order_patient SET named = :named, corrected = :corrected WHERE patient = :patient;

-- identifiers_drop (patient ID)
DELETE FROM order_identifier WHERE patient = :patient;

-- conditions_drop (patient ID)
DELETE FROM order_condition WHERE patient = :patient;

-- identifier_add (patient ID, number INT, system TEXT, value TEXT)
INSERT INTO order_identifier (patient, number, system, value)
VALUES (:patient, :number, :system, :value);

-- condition_add (patient ID, number INT, system TEXT, code TEXT, title TEXT, since DATE)
INSERT INTO order_condition (patient, number, system, code, title, since)
VALUES (:patient, :number, :system, :code, :title, :since);

-- order_add (
--     order_id ID, patient ID, organisation ID, site ID, product CODE, product_version INT,
--     indication TEXT, jurisdiction CODE, regime CODE, weight QUANTITY, dose DECIMAL,
--     dose_rule TEXT, prescribed TIME, prescriber TEXT)
INSERT INTO order_order (order_id, patient, organisation, site, product, product_version,
                         indication, jurisdiction, regime, weight, dose, dose_rule, state,
                         prescribed, prescriber)
VALUES (:order_id, :patient, :organisation, :site, :product, :product_version, :indication,
        :jurisdiction, :regime, :weight, :dose, :dose_rule, 'prescribed', :prescribed, :prescriber);

-- order_place (order_id ID, coi TEXT, workflow CODE, workflow_version INT, placed TIME)
UPDATE order_order
SET coi = :coi, workflow = :workflow, workflow_version = :workflow_version, placed = :placed,
    state = 'placed'
WHERE order_id = :order_id;

-- date_set (order_id ID, what CODE, planned TIME)
INSERT INTO order_date (order_id, what, planned) VALUES (:order_id, :what, :planned)
ON CONFLICT (order_id, what) DO UPDATE SET planned = excluded.planned;

-- all (after ID) -> (order_id ID, coi TEXT, product CODE, state CODE, pseudonym TEXT, placed TIME)
-- Every order of the node in the order of ids, 200 at a time, for the command line.
SELECT o.order_id, o.coi, o.product, o.state, p.pseudonym, o.placed
FROM order_order o JOIN order_patient p ON p.patient = o.patient
WHERE o.order_id > :after ORDER BY o.order_id LIMIT 200;

-- parties_of_patient (patient ID) -> (organisation ID, site ID, part CODE, product CODE,
--                                     workflow CODE, workflow_version INT, workflow_hash HASH)
-- Sites that treat this patient now: parties of orders that have not ended.
SELECT DISTINCT p.organisation, p.site, p.part, o.product, f.workflow, f.workflow_version,
       f.workflow_hash
FROM order_order o
JOIN flow_order f ON f.order_id = o.order_id AND f.state <> 'ended'
JOIN flow_party p ON p.order_id = f.order_id
WHERE o.patient = :patient
ORDER BY p.organisation, p.site, p.part
LIMIT 200;

-- erasure_set (patient ID, erasure ID, erasure_by TEXT, erasure_at TIME, event ID, reason TEXT)
UPDATE order_patient
SET erasure = :erasure, erasure_by = :erasure_by, erasure_at = :erasure_at,
    erasure_event = :event, erasure_reason = :reason
WHERE patient = :patient;

-- erasure_request (patient ID) -> (event ID, reason TEXT, how CODE)
-- The event of the request that waits or was followed, and what ended its signature.
SELECT p.erasure_event AS event, p.erasure_reason AS reason, v.how
FROM order_patient p LEFT JOIN sign_void v ON v.signature = p.erasure_event
WHERE p.patient = :patient AND p.erasure_event IS NOT NULL;

-- erased_set (patient ID, erased TIME, erased_by TEXT)
UPDATE order_patient SET erased = :erased, erased_by = :erased_by WHERE patient = :patient;

-- erased (subject TEXT, most INT) -> (subject ID)
-- Patients erased, from this one on.
SELECT patient AS subject FROM order_patient
WHERE erased IS NOT NULL AND patient >= :subject ORDER BY patient LIMIT :most;

-- duties_of_patient (patient ID) -> (
--     order_id ID, coi TEXT, jurisdiction CODE, regime CODE, placed TIME, ended TIME,
--     material CODE, tasks INT, deviations INT)
-- What duties to keep a patient's data rest on: of each order its end, and what is open of it.
SELECT o.order_id, o.coi, o.jurisdiction, o.regime, o.placed, f.ended, f.material,
       (SELECT count(*) FROM flow_task t WHERE t.order_id = o.order_id AND t.open = 1) AS tasks,
       (SELECT count(*) FROM quality_deviation d WHERE d.order_id = o.order_id AND d.open = 1)
           AS deviations
FROM order_order o LEFT JOIN flow_order f ON f.order_id = o.order_id
WHERE o.patient = :patient ORDER BY o.prescribed, o.order_id LIMIT 200;

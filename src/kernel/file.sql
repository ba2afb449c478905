-- row (file ID)
--   -> (file ID, kind CODE, belongs TEXT, hash HASH, size INT, sealed_size INT, type CODE,
--       subject TEXT, name TEXT, event_id ID, organisation ID, stored TIME, stored_by TEXT)
SELECT file, kind, belongs, hash, size, sealed_size, type, subject, name, event_id, organisation,
       stored, stored_by
FROM file_row WHERE file = :file;

-- of (kind CODE, belongs TEXT)
--   -> (file ID, kind CODE, belongs TEXT, hash HASH, size INT, sealed_size INT, type CODE,
--       subject TEXT, name TEXT, event_id ID, organisation ID, stored TIME, stored_by TEXT)
-- The files of one thing, oldest first.
SELECT file, kind, belongs, hash, size, sealed_size, type, subject, name, event_id, organisation,
       stored, stored_by
FROM file_row WHERE kind = :kind AND belongs = :belongs ORDER BY stored, file LIMIT 200;

-- page (after TEXT)
--   -> (file ID, kind CODE, belongs TEXT, hash HASH, size INT, sealed_size INT, type CODE,
--       subject TEXT, name TEXT, event_id ID, organisation ID, stored TIME, stored_by TEXT)
-- All files, by id, a page at a time.
SELECT file, kind, belongs, hash, size, sealed_size, type, subject, name, event_id, organisation,
       stored, stored_by
FROM file_row WHERE file > :after ORDER BY file LIMIT 200;

-- named (hash HASH) -> (file ID)
SELECT file FROM file_row WHERE hash = :hash LIMIT 1;

-- keep (file ID, kind CODE, belongs TEXT, hash HASH, size INT, sealed_size INT, type CODE,
--       subject TEXT, name TEXT, event_id ID, organisation ID, stored TIME, stored_by TEXT)
INSERT INTO file_row (file, kind, belongs, hash, size, sealed_size, type, subject, name, event_id,
                      organisation, stored, stored_by)
VALUES (:file, :kind, :belongs, :hash, :size, :sealed_size, :type, :subject, :name, :event_id,
        :organisation, :stored, :stored_by);

-- hospital_sites () -> (site ID, organisation ID, zone TEXT)
-- The first two are enough to know whether there is one.
SELECT s.site, s.organisation, s.zone
FROM auth_site s JOIN auth_organisation o ON o.organisation = s.organisation
WHERE o.kind = 'hospital'
ORDER BY s.organisation, s.site LIMIT 2;

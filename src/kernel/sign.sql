-- simulation () -> (node ID)
SELECT node FROM sign_simulation ORDER BY node LIMIT 1;

-- simulation_begin (node ID, begun TIME)
INSERT INTO sign_simulation (node, begun) VALUES (:node, :begun) ON CONFLICT (node) DO NOTHING;

-- anyone () -> (account ID)
SELECT account FROM auth_account ORDER BY account LIMIT 1;

-- One committed row of about the size of an access entry: what a durable write costs without a gateway.
INSERT INTO bench_insert (party, purpose, digest, detail)
VALUES ('institution:9900000001', 'eligibilityCheck', decode(repeat('ab', 32), 'hex'), repeat('x', 160));

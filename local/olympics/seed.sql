-- What the stand-in has to tell: 200 events with 60 results each, 3,000 athletes with four results each, medals of some countries.
SET statement_timeout = 0;
ALTER TABLE results DISABLE TRIGGER note_change;
INSERT INTO athletes (id, name, country_code, sport)
SELECT n, 'Athlete ' || n, chr(65 + n % 26) || chr(65 + n % 7) || 'A', 'skiing' FROM generate_series(1, 3000) n;
INSERT INTO events (id, sport, event_name, status, start_time)
SELECT n, 'skiing', 'event_' || n, CASE WHEN n <= 120 THEN 'live' WHEN n <= 160 THEN 'completed' ELSE 'scheduled' END::event_status,
       timestamptz '2027-02-06' + n * interval '1 hour' FROM generate_series(1, 200) n;
INSERT INTO results (event_id, athlete_id, score, rank, medal, version)
SELECT e, 1 + (60 * e + k) % 3000, 100 + k * 0.137, k, (ARRAY['gold', 'silver', 'bronze']::medal[])[k], 1
FROM generate_series(1, 200) e, generate_series(1, 60) k;
ALTER TABLE results ENABLE TRIGGER note_change;
INSERT INTO medal_counts (country_code, gold, silver, bronze)
SELECT a.country_code, count(*) FILTER (WHERE r.medal = 'gold'), count(*) FILTER (WHERE r.medal = 'silver'),
       count(*) FILTER (WHERE r.medal = 'bronze')
FROM athletes a JOIN results r ON r.athlete_id = a.id WHERE r.medal IS NOT NULL GROUP BY a.country_code;
ANALYZE;

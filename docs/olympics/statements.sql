-- line 214: the table of events
CREATE TABLE events (
    id SERIAL PRIMARY KEY,
    sport VARCHAR(100),
    event_name VARCHAR(200),
    status VARCHAR(20), -- scheduled, live, completed
    start_time TIMESTAMP,
    end_time TIMESTAMP,
    created_at TIMESTAMP DEFAULT NOW()
);

-- line 225: the table of athletes
CREATE TABLE athletes (
    id SERIAL PRIMARY KEY,
    name VARCHAR(200),
    country_code VARCHAR(3),
    sport VARCHAR(100),
    created_at TIMESTAMP DEFAULT NOW()
);

-- line 234: the table of results
CREATE TABLE results (
    id SERIAL PRIMARY KEY,
    event_id INTEGER REFERENCES events(id),
    athlete_id INTEGER REFERENCES athletes(id),
    score DECIMAL(10,3),
    rank INTEGER,
    medal VARCHAR(10), -- gold, silver, bronze
    recorded_at TIMESTAMP DEFAULT NOW(),
    INDEX idx_event_rank (event_id, rank),
    INDEX idx_athlete (athlete_id)
);

-- line 247: the table of medals
CREATE TABLE medal_counts (
    id SERIAL PRIMARY KEY,
    country_code VARCHAR(3),
    gold INTEGER DEFAULT 0,
    silver INTEGER DEFAULT 0,
    bronze INTEGER DEFAULT 0,
    total INTEGER GENERATED ALWAYS AS (gold + silver + bronze) STORED,
    updated_at TIMESTAMP DEFAULT NOW(),
    INDEX idx_country (country_code)
);

-- line 253: the generated column, in the same table without its index
CREATE TABLE medal_counts (
    id SERIAL PRIMARY KEY,
    country_code VARCHAR(3),
    gold INTEGER DEFAULT 0,
    silver INTEGER DEFAULT 0,
    bronze INTEGER DEFAULT 0,
    total INTEGER GENERATED ALWAYS AS (gold + silver + bronze) STORED,
    updated_at TIMESTAMP DEFAULT NOW()
);

-- line 1030: the most viewed events
SELECT e.event_name, COUNT(*) as views
FROM events e
JOIN event_views ev ON e.id = ev.event_id
WHERE ev.created_at > NOW() - INTERVAL '1 hour'
GROUP BY e.event_name
ORDER BY views DESC
LIMIT 10;

-- line 1039: the hit rate
SELECT
  SUM(CASE WHEN source = 'cache' THEN 1 ELSE 0 END)::FLOAT / COUNT(*) * 100 AS cache_hit_rate
FROM request_logs
WHERE created_at > NOW() - INTERVAL '5 minutes';

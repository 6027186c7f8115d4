-- The tables of the scoreboard. The first migration of the program creates the same.

CREATE TABLE users (
  id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE CHECK (name <> '')
);

-- Every change of a score, in the order in which it was written. Its number is the ID of the event that a stream carries, so a
-- browser that comes back with Last-Event-ID is given what it missed.
CREATE TABLE score_events (
  id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id bigint NOT NULL REFERENCES users,
  points  integer NOT NULL CHECK (points BETWEEN 1 AND 1000),
  score   bigint NOT NULL, -- the user's sum with this event, as the stream says it
  at      timestamptz NOT NULL DEFAULT now()
);

-- The sum of a user's events.
CREATE TABLE scores (
  user_id    bigint PRIMARY KEY REFERENCES users,
  score      bigint NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
);

-- Answers the leaderboard in order, without reading or sorting the rest. An index on (user_id, score) cannot: its order is the users'.
CREATE INDEX scores_by_score ON scores (score DESC, user_id);

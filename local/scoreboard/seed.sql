-- Twelve users and their first events, so that the leaderboard leaves somebody out.

INSERT INTO users (name)
VALUES ('ada'), ('grace'), ('alan'), ('edsger'), ('barbara'), ('donald'), ('radia'), ('ken'), ('margaret'), ('dennis'), ('lynn'), ('tony');

INSERT INTO score_events (user_id, points, score)
SELECT users.id, first.points, first.points
FROM (
  VALUES ('ada', 90), ('grace', 85), ('alan', 70), ('edsger', 65), ('barbara', 60), ('donald', 55),
         ('radia', 50), ('ken', 45), ('margaret', 40), ('dennis', 35), ('lynn', 30), ('tony', 25)
) AS first (name, points)
JOIN users USING (name)
ORDER BY first.points DESC;

INSERT INTO scores (user_id, score)
SELECT user_id, sum(points) FROM score_events GROUP BY user_id;

-- The query planner knows the new rows at once.
ANALYZE users, score_events, scores;

"""A stand-in for the scoreboard's program: health, leaderboard, score entry and the event stream, over PostgreSQL and Redis.

The program itself, on Node.js and Prisma, is kept elsewhere. This one has the same variables, paths and log lines, and needs
nothing but Python, so that a test can show that settings, schema and the commands of the pages work together.
`python3 -m standin` serves; `python3 -m standin token NAME` prints a token.
"""

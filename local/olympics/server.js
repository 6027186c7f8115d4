// Stands in for the API of the statistics site: what a visitor asks is read from Redis, else from PostgreSQL and kept in Redis.
//
// It is told by the variables that the instances get (the user data in terraform/stacks/olympics/main.tf), and signs in by
// PGUSER, PGPASSWORD and REDIS_PASSWORD. Its SQL is that of docs/olympics/schema.md, its keys those of redis-keys.md beside it.
// `Cache-Status` (RFC 9211) says whether Redis had everything that an answer is made of.
'use strict'

const express = require('express')
const fs = require('node:fs')
const path = require('node:path')
const { Pool } = require('pg')
const { createClient } = require('@redis/client')

const PAGE = path.join(__dirname, '../../docs/olympics/schema.md')
const QUERY = /^```sql title="Query: ([^"]+)"\nPREPARE \w+(?: \([^)]*\))? AS\n(.*?);\n```$/gms
const SQL = Object.fromEntries([...fs.readFileSync(PAGE, 'utf8').matchAll(QUERY)].map(([, name, text]) => [name, text]))

const MOST = 200
const BY_POINTS = new Set(['figure_skating', 'freestyle', 'ski_jumping', 'snowboard']) // the others are raced: the least time leads

function setting(name) {
  if (!process.env[name]) throw new Error(`${name} is not set; the user data of an instance sets it`)
  return process.env[name]
}

const kept = name => {
  const ms = Math.round(1000 * Number(setting(name)))
  if (!(ms >= 1)) throw new Error(`${name} must be a number of seconds above zero, not ${process.env[name]}`)
  return ms
}
const LEADERBOARD_MS = kept('CACHE_LEADERBOARD_S')
const LIVE_EVENT_MS = kept('CACHE_LIVE_EVENT_S')
const PAST_EVENT_MS = kept('CACHE_PAST_EVENT_S')
const ATHLETE_MS = kept('CACHE_ATHLETE_S')

const replicas = setting('DB_READ_HOSTS').split(',').map(host =>
  new Pool({ host, database: setting('DB_NAME'), max: Math.max(1, Math.floor(setting('DB_POOL_SIZE') / setting('DB_READ_HOSTS').split(',').length)) }))
const redis = createClient({
  socket: { host: setting('REDIS_HOST'), port: Number(process.env.REDIS_PORT || 6379), tls: process.env.REDIS_TLS === 'true' },
  password: process.env.REDIS_PASSWORD
})
redis.on('error', error => console.error(error.message))

let turn = 0
async function query(name, ...values) {
  const found = await replicas[turn++ % replicas.length].query({ name, text: SQL[name], values })
  return found.rows
}

class NotFound extends Error {}

// The medal table, the best country first.
async function medals(limit) {
  const key = 'leaderboard:global_medals'
  const rows = await redis.zRangeWithScores(key, 0, limit - 1, { REV: true })
  if (rows.length) return { hit: true, body: rows.map(({ value, score }) => counts(value, score)) }
  const found = await query('medals', MOST)
  if (!found.length) return { hit: false, body: [] }
  const scored = found.map(row => ({ value: row.country_code, score: 1e6 * row.gold + 1e3 * row.silver + row.bronze }))
  await redis.multi().zAdd(key, scored).pExpire(key, LEADERBOARD_MS).exec()
  return { hit: false, body: scored.slice(0, limit).map(({ value, score }) => counts(value, score)) }
}

function counts(country, score) {
  return { country, gold: Math.floor(score / 1e6), silver: Math.floor(score / 1e3) % 1e3, bronze: score % 1e3 }
}

// The leaderboard of an event, put together of a sorted set and the athletes in it.
async function leaderboard(sport, event, limit) {
  const key = `leaderboard:${sport}:${event}`
  const rows = await redis.zRangeWithScores(key, 0, limit - 1, BY_POINTS.has(sport) ? { REV: true } : {})
  const people = rows.length ? await redis.mGet(rows.map(({ value }) => value)) : []
  if (rows.length && people.every(Boolean)) {
    return { hit: true, body: rows.map(({ score }, place) => ({ rank: place + 1, score: score / 1000, ...JSON.parse(people[place]) })) }
  }
  const [known] = await query('event by name', sport, event)
  if (!known) throw new NotFound(`no event ${event} of ${sport}`)
  const found = (await query('leaderboard', known.id, MOST)).filter(row => row.score !== null)
  const made = found.map(row => ({ rank: row.rank, score: Number(row.score), name: row.name, country: row.country_code }))
  if (found.length) {
    const writes = redis.multi()
      .zAdd(key, found.map(row => ({ value: `athlete:${row.id}`, score: Math.round(1000 * row.score) }))).pExpire(key, LEADERBOARD_MS)
    for (const [place, row] of found.entries()) {
      const { name, country } = made[place]
      writes.set(`athlete:${row.id}`, JSON.stringify({ name, country }), { expiration: { type: 'PX', value: ATHLETE_MS } })
    }
    await writes.exec()
  }
  return { hit: false, body: made.slice(0, limit) }
}

async function event(id) {
  const key = `event:${id}`
  const found = await redis.hGetAll(key)
  if (found.status) return { hit: true, body: { id, ...found } }
  const [row] = await query('event', id)
  if (!row) throw new NotFound(`no event ${id}`)
  const fields = {
    status: row.status, sport: row.sport, name: row.event_name, order: BY_POINTS.has(row.sport) ? 'descending' : 'ascending',
    start_time: row.start_time.toISOString(), updated_at: new Date().toISOString()
  }
  await redis.multi().hSet(key, fields).pExpire(key, row.status === 'completed' ? PAST_EVENT_MS : LIVE_EVENT_MS).exec()
  return { hit: false, body: { id, ...fields } }
}

async function athlete(id) {
  const key = `athlete:${id}`
  const [person, results] = await redis.mGet([key, `${key}:results`])
  if (person && results) return { hit: true, body: { id, ...JSON.parse(person), results: JSON.parse(results) } }
  const [[row], rows] = await Promise.all([query('person', id), query('athlete', id)])
  if (!row) throw new NotFound(`no athlete ${id}`)
  const body = { name: row.name, country: row.country_code }
  const lives = { expiration: { type: 'PX', value: ATHLETE_MS } }
  await redis.multi().set(key, JSON.stringify(body), lives).set(`${key}:results`, JSON.stringify(rows), lives).exec()
  return { hit: false, body: { id, ...body, results: rows } }
}

async function live() {
  const text = await redis.get('events:live')
  if (text) return { hit: true, body: JSON.parse(text) }
  const rows = await query('live')
  await redis.set('events:live', JSON.stringify(rows), { expiration: { type: 'PX', value: LIVE_EVENT_MS } })
  return { hit: false, body: rows }
}

const WORD = /^[a-z0-9_]{1,100}$/
const number = text => {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new NotFound(`no number: ${text.slice(0, 20)}`)
  return Number(text)
}
const word = text => {
  if (!WORD.test(text)) throw new NotFound('a sport or an event is written in small letters, digits and _')
  return text
}
const limit = request => (request.query.limit === undefined ? 25 : Math.min(MOST, number(String(request.query.limit))))

const app = express()
app.disable('x-powered-by')

// Seconds for which the CDN may keep an answer: what Redis may keep at most is older by then.
function answers(address, seconds, made) {
  app.get(address, async (request, response) => {
    const { hit, body } = await made(request)
    response.set({ 'Cache-Control': `public, max-age=${seconds}`, 'Cache-Status': hit ? 'redis; hit' : 'redis; fwd=miss' }).json(body)
  })
}
answers('/api/leaderboards/medals', 10, request => medals(limit(request)))
answers('/api/leaderboards/:sport/:event', 10, request => leaderboard(word(request.params.sport), word(request.params.event), limit(request)))
answers('/api/events', 5, () => live())
answers('/api/events/:id', 5, request => event(number(request.params.id)))
answers('/api/athletes/:id', 30, request => athlete(number(request.params.id)))
app.get('/health', (request, response) => response.send('ok'))
app.use((request, response) => response.status(404).json({ error: 'no such address' }))
app.use((error, request, response, next) => {
  if (response.headersSent) return next(error)
  if (error instanceof NotFound) return response.status(404).json({ error: error.message })
  console.error(error.message)
  response.status(503).set('Retry-After', '5').json({ error: 'not available, try again' })
})

const unknown = ['leaderboard', 'event by name', 'event', 'person', 'athlete', 'live', 'medals'].filter(name => !SQL[name])
if (unknown.length) throw new Error(`${PAGE} has no query ${unknown.join(', ')}`)

redis.connect().then(() => app.listen(Number(setting('PORT')), process.env.HOST || '0.0.0.0'))
process.on('SIGTERM', () => process.exit(0))

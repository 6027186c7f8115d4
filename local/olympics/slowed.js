// Loaded before the stand-in: every request first uses SLOWED_MS of the processor, which a busy neighbour cannot stretch.
'use strict'

const http = require('node:http')
const us = 1000 * Number(process.env.SLOWED_MS)

function used() {
  const { user, system } = process.cpuUsage()
  return user + system
}

const emit = http.Server.prototype.emit
http.Server.prototype.emit = function (name, ...rest) {
  if (name === 'request') {
    const until = used() + us
    while (used() < until);
  }
  return emit.call(this, name, ...rest)
}

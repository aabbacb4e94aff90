import type chinese from '../zh-CN/request-log.ts';

const messages: typeof chinese = {
  title: 'Request log',
  one: 'request',
  at: 'Time',
  request: 'Request',
  status: 'Status',
  duration: 'Duration (ms)',
  atLeast: '{ms} ms or more',
  bytes: 'Bytes answered',
  user: 'User',
  nobody: 'Nobody signed in',
  session: 'Session',
  address: 'IP address',
  agent: 'Client',
  route: 'Route',
  routeFilter: 'Route begins with',
  noRoute: 'No such route',
  requestId: 'Request ID',
  trace: 'Trace ID',
  from: 'From',
  to: 'To',
  details: 'Details',
  classes: { '2xx': 'Succeeded', '3xx': 'Redirected', '4xx': 'Refused', '5xx': 'Failed' },
  off: 'No new requests are stored: set REQUEST_LOG_PERCENT.',
  all: 'All requests to the API are stored, for {days} days.',
  some: '{percent} % of the requests to the API are stored, for {days} days.',
  always: 'Those that fail or take longer than {ms} ms always are.',
};

export default messages;

// ali-oss, the Node SDK, by host name with the bucket in the path and by IP address with the bucket in the Host header.
// Argument: v1 or v4.
'use strict';
const assert = require('assert');
const crypto = require('crypto');
const fs = require('fs');
const http = require('http');
const { Readable } = require('stream');
const OSS = require('ali-oss');

const v4 = process.argv[2] === 'v4';
const port = process.env.OSS_PORT;
const common = {
  region: 'oss-cn-hangzhou',
  accessKeyId: process.env.OSS_KEY,
  accessKeySecret: process.env.OSS_SECRET,
  authorizationV4: v4,
  secure: false,
};

async function refused(code, promise) {
  await assert.rejects(promise, (error) => error.code === code || assert.fail(`${error.code}, not ${code}: ${error}`));
}

function plain(method, url, body, headers) {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, headers }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode, body: Buffer.concat(chunks).toString() }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

async function run(name, options) {
  const client = new OSS({ ...common, ...options });
  await client.putBucket(name);
  client.useBucket(name);
  assert.deepStrictEqual((await client.listBuckets()).buckets.map((b) => b.name), [name]);
  assert.strictEqual((await client.getBucketInfo(name)).bucket.Location, 'oss-cn-hangzhou');
  assert.strictEqual((await client.getBucketACL(name)).acl, 'private');

  const key = 'dir/测试 a+b.raw';
  const put = await client.put(key, Buffer.from('hello world'), { meta: { author: 'foo' }, mime: 'text/x-a' });
  assert.strictEqual(put.res.headers['x-oss-hash-crc64ecma'], '5981764153023615706');
  const got = await client.get(key);
  assert.strictEqual(got.content.toString(), 'hello world');
  assert.strictEqual(got.res.headers['x-oss-meta-author'], 'foo');
  assert.strictEqual((await client.get(key, { headers: { Range: 'bytes=3-7' } })).content.toString(), 'lo wo');
  const head = await client.head(key);
  assert.deepStrictEqual(head.meta, { author: 'foo' });
  await client.putStream('stream', Readable.from([Buffer.from('one'), Buffer.from('two')]));
  assert.strictEqual((await client.get('stream')).content.toString(), 'onetwo');
  await refused('NoSuchKey', client.get('none'));
  await refused('NoSuchKey', client.head('none'));
  await client.copy('copy', key);
  assert.strictEqual((await client.get('copy')).content.toString(), 'hello world');
  await client.putACL('copy', 'public-read');
  assert.strictEqual((await client.getACL('copy')).acl, 'public-read');
  const first = await client.append('log', Buffer.from('hello '));
  await client.append('log', Buffer.from('world'), { position: first.nextAppendPosition });
  assert.strictEqual((await client.get('log')).content.toString(), 'hello world');
  await client.putSymlink('link', key);
  assert.strictEqual((await client.get('link')).content.toString(), 'hello world');

  const data = crypto.randomBytes(1000000);
  fs.writeFileSync('large', data);
  await client.multipartUpload('large', 'large', { partSize: 200 * 1024, parallel: 3 });
  assert.ok((await client.get('large')).content.equals(data));
  const upload = await client.initMultipartUpload('parts');
  await client.uploadPart('parts', upload.uploadId, 1, 'large', 0, 200000);
  assert.strictEqual((await client.listUploads({ 'max-uploads': 10 })).uploads.length, 1);
  // One part is no list to this client.
  assert.strictEqual((await client.listParts('parts', upload.uploadId)).parts.Size, '200000');
  await client.abortMultipartUpload('parts', upload.uploadId);

  for (let n = 0; n < 9; n += 1) await client.put(`many/${n % 3}/${n}`, Buffer.from('x'));
  const one = await client.list({ prefix: 'many/', delimiter: '/', 'max-keys': 2 });
  assert.deepStrictEqual(one.prefixes, ['many/0/', 'many/1/']);
  const two = await client.list({ prefix: 'many/', delimiter: '/', 'max-keys': 2, marker: one.nextMarker });
  assert.deepStrictEqual(two.prefixes, ['many/2/']);
  const three = await client.listV2({ prefix: 'many/', 'max-keys': '5' });
  const four = await client.listV2({ prefix: 'many/', 'continuation-token': three.nextContinuationToken });
  assert.strictEqual(three.objects.length + four.objects.length, 9);

  // Presigned addresses: the client signs them for host names only, and the fourth version leaves out the bucket of a
  // path.
  if (options.endpoint.includes('localhost') && !v4) {
    const get = client.signatureUrl(key, { expires: 60 });
    assert.strictEqual((await plain('GET', get)).body, 'hello world');
    const signed = client.signatureUrl('signed', { expires: 60, method: 'PUT', 'Content-Type': 'a/b' });
    assert.strictEqual((await plain('PUT', signed, 'signed', { 'Content-Type': 'a/b' })).status, 200);
    assert.strictEqual((await client.get('signed')).content.toString(), 'signed');
  }

  await refused('BucketNotEmpty', client.deleteBucket(name));
  const all = (await client.listV2({ 'max-keys': '1000' })).objects.map((o) => o.name);
  assert.strictEqual((await client.deleteMulti(all)).deleted.length, all.length);
  await client.deleteBucket(name);
  await refused('NoSuchBucket', client.getBucketInfo(name));
}

(async () => {
  await run('node-path', { endpoint: `http://localhost:${port}`, sldEnable: true });
  await run('node-host', { endpoint: `http://127.0.0.1:${port}` });
  await run('node-both', { endpoint: `http://127.0.0.1:${port}`, sldEnable: true });
  console.log('all good');
})().catch((error) => {
  console.error(error);
  process.exit(1);
});

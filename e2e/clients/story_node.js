// The story with ali-oss, @alicloud/pop-core (GET and POST) and @alicloud/ecs20140526.
//
// usage: story_node.js NAME DISK OUT
'use strict';
const assert = require('assert');
const OSS = require('ali-oss');
const { RPCClient } = require('@alicloud/pop-core');
const Ecs = require('@alicloud/ecs20140526');
const { Config } = require('@alicloud/openapi-client');

const env = process.env;
const [name, disk, out] = process.argv.slice(2);
const key = { accessKeyId: env.ALIBABA_CLOUD_ACCESS_KEY_ID, accessKeySecret: env.ALIBABA_CLOUD_ACCESS_KEY_SECRET };
const region = env.ALIBABA_CLOUD_REGION_ID;
const bucket = `node-${name}`;

async function until(what, isSo) {
  const deadline = Date.now() + 120000;
  for (;;) {
    const value = await isSo();
    if (value) return value;
    assert(Date.now() < deadline, `${what} did not happen in time`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function main() {
  const oss = new OSS({
    ...key,
    region: `oss-${region}`,
    endpoint: env.OSS_ENDPOINT.replace('127.0.0.1', 'localhost'),
    sldEnable: true,
    authorizationV4: true,
  });
  await oss.putBucket(bucket);
  oss.useBucket(bucket);
  await oss.multipartUpload('disk.img', disk, { partSize: 8 << 20 });

  const rpc = new RPCClient({ ...key, endpoint: `http://${env.ECS_ENDPOINT}`, apiVersion: '2014-05-26' });
  const ram = new RPCClient({ ...key, endpoint: `http://${env.RAM_ENDPOINT}`, apiVersion: '2015-05-01' });
  for (const kind of ['Import', 'Export']) {
    const role = `AliyunECSImage${kind}DefaultRole`;
    const trust = JSON.stringify({
      Version: '1',
      Statement: [{ Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { Service: ['ecs.aliyuncs.com'] } }],
    });
    await ram.request('CreateRole', { RoleName: role, AssumeRolePolicyDocument: trust }, { method: 'POST' })
      .catch((error) => assert.strictEqual(error.code, 'EntityAlreadyExists.Role'));
    const policy = { RoleName: role, PolicyName: `AliyunECSImage${kind}RolePolicy`, PolicyType: 'System' };
    await ram.request('AttachPolicyToRole', policy, { method: 'POST' })
      .catch((error) => assert.strictEqual(error.code, 'EntityAlreadyExists.Role.Policy'));
  }

  const regions = await rpc.request('DescribeRegions', {}, { method: 'GET' });
  assert(regions.Regions.Region.some((one) => one.RegionId === region));
  const imported = await rpc.request('ImportImage', {
    RegionId: region,
    ImageName: name,
    'DiskDeviceMapping.1.OSSBucket': bucket,
    'DiskDeviceMapping.1.OSSObject': 'disk.img',
  }, { method: 'POST' });

  const tea = new Ecs.default(new Config({ ...key, regionId: region, endpoint: env.ECS_ENDPOINT, protocol: 'http' }));
  const attribute = async (taskId) => {
    const request = new Ecs.DescribeTaskAttributeRequest({ regionId: region, taskId });
    const { body } = await tea.describeTaskAttribute(request);
    assert(['Processing', 'Finished'].includes(body.taskStatus), JSON.stringify(body));
    return body.taskStatus === 'Finished' && body;
  };
  await until('the import', () => attribute(imported.TaskId));
  const found = await tea.describeImages(new Ecs.DescribeImagesRequest({ regionId: region, imageId: imported.ImageId }));
  assert.strictEqual(found.body.images.image[0].usable, true);
  const listed = await rpc.request('DescribeImages', { RegionId: region, ImageName: name }, { method: 'GET' });
  assert.strictEqual(listed.TotalCount, 1);

  const exported = await tea.exportImage(new Ecs.ExportImageRequest({
    regionId: region, imageId: imported.ImageId, OSSBucket: bucket, imageFormat: 'raw',
  }));
  await until('the export', () => attribute(exported.body.taskId));
  const object = `${imported.ImageId}_system.raw.tar.gz`;
  await oss.get(object, out);
  await tea.deleteImage(new Ecs.DeleteImageRequest({ regionId: region, imageId: 'm-nothing' }))
    .then(() => assert.fail('deleted'), (error) => assert.strictEqual(error.code, 'InvalidImageId.NotFound'));
  await oss.deleteMulti([object, 'disk.img']);
  await oss.deleteBucket(bucket);
  console.log(imported.ImageId);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});

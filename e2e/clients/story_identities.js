// The stories of sharing and of attributes by a RAM user and by an assumed role, with @alicloud/pop-core and
// @alicloud/ecs20140526.
//
// usage: story_identities.js WHAT OTHER_ACCOUNT OTHER_KEY OTHER_SECRET
// WHAT is what story_identities.py printed.
'use strict';
const assert = require('assert');
const { RPCClient } = require('@alicloud/pop-core');
const Ecs = require('@alicloud/ecs20140526');
const { Config } = require('@alicloud/openapi-client');

const [what, otherAccount, otherKey, otherSecret] = process.argv.slice(2);
const { image, user, role } = JSON.parse(what);
const region = process.env.ALIBABA_CLOUD_REGION_ID;
const endpoint = process.env.ECS_ENDPOINT;

const keyOf = ([accessKeyId, accessKeySecret, securityToken]) => ({ accessKeyId, accessKeySecret, securityToken });
const tea = (key) => new Ecs.default(new Config({ ...keyOf(key), regionId: region, endpoint, protocol: 'http' }));
const pop = (key) => new RPCClient({ ...keyOf(key), endpoint: `http://${endpoint}`, apiVersion: '2014-05-26' });
const reader = tea([otherKey, otherSecret]);

async function refusal(call) {
  try {
    await call;
  } catch (error) {
    return error;
  }
  return assert.fail('the call succeeded');
}

async function seenBy(client) {
  const { body } = await client.describeImages(new Ecs.DescribeImagesRequest({ regionId: region, imageId: image }));
  return body.images.image[0];
}

async function withTea(key, kind) {
  const client = tea(key);
  const attribute = (change) => client.modifyImageAttribute(
    new Ecs.ModifyImageAttributeRequest({ regionId: region, imageId: image, ...change }));
  const sharing = (change) => client.modifyImageSharePermission(
    new Ecs.ModifyImageSharePermissionRequest({ regionId: region, imageId: image, ...change }));
  await attribute({ description: `typed by ${kind}` });
  assert.strictEqual((await seenBy(client)).description, `typed by ${kind}`);
  assert.strictEqual(await seenBy(reader), undefined);
  await sharing({ addAccount: [otherAccount] });
  assert.strictEqual((await seenBy(reader)).imageOwnerAlias, 'others');
  assert.strictEqual((await refusal(attribute({ status: 'Deprecated' }))).code, 'ImageUseShared');
  await sharing({ removeAccount: [otherAccount] });
  assert.strictEqual(await seenBy(reader), undefined);

  const error = await refusal(client.deleteImage(new Ecs.DeleteImageRequest({ regionId: region, imageId: image })));
  assert.deepStrictEqual([error.code, error.statusCode], ['Forbidden.RAM', 403]);
  const { AuthAction, AuthPrincipalType, NoPermissionType } = error.accessDeniedDetail;
  assert.deepStrictEqual([AuthAction, AuthPrincipalType, NoPermissionType], ['ecs:DeleteImage', kind, 'ImplicitDeny']);
}

async function withPop(key, kind) {
  const client = pop(key);
  const call = (action, params) =>
    client.request(action, { RegionId: region, ImageId: image, ...params }, { method: 'POST' });
  await call('ModifyImageAttribute', { Description: 'popped' });
  assert.strictEqual((await call('DescribeImages', {})).Images.Image[0].Description, 'popped');
  await call('ModifyImageSharePermission', { 'AddAccount.1': otherAccount });
  assert.strictEqual((await call('DescribeImageSharePermission', {})).TotalCount, 1);
  await call('ModifyImageSharePermission', { 'RemoveAccount.1': otherAccount });
  const error = await refusal(call('DeleteImage', {}));
  assert.strictEqual(error.code, 'Forbidden.RAM');
  const { AuthAction, AuthPrincipalType } = error.data.AccessDeniedDetail;
  assert.deepStrictEqual([AuthAction, AuthPrincipalType], ['ecs:DeleteImage', kind]);
}

async function main() {
  for (const [key, kind] of [[user, 'SubUser'], [role, 'AssumedRoleUser']]) {
    await withTea(key, kind);
    await withPop(key, kind);
  }
  const stale = await refusal(pop([...role.slice(0, 2), 'no token']).request('DescribeImages', { RegionId: region }));
  assert.strictEqual(stale.code, 'InvalidSecurityToken.Malformed');
  console.log(image);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});

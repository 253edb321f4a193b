// SPDX-License-Identifier: MIT
// Messages of the AWS Encryption SDK itself, for objlens to open: every suite, frame lengths, contexts.
import { createRequire } from 'node:module'
import crypto from 'node:crypto'

const sdk = createRequire(import.meta.url)('@aws-crypto/client-node')
const committing = [0x478, 0x578]
const suites = Object.values(sdk.AlgorithmSuiteIdentifier).filter((id) => typeof id === 'number')
const master = new Uint8Array(new ArrayBuffer(32))
crypto.randomFillSync(master)
const material = Buffer.from(master).toString('base64') // the keyring takes the bytes away
const pair = crypto.generateKeyPairSync('rsa', {
  modulusLength: 3072,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})
const rsa = (oaepHash) => new sdk.RawRsaKeyringNode({
  keyName: 'r1', keyNamespace: 'ns', rsaKey: pair, oaepHash,
  padding: crypto.constants.RSA_PKCS1_OAEP_PADDING,
})
const keyrings = {
  aes: new sdk.RawAesKeyringNode({
    keyName: 'k1', keyNamespace: 'ns', unencryptedMasterKey: master,
    wrappingSuite: sdk.RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
  }),
  'rsa-sha1': rsa('sha1'), 'rsa-sha256': rsa('sha256'), 'rsa-sha512': rsa('sha512'),
}

async function message(suiteId, keyring, size, frameLength, encryptionContext) {
  const policy = committing.includes(suiteId)
    ? sdk.CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT
    : sdk.CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT
  const plain = crypto.randomBytes(size)
  const { result } = await sdk.buildEncrypt(policy).encrypt(keyrings[keyring], plain,
    { suiteId, frameLength, encryptionContext })
  return {
    name: `${suiteId.toString(16)}-${keyring}-${size}-${frameLength ?? 'default'}`,
    suite: suiteId, signed: Boolean(suiteId === 0x578 || (suiteId & 0xf00) >= 0x200 && suiteId < 0x400),
    body: Buffer.from(result).toString('base64'), plain: plain.toString('base64'),
  }
}

const messages = []
for (const suite of suites) {
  for (const size of [0, 1, 4095, 4096, 4097, 150000])
    for (const frame of [undefined, 100, 65536, 100000])
      messages.push(await message(suite, 'aes', size, frame, size % 2 ? { team: 'blue', b: 'ü' } : {}))
  for (const keyring of Object.keys(keyrings))
    messages.push(await message(suite, keyring, 5000, undefined, { team: 'blue' }))
}
console.log(JSON.stringify({
  keys: [{ type: 'aes', id: 'k1', namespace: 'ns', material },
    { type: 'rsa', id: 'r1', namespace: 'ns', material: pair.privateKey }],
  messages,
}))
